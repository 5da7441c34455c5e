from __future__ import annotations

from itertools import pairwise

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


@pytest.mark.parametrize(("wins", "losses"), [(14, 6), (19, 1), (20, 0), (0, 20), (3, 2), (1, 0), (250, 250)])
def test_without_ties_the_interval_is_the_exact_binomial_one(wins: int, losses: int):
    found = superiority(*paired(wins, 0, losses)).probability
    exact = stats.binomtest(wins, wins + losses).proportion_ci(0.95, method="exact")
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high))


def test_one_more_win_never_lowers_the_limits():
    limits = [superiority(*paired(wins, 0, 20 - wins)).probability for wins in range(21)]
    assert all(a.low <= b.low and a.high <= b.high for a, b in pairwise(limits))
    halves = [
        superiority(*paired(wins, ties, 20 - wins - ties)).probability for wins, ties in ((18, 2), (19, 0), (19, 1))
    ]
    assert [found.low for found in halves] == sorted(found.low for found in halves)


@pytest.mark.parametrize("runs", [3, 10, 20])
@pytest.mark.parametrize("tied", [0.0, 0.1, 0.5, 0.9])
def test_of_independent_runs_it_holds_the_truth_95_times_in_100_whatever_the_share_of_ties(runs: int, tied: float):
    found = {
        (wins, ties): superiority(*paired(wins, ties, runs - wins - ties)).probability
        for wins in range(runs + 1)
        for ties in range(runs + 1 - wins)
    }
    for won in np.linspace(0, 1 - tied, 21):
        truth = won + tied / 2
        chances = [won, tied, 1 - won - tied]
        holds = [key for key, limits in found.items() if limits.low - 1e-12 <= truth <= limits.high + 1e-12]
        counts = [(wins, ties, runs - wins - ties) for wins, ties in holds]
        assert stats.multinomial.pmf(counts, runs, np.abs(chances)).sum() >= 0.95 - 1e-9


def test_the_standard_error_is_that_of_the_mean_outcome():
    outcomes = np.repeat([1.0, 0.5, 0.0], [9, 4, 2])
    assert superiority(*paired(9, 4, 2)).probability.standard_error == pytest.approx(outcomes.std() / np.sqrt(15))


def test_swapping_a_and_b_turns_the_probability_round():
    a, b = paired(12, 3, 5)
    one, other = superiority(a, b).probability, superiority(b, a).probability
    assert (other.estimate, other.low, other.high) == pytest.approx((1 - one.estimate, 1 - one.high, 1 - one.low))


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
