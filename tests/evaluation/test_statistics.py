from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from dnnexp.evaluation.statistics import (
    corrected_interval,
    corrected_standard_error,
    error_metric,
    one_standard_error,
    optimism,
    paired_gain,
    repeats_needed,
    smallest_detectable,
)
from dnnexp.evaluation.superiority import superiority


def test_a_hand_worked_standard_error():
    # sd of (.8, .9, 1.0) is .1; 1/3 + 20/60 = 2/3; .1 sqrt(2/3) = .0816497
    assert corrected_standard_error([0.8, 0.9, 1.0], n_train=60, n_score=20) == pytest.approx(0.0816496580927726)


def test_the_correction_turns_the_published_t_of_scikit_learns_example_into_its_published_corrected_t():
    # scikit-learn 1.7, "Statistical comparison of models using grid search": 10 folds x 10 repeats, the naive test
    # gives t = 2.611, p = 0.005; the corrected test gives t = 0.750, p = 0.227 (one-sided).
    d = np.random.default_rng(0).normal(size=100)
    d = (d - d.mean()) / d.std(ddof=1) + 0.2611
    assert stats.ttest_1samp(d, 0).statistic == pytest.approx(2.611, abs=5e-4)
    gain = paired_gain(d, np.zeros(100), n_train=9, n_score=1)
    t = gain.estimate / gain.standard_error
    assert t == pytest.approx(0.750, abs=5e-4)
    assert stats.t.sf(t, 99) == pytest.approx(0.227, abs=1e-3)


@pytest.mark.parametrize(("folds", "repeats", "detectable"), [(5, 2, 1.34), (5, 5, 1.11), (10, 2, 0.84)])
def test_the_smallest_detectable_difference_is_the_tabulated_multiple_of_the_standard_deviation(
    folds: int, repeats: int, detectable: float
):
    d = np.random.default_rng(1).normal(size=folds * repeats)
    interval = corrected_interval(d / d.std(ddof=1), n_train=folds - 1, n_score=1)
    assert interval.high - interval.estimate == pytest.approx(detectable, abs=0.006)


def test_the_interval_is_that_of_the_resampled_t_test():
    # correctR::resampled_ttest: t = mean(d) / sqrt(var(d) (1/n + n2/n1)) on n - 1 degrees of freedom, its p-value
    # is 1 - confidence exactly where a limit of the interval touches zero.
    rng = np.random.default_rng(2)
    a, b = rng.normal(0.8, 0.05, 15), rng.normal(0.75, 0.05, 15)
    t = (a.mean() - b.mean()) / math.sqrt(np.var(a - b, ddof=1) * (1 / 15 + 30 / 120))
    p = 2 * stats.t.sf(abs(t), 14)
    assert paired_gain(a, b, n_train=120, n_score=30, confidence=1 - p).low == pytest.approx(0, abs=1e-12)


def test_swapping_a_and_b_mirrors_the_gain():
    a, b = [0.9, 0.8, 0.85], [0.7, 0.75, 0.9]
    gain, loss = paired_gain(a, b, 80, 20), paired_gain(b, a, 80, 20)
    assert (gain.estimate, gain.low, gain.high) == pytest.approx((-loss.estimate, -loss.high, -loss.low))


def test_corrected_intervals_of_cross_validated_means_reject_a_true_null_about_as_often_as_they_say():
    # Two rules that guess by the same coin on the same rows: any difference is luck. The naive interval is far off.
    rng = np.random.default_rng(3)
    rejected = naive = 0
    for _ in range(300):
        a, b = rng.random((2, 100)) < 0.7  # correct or not, on 100 rows, by rules that need no training
        orders = [rng.permutation(100).reshape(5, 20) for _ in range(10)]
        d = np.array([a[fold].mean() - b[fold].mean() for order in orders for fold in order])
        rejected += corrected_interval(d, n_train=80, n_score=20).excludes_zero
        naive += stats.ttest_1samp(d, 0).pvalue < 0.05
    assert rejected <= 0.08 * 300
    assert naive >= 0.3 * 300


