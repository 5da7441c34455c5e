from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from dnnexp.evaluation.superiority import noether_runs, superiority


def paired(wins: int, ties: int, losses: int) -> tuple[np.ndarray, np.ndarray]:
    d = np.repeat([1.0, 0.0, -1.0], [wins, ties, losses])
    return 5 + d, np.full(len(d), 5.0)


def test_ties_count_half():
    found = superiority([0.9, 0.8, 0.7, 0.6], [0.8, 0.8, 0.8, 0.5])
    assert (found.wins, found.ties, found.losses) == (2, 1, 1)
    assert found.probability.estimate == 2.5 / 4


@pytest.mark.parametrize(("wins", "ties", "losses"), [(14, 0, 6), (9, 4, 2), (1, 18, 1), (3, 0, 2), (27, 1, 1)])
def test_the_interval_is_that_of_very_many_resamples(wins: int, ties: int, losses: int):
    a, b = paired(wins, ties, losses)
    outcomes = np.sign(a - b) / 2 + 0.5
    resample = stats.bootstrap((outcomes,), np.mean, n_resamples=200_000, method="percentile", batch=20_000,
                               rng=np.random.default_rng(0))  # fmt: skip
    found = superiority(a, b).probability
    step = 1 / (2 * len(a))
    # the limits lie on a grid of that step: of the resamples' distribution the share beyond each is at most alpha / 2
    values = resample.bootstrap_distribution
    assert np.mean(values < found.low - step / 2) <= 0.025 + 2e-3 <= np.mean(values < found.low + step / 2) + 4e-3
    assert np.mean(values > found.high + step / 2) <= 0.025 + 2e-3 <= np.mean(values > found.high - step / 2) + 4e-3
    assert found.low == pytest.approx(resample.confidence_interval.low, abs=step)
    assert found.high == pytest.approx(resample.confidence_interval.high, abs=step)
    assert found.standard_error == pytest.approx(resample.standard_error, rel=0.01)


def test_swapping_a_and_b_turns_the_probability_round():
    a, b = paired(12, 3, 5)
    one, other = superiority(a, b).probability, superiority(b, a).probability
    assert (other.estimate, other.low, other.high) == pytest.approx((1 - one.estimate, 1 - one.high, 1 - one.low))


@pytest.mark.parametrize("runs", [1, 3, 20])
def test_runs_that_all_agree_allow_what_the_exact_binomial_interval_allows(runs: int):
    exact = stats.binomtest(runs, runs).proportion_ci(0.95, method="exact")
    won, lost = superiority(*paired(runs, 0, 0)).probability, superiority(*paired(0, 0, runs)).probability
    assert (won.low, won.high) == pytest.approx((exact.low, 1))
    assert (lost.low, lost.high) == pytest.approx((0, 1 - exact.low))
    tied = superiority(*paired(0, runs, 0))
    assert (tied.probability.low + tied.probability.high) / 2 == pytest.approx(0.5)
    assert not tied.is_distinguishable


def test_three_seeds_never_show_anything():
    assert not superiority([0.9, 0.9, 0.9], [0.1, 0.2, 0.3]).is_distinguishable
    assert superiority([0.9] * 20, [0.1] * 20).is_distinguishable


def test_noether_asks_for_29_runs_as_bouthillier_and_others_print():
    assert noether_runs() == 29
    # figure C.1 there: the runs grow beyond bounds towards one half, and are few where a wins nearly always
    assert noether_runs(0.7) == 46
    assert noether_runs(0.9) == 12
    assert noether_runs(0.25) == noether_runs(0.75)
    with pytest.raises(ValueError, match="other than 1/2"):
        noether_runs(0.5)


def test_noethers_runs_find_a_true_three_quarters_about_as_often_as_promised():
    # two-sample Mann-Whitney test of 29 a side, one-sided at 5 %, normal scores apart by sqrt(2) z(.75): power .95
    rng = np.random.default_rng(0)
    shift = np.sqrt(2) * stats.norm.ppf(0.75)
    a, b = rng.normal(shift, 1, (400, 29)), rng.normal(0, 1, (400, 29))
    found = stats.mannwhitneyu(a, b, axis=1, alternative="greater", method="asymptotic").pvalue < 0.05
    assert found.mean() == pytest.approx(0.95, abs=0.03)


def test_scores_that_cannot_be_paired_are_refused():
    with pytest.raises(ValueError, match="got 2 and 3"):
        superiority([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="got 0 and 0"):
        superiority([], [])
