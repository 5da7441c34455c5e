"""What is recorded of a sweep, from records made by hand."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

from trial_records import record

from dnnexp.search.journal import leaderboard
from dnnexp.search.records import TrialRecord


def trial(number: int, score: float | None = 0.8, **fields: object) -> TrialRecord:
    network = {
        "model.widths": [8],
        "model.activations": None,
        "model.activation": "relu",
        "optimizer.lr": 1e-3,
        "optimizer.weight_decay": 0.0,
    }
    return replace(record(1, number, score), configuration=network, metric="m", **fields)


def rows(*trials: TrialRecord) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(leaderboard(trials))))


def test_the_best_is_on_top_whichever_way_the_metric_goes() -> None:
    greater = [trial(0, 0.7), trial(1, 0.9), trial(2, None, state="diverged", reason="in epoch 1"), trial(3, 0.8)]
    assert [row["trial"] for row in rows(*greater)] == ["1", "3", "0", "2"]
    assert [row["rank"] for row in rows(*greater)] == ["1", "2", "3", ""]
    less = [replace(one, greater_is_better=False) for one in greater]
    assert [row["trial"] for row in rows(*less)] == ["0", "3", "1", "2"]


def test_what_is_not_known_is_an_empty_cell() -> None:
    (alone,) = rows(trial(0, scores=(0.8,)))
    assert (alone["score"], alone["standard_error"], alone["test"]) == ("0.8", "", "")
    (diverged,) = rows(trial(0, None, state="diverged", reason="in epoch 1"))
    assert (diverged["score"], diverged["standard_error"], diverged["reason"]) == ("", "", "in epoch 1")


def test_what_has_not_ended_with_a_network_is_left_out() -> None:
    assert rows(trial(0, None), trial(1, None, state="failed"), trial(2, stage="confirm")) == []


def test_where_the_test_rows_choose_their_column_is_called_optimistic() -> None:
    header = leaderboard([], is_optimistic=True).strip().split(",")
    assert "test_optimistic" in header
    assert "test" not in header