def test_one_score_has_no_standard_error_and_no_limits():
    interval = corrected_interval([0.9], n_train=80, n_score=20)
    assert math.isnan(interval.standard_error)
    assert (interval.low, interval.high, interval.excludes_zero) == (-math.inf, math.inf, False)


def test_a_standard_error_is_recorded_where_it_is_known():
    assert error_metric("m", [0.8, 0.9, 0.7], 80, 20) == {"score/m_se": pytest.approx(0.1 * math.sqrt(1 / 3 + 1 / 4))}
    for unknown in ([], [0.8], [0.8, math.nan]):
        assert error_metric("m", unknown, 80, 20) == {}


def test_scores_of_different_folds_are_not_paired():
    with pytest.raises(ValueError, match="same folds and seeds, got 2 and 3"):
        paired_gain([0.1, 0.2], [0.1, 0.2, 0.3], 80, 20)


FOLDS = np.array([0.10, -0.05, 0.0, -0.15, 0.10])  # easy and hard folds: the same for every candidate


@pytest.mark.parametrize("compared", [lambda a, b: paired_gain(a, b, 80, 20), superiority])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_scores_that_are_not_finite_are_not_compared(compared: Callable[..., object], value: float):
    with pytest.raises(ValueError, match=rf"need finite values, got {value} for score 2 of 3 of the second"):
        compared([0.1, 0.2, 0.3], [0.1, value, 0.3])


def test_the_choice_is_the_cheapest_within_one_paired_standard_error_of_the_best():
    # differences to the best: mean .002 and .004, sd .004, so one standard error is .004 sqrt(1/5 + 1/4) = .0027
    wobble = 0.002 * np.array([3, 1, -1, -1, 3])
    scores = [0.8 + FOLDS, 0.8 + FOLDS - 0.002 - (wobble - 0.002), 0.8 + FOLDS - 0.004 - (wobble - 0.002)]
    assert one_standard_error(scores, costs=[3, 2, 1], n_train=80, n_score=20) == 1


def test_how_much_folds_differ_does_not_excuse_a_worse_network():
    assert one_standard_error([0.80 + FOLDS, 0.79 + FOLDS], costs=[2, 1], n_train=80, n_score=20) == 0


def test_erratic_scores_do_not_excuse_a_worse_network():
    erratic = 0.7 + 3 * FOLDS[::-1]
    assert one_standard_error([0.8 + 0.1 * FOLDS, erratic], costs=[2, 1], n_train=80, n_score=20) == 0


def test_without_a_standard_error_the_choice_is_the_best():
    assert one_standard_error([[0.90], [0.96], [0.95]], costs=[1, 3, 2], n_train=80, n_score=20) == 1
    # of equals the cheaper
    assert one_standard_error([[0.96], [0.96], [0.95]], costs=[3, 2, 1], n_train=80, n_score=20) == 1


def test_equal_costs_are_decided_by_the_higher_mean():
    scores = [0.80 + FOLDS, 0.81 + FOLDS, 0.81 + FOLDS]
    assert one_standard_error(scores, costs=[1, 1, 1], n_train=80, n_score=20) == 1


def test_a_perfect_best_does_not_rule_out_what_cannot_be_told_from_it():
    perfect, nearly, poor = [1.0] * 5, [1.0, 1.0, 0.96, 1.0, 1.0], [0.9, 0.92, 0.91, 0.89, 0.9]
    assert one_standard_error([nearly, perfect], [1, 2], 100, 25) == 0
    assert one_standard_error([poor, perfect], [1, 2], 100, 25) == 1


@pytest.mark.parametrize("score", [1.0, 0.95, 0.9, 29 / 30, 341 / 359, 1e-3])
def test_a_score_that_is_the_same_on_every_fold_does_not_deviate_whatever_its_bits(score: float):
    same = np.full(20, score)
    assert corrected_standard_error(same, 90, 10) == 0
    nearly = same.copy()
    nearly[[3, 9]] -= score / 20
    assert one_standard_error([same, nearly], [2, 1], 90, 10) == 1
    assert corrected_standard_error([score, score * (1 + 1e-12)], 90, 10) > 0


