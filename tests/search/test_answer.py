"""The sentences of the answer, from records made by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from trial_records import depth_of, record

from dnnexp.search.answer import answer, short_verdict, verdict
from dnnexp.search.ladder import climb
from dnnexp.search.records import TrialRecord
from dnnexp.search.schema import SearchConfig


def built(trial: TrialRecord, **fields: Any) -> TrialRecord:
    """The trial with the network that it was of."""
    network = {
        "model.widths": [32] * trial.depth,
        "model.activations": None,
        "model.activation": "relu",
        "optimizer.lr": trial.params["lr"],
    }
    return replace(trial, configuration=network, metric="accuracy", **fields)


def confirmation(source: TrialRecord, score: float | None = 0.75, **fields: Any) -> TrialRecord:
    usual = {"stage": "confirm", "number": 0, "claim": source.number, "scores": (), "score": score}
    return replace(source, **(usual | fields))


def sentences(trials: list[TrialRecord], confirmed: TrialRecord, depths: int) -> list[str]:
    config = SearchConfig(trials_per_depth=len(trials) // depths, max_depth=depths, patience=depths)
    return answer(climb([*trials, confirmed], config), test_rows=36, development_rows=142)


def test_the_answer_says_the_choice_its_score_and_what_each_layer_gained() -> None:
    trials = [built(trial) for depth in (1, 2) for trial in depth_of(depth, 0.7 + 0.1 * depth)]
    said = sentences(trials, confirmation(trials[5]), depths=2)
    assert said[0] == "Use d2-32x32-relu-lr7.1e-3: 2 hidden layers, 202 parameters."
    assert said[1].startswith("On development data it has accuracy 0.9000 ± 0.0")
    assert said[1].endswith(" (mean over 5 folds ± corrected standard error).")
    assert said[2] == "Refitted on all 142 development rows, it has test accuracy 0.7500 on 36 rows that chose nothing."
    assert said[3].startswith("Depth 2: gain +0.1000 ± 0.0")
    assert " over depth 1, better (95% interval +0.0" in said[3]
    assert said[4].startswith("Tried: 6 configurations at depths 1, 2. Growing stopped because search.max_depth = 2")


def test_a_score_of_one_held_out_part_claims_no_uncertainty() -> None:
    trials = [built(record(depth, 0, 0.8), scores=(score,), score=score) for depth, score in ((1, 0.8), (2, 0.8))]
    said = sentences(trials, confirmation(trials[0]), depths=2)
    assert said[1] == (
        "On development data it has accuracy 0.8000 on 20 held-out rows; one score says nothing about its uncertainty."
    )
    assert "Depth 2: gain +0.0000 over depth 1, one score each says nothing about the uncertainty." in said
    assert not any("nan" in sentence for sentence in said)
    assert sentences(trials[:1], confirmation(trials[0]), depths=1)[-1].startswith("Tried: 1 configuration at depth 1.")


def test_where_less_is_better_a_gain_is_positive_where_the_score_falls() -> None:
    trials = [
        built(trial, greater_is_better=False) for depth in (1, 2) for trial in depth_of(depth, 0.7 - 0.1 * depth, 1)
    ]
    climbed = climb([*trials, confirmation(trials[1])], SearchConfig(trials_per_depth=1, max_depth=2))
    assert climbed.choice == trials[1]
    assert verdict(climbed.summaries[1]).startswith("gain +0.1000 ± ")
    assert short_verdict(climbed.summaries[1]) == "better"


def test_a_choice_that_cannot_be_refitted_is_said_to_have_no_model() -> None:
    trials = [built(trial) for trial in depth_of(1, 0.8)]
    lost = confirmation(trials[2], None, state="diverged", reason="diverged in epoch 3, layer 1; lower optimizer.lr")
    said = sentences(trials, lost, depths=1)
    assert said[2] == (
        "Refitted on all 142 development rows, it could not be trained, and there is no model: "
        "diverged in epoch 3, layer 1; lower optimizer.lr."
    )
