from __future__ import annotations

from dataclasses import replace

import pytest
from trial_records import record

from dnnexp.search.pruning import PRUNERS_BY_NAME, RUNGS, Rule, earlier_rungs
from dnnexp.search.schema import PRUNERS

EARLIER = [{1: 0.1, 4: score, 8: score + 0.1} for score in (0.5, 0.6, 0.7, 0.8)]  # median at epoch 4: .65
median, third = PRUNERS_BY_NAME["median"], PRUNERS_BY_NAME["third"]


def test_a_trial_below_the_median_of_its_epoch_is_ended_and_one_at_it_is_not():
    assert median(4, 0.64, EARLIER)
    assert not median(4, 0.65, EARLIER)
    assert median(8, 0.74, EARLIER)
    assert not median(8, 0.76, EARLIER)


def test_a_trial_not_among_the_best_third_of_its_epoch_rounded_up_is_ended():
    assert third(4, 0.69, EARLIER)  # of four the best two
    assert not third(4, 0.7, EARLIER)
    assert third(8, 0.79, [*EARLIER, EARLIER[0], EARLIER[1]])  # of six the best two
    assert not third(8, 0.81, [*EARLIER, EARLIER[0], EARLIER[1]])


@pytest.mark.parametrize("rule", [median, third])
def test_nothing_is_ended_in_the_first_epochs_or_beside_few_others(rule: Rule):
    assert not rule(3, 0.0, EARLIER)
    assert not rule(8, 0.0, EARLIER[:3])
    assert not rule(8, 0.0, [])


def test_a_trial_that_stopped_by_itself_counts_with_its_last_score():
    stopped = [{1: 0.2, 4: 0.9}] * 3
    assert median(8, 0.85, [*stopped, {1: 0.1, 4: 0.2, 8: 0.3}])
    assert not median(8, 0.91, [*stopped, {1: 0.1, 4: 0.2, 8: 0.3}])


def test_only_complete_trials_are_compared_with_and_less_is_turned_round():
    rungs = ((1, 0.9), (4, 0.4))
    trials = [record(1, 0, rungs=rungs), record(1, 1, None, state="pruned", rungs=rungs), record(1, 2)]
    assert earlier_rungs(trials, greater_is_better=True) == [{1: 0.9, 4: 0.4}]
    assert earlier_rungs([replace(trials[0], greater_is_better=False)], greater_is_better=False) == [{1: -0.9, 4: -0.4}]


@pytest.mark.parametrize("name", PRUNERS)
def test_every_pruner_of_the_schema_has_a_rule(name: str):
    assert isinstance(PRUNERS_BY_NAME[name](max(RUNGS), -1.0, EARLIER), bool)
    assert set(PRUNERS_BY_NAME) == set(PRUNERS)
