"""What the report is filled in with, from trial records made by hand."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

sys.path.insert(0, str(Path(__file__).parents[1] / "search"))
from trial_records import record

from dnnexp.config import Composer
from dnnexp.evaluation.yardsticks import Yardsticks
from dnnexp.recording.report import report_contents
from dnnexp.reporting.report.contents import Contents
from dnnexp.search.ladder import climb
from dnnexp.search.records import TrialRecord
from dnnexp.search.schema import SearchConfig
from dnnexp.study import make_protocol

TREND = np.array([0.02, -0.02, 0.01, 0.01, -0.02])  # what sets a depth's scores apart from another's


def scored(depth: int, number: int, scores: list[float], **fields: object) -> TrialRecord:
    network: dict[str, object] = {
        "model.widths": [8] * depth,
        "model.activations": None,
        "model.activation": "relu",
        "optimizer.lr": 0.1,
    }
    network["optimizer.weight_decay"] = 0.0
    mean = sum(scores) / len(scores)
    return replace(record(depth, number), scores=tuple(scores), score=mean, configuration=network, **fields)


def contents(records: list[TrialRecord], **search: int) -> Contents:
    config = Composer().compose(["data=iris", "study=s", "tracking=none"])
    found = climb(records, SearchConfig(**({"rescore": 0, "patience": 9} | search)))
    return report_contents(config, make_protocol(config), "s", found, records, None, (), {}, Yardsticks())


def test_a_deeper_networks_gain_over_the_choice_is_not_that_over_the_best_before_it() -> None:
    base = np.array([0.80, 0.82, 0.81, 0.79, 0.80])
    one, two, three = base, base + 0.003 + 0.3 * TREND, base + 0.002 - 0.5 * TREND
    trials = [scored(depth, 0, list(values)) for depth, values in ((1, one), (2, two), (3, three))]
    shown = contents(trials, trials_per_depth=1, max_depth=3)
    assert shown.choice is not None
    assert shown.choice.depth == 1  # within one standard error of depth 2, which has the best mean
    deepest = shown.depths[2]
    assert deepest.compared_depth == 2
    d = three - one
    margin = stats.t.ppf(0.975, 4) * d.std(ddof=1) * np.sqrt(1 / 5 + 20 / 80)
    assert deepest.over_choice is not None
    assert deepest.over_choice.high == pytest.approx(d.mean() + margin)
    assert deepest.gain is not None
    assert deepest.gain.high != pytest.approx(deepest.over_choice.high)
    assert shown.depths[0].over_choice is None


def test_every_trial_has_the_score_of_its_screening_beside_what_it_is_judged_by() -> None:
    screened = [scored(1, n, [0.8 + 0.01 * n] * 5) for n in range(2)]
    again = scored(1, 0, [0.75] * 20, stage="rescore", claim=1)
    shown = contents([*screened, again], trials_per_depth=2, max_depth=1, rescore=1)
    found = {trial.number: (trial.score, trial.screening) for trial in shown.trials}
    values = {n: tuple(round(part.value, 9) for part in pair if part is not None) for n, pair in found.items()}
    assert values == {0: (0.8, 0.8), 1: (0.75, 0.81)}


def test_what_trying_brings_is_shaded_by_its_standard_error_to_half_of_the_trials_and_not_beyond_a_perfect_score() -> (
    None
):
    trials = [scored(1, n, [score] * 5) for n, score in enumerate((0.6, 1.0, 1.0, 1.0))]
    (curve,) = contents(trials, trials_per_depth=4, max_depth=1).best_of
    assert curve.values == pytest.approx([0.9, 1.0, 1.0, 1.0])  # every pair has a perfect one
    assert len(curve.low) == len(curve.high) == 2
    assert curve.low[0] == pytest.approx(0.9 - 0.2 / 2)  # sd .2 of four
    assert curve.high == pytest.approx([1.0, 1.0])
