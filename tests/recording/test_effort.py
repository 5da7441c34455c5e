"""What trying brought, from trial records made by hand."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
import pytest

from dnnexp.recording.effort import best_of_table, efforts
from dnnexp.search.records import TrialRecord


def trial(number: int, score: float | None, **fields: Any) -> TrialRecord:
    scores = () if score is None else (score - 0.01, score + 0.01)
    usual = {
        "stage": "screen", "state": "complete" if scores else "diverged", "claim": number, "score": score,
        "scores": scores, "n_train": 80.0, "n_score": 20.0, "parameters": number, "seconds": 2.0,
        "params": {"width_1": 32, "lr": 1e-2, "activation": "relu", "weight_decay": 1e-3},
    }  # fmt: skip
    return TrialRecord(**({"depth": 1, "number": number} | usual | fields))


def test_the_best_of_n_is_that_of_all_searches_that_might_have_been() -> None:
    trials = [trial(0, 0.8), trial(1, None), trial(2, 0.9), trial(3, None, state="running")]
    found = efforts([*trials, trial(0, 0.5, stage="rescore"), trial(0, 0.7, depth=2)])
    assert list(found) == [1]  # one trial alone is no search
    # of 0.8, 0.9 and one that diverged, which counts as the worst seen: pairs give .8, .9, .9
    assert found[1].mean.tolist() == pytest.approx([2.5 / 3, 2.6 / 3, 0.9])
    assert found[1].seconds.tolist() == [2.0, 4.0, 6.0]
    rows = list(csv.DictReader(io.StringIO(best_of_table(found))))
    assert [(row["depth"], row["trials"]) for row in rows] == [("1", "1"), ("1", "2"), ("1", "3")]
    assert float(rows[0]["expected_best"]) == pytest.approx(2.5 / 3)
    scores = [0.8, 0.8, 0.9]  # of one trial the jackknife's standard error is the mean's own
    assert float(rows[0]["jackknife_standard_error"]) == pytest.approx(np.std(scores, ddof=1) / np.sqrt(3))
    assert rows[1]["jackknife_standard_error"] == rows[2]["jackknife_standard_error"] == ""