@pytest.mark.parametrize(("folds", "repeats", "detectable"), [(5, 2, 1.34), (5, 5, 1.11), (10, 2, 0.84)])
def test_the_smallest_detectable_difference_is_the_tabulated_one(folds: int, repeats: int, detectable: float):
    assert smallest_detectable(folds * repeats, folds - 1, 1) == pytest.approx(detectable, abs=0.006)
    assert math.isinf(smallest_detectable(1, 4, 1))


def with_mean(mean: float, size: int = 20) -> np.ndarray:
    """Return differences of sd 1 and that mean."""
    d = np.random.default_rng(0).normal(size=size)
    return (d - d.mean()) / d.std(ddof=1) + mean


@pytest.mark.parametrize("mean", [0.7, 0.75, 0.9, 1.2, 5.0])
def test_the_repeats_needed_are_the_fewest_whose_interval_excludes_zero(mean: float):
    needed = repeats_needed(with_mean(mean), folds=10, n_train=90, n_score=10)
    assert needed is not None

    def tells(repeats: int) -> bool:
        margin = stats.t.ppf(0.975, 10 * repeats - 1) * math.sqrt(1 / (10 * repeats) + 1 / 9)
        return margin < mean

    assert tells(needed)
    assert needed == 1 or not tells(needed - 1)


def test_no_number_of_repeats_tells_what_is_smaller_than_what_folds_have_in_common():
    # 1.96 / sqrt(9) = .653
    assert repeats_needed(with_mean(0.65), 10, 90, 10) is None
    assert repeats_needed(with_mean(-0.66), 10, 90, 10) is not None
    assert repeats_needed(with_mean(0.0) * 0, 10, 90, 10) is None
    assert repeats_needed([0.3], 1, 80, 20) is None


def test_a_difference_that_never_varies_needs_one_repeat():
    assert repeats_needed([0.1, 0.1, 0.1, 0.1, 0.1], 5, 80, 20) == 1


def test_optimism_without_rows_in_common_is_welchs_interval():
    rng = np.random.default_rng(4)
    screened, rescored = rng.normal(0.97, 0.02, 5), rng.normal(0.95, 0.01, 20)
    welch = stats.ttest_ind(screened, rescored, equal_var=False)
    limits = welch.confidence_interval(0.95)
    found = optimism(screened, rescored, (100, 0), (100, 0))
    assert found.estimate == pytest.approx(screened.mean() - rescored.mean())
    assert (found.low, found.high) == pytest.approx((limits.low, limits.high))
    wider = optimism(screened, rescored, (80, 20), (90, 10))
    by_hand = math.sqrt(screened.var(ddof=1) * (1 / 5 + 1 / 4) + rescored.var(ddof=1) * (1 / 20 + 1 / 9))
    assert wider.standard_error == pytest.approx(by_hand)


def test_the_best_of_many_equal_configurations_is_seen_to_have_been_lucky():
    # 30 configurations of one truth, sd of a screening mean .02 / sqrt(5): the best looks 2.04 such sd too good
    rng = np.random.default_rng(6)
    found = []
    for _ in range(200):
        screened = rng.normal(0.9, 0.02, (30, 5))
        winner = screened[screened.mean(axis=1).argmax()]
        found.append(optimism(winner, rng.normal(0.9, 0.02, 20), (80, 20), (90, 10)).estimate)
    assert np.mean(found) == pytest.approx(2.04 * 0.02 / math.sqrt(5), rel=0.06)


def test_one_score_says_nothing_about_the_uncertainty_of_an_optimism():
    found = optimism([0.9], [0.8], (80, 20), (80, 20))
    assert (found.estimate, found.low, found.high) == (pytest.approx(0.1), -math.inf, math.inf)
    same = optimism([0.9, 0.9], [0.8, 0.8], (80, 20), (80, 20))
    assert (same.low, same.high) == pytest.approx((0.1, 0.1))
