from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from dnnexp.evaluation.best_of_n import expected_best

SCORES = np.array([0.71, 0.90, 0.65, 0.90, 0.83, 0.77])
SECONDS = np.array([1.0, 2.0, 3.0, 2.0, 2.0, 2.0])


def of_all_sets(scores: np.ndarray, n: int, best: object = max) -> np.ndarray:
    return np.array([best(chosen) for chosen in combinations(scores, n)])  # type: ignore[operator]


def test_it_is_the_mean_best_over_all_sets_of_n_trials():
    curve = expected_best(SCORES, SECONDS)
    for n in range(1, 7):
        bests = of_all_sets(SCORES, n)
        assert curve.mean[n - 1] == pytest.approx(bests.mean(), abs=1e-12)
        assert curve.sd[n - 1] == pytest.approx(bests.std(), abs=1e-12)
    assert curve.n.tolist() == [1, 2, 3, 4, 5, 6]


def test_where_less_is_better_it_is_the_mean_lowest():
    curve = expected_best(SCORES, SECONDS, greater_is_better=False)
    assert curve.mean == pytest.approx([of_all_sets(SCORES, n, min).mean() for n in range(1, 7)])


def test_the_standard_error_is_the_jackknifes_over_the_trials():
    curve = expected_best(SCORES, SECONDS)
    for n in range(1, 4):
        left_out = np.array([of_all_sets(np.delete(SCORES, j), n).mean() for j in range(6)])
        expected = np.sqrt(5 / 6 * ((left_out - left_out.mean()) ** 2).sum())
        assert curve.standard_error[n - 1] == pytest.approx(expected, abs=1e-9)
    assert np.isnan(curve.standard_error[3:]).all()  # of more than half of the trials it would be too small
    assert curve.standard_error[0] == pytest.approx(SCORES.std(ddof=1) / np.sqrt(6))  # n = 1: the mean's own


def test_it_is_unbiased_and_its_standard_error_is_its_spread():
    # best of 5 uniform numbers: 5/6 expected; estimates from 40 trials scatter about it by what they claim
    rng = np.random.default_rng(0)
    curves = [expected_best(rng.random(40), np.ones(40)) for _ in range(400)]
    estimates = np.array([curve.mean[4] for curve in curves])
    assert estimates.mean() == pytest.approx(5 / 6, abs=4 * estimates.std() / 20)
    assert np.mean([curve.standard_error[4] for curve in curves]) == pytest.approx(estimates.std(), rel=0.15)


@pytest.mark.parametrize("draw", [np.random.Generator.random, np.random.Generator.normal])
@pytest.mark.parametrize("trials", [8, 20])
def test_one_standard_error_either_way_holds_the_truth_about_two_times_in_three_wherever_it_is_said(draw, trials: int):
    rng = np.random.default_rng(1)
    truth = [draw(rng, size=(100_000, n)).max(axis=1).mean() for n in range(1, trials // 2 + 1)]
    curves = [expected_best(draw(rng, size=trials), np.ones(trials)) for _ in range(600)]
    known = ~np.isnan(curves[0].standard_error)
    assert known.sum() == trials // 2
    off = np.array([curve.mean[known] - truth for curve in curves])
    errors = np.array([curve.standard_error[known] for curve in curves])
    assert np.all(np.mean(np.abs(off) <= errors, axis=0) == pytest.approx(0.65, abs=0.09))


def test_trials_without_a_score_cost_their_time_and_count_as_the_worst():
    curve = expected_best([0.8, np.nan, 0.6, np.nan], [1, 5, 1, 5])
    assert curve.mean == pytest.approx(expected_best([0.8, 0.6, 0.6, 0.6], [3, 3, 3, 3]).mean)
    assert curve.seconds.tolist() == [3, 6, 9, 12]
    less = expected_best([0.8, np.nan], [1, 1], greater_is_better=False)
    assert less.mean.tolist() == [0.8, 0.8]


def test_a_thousand_trials_lose_no_digits():
    curve = expected_best(np.arange(1, 1001), np.ones(1000))
    n = np.arange(1, 1001)
    assert curve.mean == pytest.approx(n * 1001 / (n + 1), rel=1e-10)  # the expected maximum of n of 1 … N
    assert curve.sd[999] == pytest.approx(0, abs=1e-6)


def test_what_says_nothing_is_refused():
    with pytest.raises(ValueError, match="2 scores and 1 seconds"):
        expected_best([1, 2], [1])
    with pytest.raises(ValueError, match="at least one trial with a score"):
        expected_best([np.nan], [1])
