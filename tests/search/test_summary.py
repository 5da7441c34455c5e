from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from trial_records import WOBBLE, depth_of, record

from dnnexp.search.summary import best_of, choose, summarize


def test_a_depth_says_its_best_score_its_gain_and_what_became_of_its_trials():
    first = summarize(1, depth_of(1, 0.8), depth_of(1, 0.8), [], 0.0)
    trials = [record(2, 0, 0.83), record(2, 1, None, state="diverged"), record(2, 2, None, state="pruned")]
    trials = [replace(trial, seconds=2.0) for trial in trials]
    second = summarize(2, trials, trials[:1], [first], 0.0)
    assert (first.score, first.gain, first.has_gained, first.compared_depth) == (0.8, None, True, None)
    assert (second.complete, second.diverged, second.pruned, second.trials, second.seconds) == (1, 1, 1, 3, 6.0)
    assert second.compared_depth == 1
    assert second.gain is not None
    assert second.gain.estimate == pytest.approx(0.03)
    # the pair differs by the wobble of two trials, -1 and +1 times WOBBLE; sd of WOBBLE is .001
    assert second.gain.standard_error == pytest.approx(2 * np.std(WOBBLE, ddof=1) * np.sqrt(1 / 5 + 20 / 80))
    assert second.has_gained
    assert second.gain.excludes_zero
    assert not second.is_untrainable


def test_a_gain_is_over_the_best_depth_so_far_not_over_the_one_before():
    summaries = []
    for depth, score in ((1, 0.8), (2, 0.7), (3, 0.75)):
        trials = depth_of(depth, score)
        summaries.append(summarize(depth, trials, trials, summaries, 0.0))
    assert [s.compared_depth for s in summaries] == [None, 1, 1]
    assert [s.has_gained for s in summaries] == [True, False, False]


def test_one_score_without_a_standard_error_gains_by_min_gain_alone_and_is_never_distinguishable():
    def holdout(depth: int, score: float) -> list:
        return [replace(record(depth, 0, score), scores=(score,))]

    first = summarize(1, holdout(1, 0.80), holdout(1, 0.80), [], 0.01)
    second = summarize(2, holdout(2, 0.82), holdout(2, 0.82), [first], 0.01)
    assert second.has_gained
    assert second.gain is not None
    assert not second.gain.excludes_zero
    assert not summarize(2, holdout(2, 0.805), holdout(2, 0.805), [first], 0.01).has_gained


def test_among_equal_scores_the_smallest_network_is_the_best():
    a, b = replace(record(1, 0), parameters=50), replace(record(1, 3), parameters=40)
    assert best_of([a, b]) == b
    assert best_of([record(1, 0, None, state="diverged")]) is None


def test_the_choice_is_the_shallowest_then_the_smallest_within_one_standard_error():
    best = record(3, 1, 0.8003)
    trials = [record(1, 0, 0.79), replace(record(2, 0, 0.8), parameters=900), record(2, 3, 0.8), best]
    assert choose(trials) == trials[2]
    assert choose([trials[0], best]) == best


def test_no_completed_trial_is_no_choice():
    assert choose([record(1, 0, None, state="diverged")]) is None
