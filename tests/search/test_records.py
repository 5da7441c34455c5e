from __future__ import annotations

import json
import math
import random

import numpy as np
from response_surface import Scored, scorer
from trial_records import record

from dnnexp.evaluation.configuration import Configuration
from dnnexp.search.records import (
    INTERRUPTED,
    OVER_BUDGET,
    TrialRecord,
    from_result,
    in_budget,
    next_claim,
    result_fields,
    without_duplicates,
)
from dnnexp.search.space import flatten


def numbers(records: list[TrialRecord]) -> list[int]:
    return [record.number for record in records]


def test_a_trial_counts_while_fewer_lower_numbered_ones_than_the_budget_have_not_failed():
    trials = [
        record(1, n, state=state) for n, state in enumerate(["complete", "failed", "running", "pruned", "complete"])
    ]
    assert numbers(in_budget(trials, 3)) == [0, 2, 3]
    assert numbers(in_budget(trials, 4)) == [0, 2, 3, 4]


def test_each_depth_has_a_budget_of_its_own():
    assert len(in_budget([record(depth, n) for depth in (1, 2) for n in range(5)], 4)) == 8


def test_a_rescored_trial_counts_once_for_each_that_it_is_of():
    trials = [record(1, n, stage="rescore", claim=claim) for n, claim in enumerate([7, 3, 7])]
    assert numbers(in_budget(trials, 1)) == [0, 1]


def test_one_that_has_not_said_what_it_rescores_stays_in_sight():
    trials = [record(1, 0, None, stage="rescore", claim=None), record(1, 1, stage="rescore", claim=3)]
    assert numbers(in_budget(trials, 1)) == [0, 1]


def test_a_record_read_twice_counts_once_and_the_end_counts():
    running, ended = record(1, 0, None), record(1, 0, 0.8)
    for records in ([running, ended], [ended, running], [ended, ended]):
        assert without_duplicates(records) == [ended]


def test_order_is_by_depth_then_stage_then_number():
    ordered = [record(1, 0), record(1, 2), record(1, 0, stage="rescore"), record(1, 0, stage="confirm"), record(2, 1)]
    shuffled = random.Random(0).sample(ordered, k=len(ordered))
    assert without_duplicates(shuffled) == ordered


def test_places_are_taken_in_order():
    assert next_claim([], 0) == 0
    assert next_claim([record(1, 0, claim=0), record(1, 1, None, claim=1), record(1, 2, None, claim=None)], 2) == 2


def test_an_interrupted_trial_gives_its_place_back_and_a_dead_one_does_not():
    released = record(1, 1, state="failed", claim=1, reason=INTERRUPTED)
    dead = record(1, 1, state="failed", claim=1, reason="")
    withdrawn = record(1, 1, state="failed", claim=None, reason=OVER_BUDGET)
    assert next_claim([record(1, 0, claim=0), released], 2) == 1
    assert next_claim([record(1, 0, claim=0), dead], 2) == 2
    assert next_claim([record(1, 0, claim=0), withdrawn], 2) == 1


def test_beside_a_trial_that_has_no_place_yet_a_trial_has_a_number_of_its_own():
    unclaimed = [record(1, n, None, claim=None) for n in range(3)]
    claims = [next_claim(unclaimed, number) for number in range(3)]
    assert claims[0] == 0
    assert len(set(claims)) == 3


def test_a_result_comes_back_from_json_as_it_was():
    configuration = Configuration()
    configuration.optimizer.weight_decay = 1e-3
    evaluation = scorer("linear")(configuration)
    stored = json.dumps(result_fields(evaluation, flatten(configuration), 0.7), allow_nan=False)
    read = TrialRecord(1, "screen", 0, "complete", **from_result(json.loads(stored)))
    assert read.scores == tuple(evaluation.scores)
    assert read.test_scores == tuple(evaluation.test_scores)
    assert read.best_steps == (0, 1, 2, 3, 4)
    assert read.configuration == flatten(configuration)
    np.testing.assert_array_equal(read.curves["val/loss"], [1.0, math.nan, 0.5])
    assert (read.metric, read.score, read.n_train, read.metrics) == ("accuracy", 0.7, 80.0, evaluation.metrics)


def test_what_is_not_complete_has_no_scores_and_nothing_that_is_not_finite():
    gone = Scored(np.full(5, math.nan), np.full(5, math.nan), metrics={"train/loss": math.inf, "val/loss": 1.0})
    fields = result_fields(gone, {}, None)
    assert (fields["score"], fields["scores"], fields["test_scores"]) == (None, [], [])
    assert fields["metrics"] == {"val/loss": 1.0}
    json.dumps(fields, allow_nan=False)


def test_scores_of_which_less_is_better_are_turned_round():
    assert record(1, 0, greater_is_better=False).oriented_scores == tuple(-s for s in record(1, 0).scores)
