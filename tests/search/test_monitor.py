from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from response_surface import scorers, sweep
from trial_records import record

from dnnexp.config.schema import sqlite_url
from dnnexp.search.monitor import Monitor, expected_seconds
from dnnexp.search.sweep import Listeners, Sweep
from dnnexp.search.worker import climb_ladder

BUILT = {"model.widths": [32], "model.activations": None, "model.activation": "relu", "optimizer.lr": 0.01}


class Screenplay:
    """A display that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any, str]] = []

    def trial(self, depth: int, done: int, total: int, *, stage: str, **_: Any) -> None:
        self.told.append(("trial", depth, f"{stage or 'screen'} {done}/{total}"))

    def depth(self, depth: int, *, score: float | None, **_: Any) -> None:
        self.told.append(("depth", depth, f"{score:.4f}"))

    def estimate(self, seconds: float, what: str) -> None:
        self.told.append(("estimate", seconds, what))


def look(told: Sweep, shown: Screenplay) -> None:
    """Have what is stored shown by a monitor that comes new to it."""
    with told.studies() as studies:
        Monitor(told, studies, shown).look_again()


def test_every_trial_and_depth_is_told_once_and_after_the_first_how_long_a_depth_takes(tmp_path: Path):
    told = sweep(sqlite_url(tmp_path / "optuna.db"), trials=3, max_depth=2, rescore=2)
    shown = Screenplay()
    with told.studies() as studies:
        monitor = Monitor(told, studies, shown, workers=1, fresh=20)
        monitor.look_again()
        listeners = Listeners(on_trial=monitor.trial, on_climb=monitor.look)
        ladder = climb_ladder(told, scorers("deep"), listeners)
        monitor.look_again()
    said = [(kind, which, text) for kind, which, text in shown.told if kind != "estimate"]
    screened = [f"screen {n}/3" for n in (1, 2, 3)]
    again = ["scored again 1/2", "scored again 2/2"]
    expected = []
    for summary in ladder.summaries:
        expected += [("trial", summary.depth, text) for text in screened + again]
        expected.append(("depth", summary.depth, f"{summary.score:.4f}"))
    assert said == expected
    estimates = [entry for entry in shown.told if entry[0] == "estimate"]
    assert shown.told[0] == estimates[0]
    assert len(estimates) == 1
    assert estimates[0][2] == "depth 1, 3 configurations, the best 2 scored again; deeper ones take longer"
    assert estimates[0][1] >= 0.25 * (3 + 2 * 20 / 5)  # a trial of the made-up world says .25 s, on 5 folds


@pytest.mark.parametrize(
    ("settings", "again", "fits"),
    [
        ({"rescore": 2}, ", the best 2 scored again", 3 + 2 * 4),
        ({"rescore": 9}, ", the best 3 scored again", 3 + 3 * 4),  # no more than there are
        ({"rescore": 2, "selection": "test"}, "", 3),  # what the test rows choose is not scored again
    ],
)
def test_the_estimate_is_of_what_will_be_done(tmp_path: Path, settings: dict[str, Any], again: str, fits: int):
    told = sweep(sqlite_url(tmp_path / "optuna.db"), trials=3, max_depth=1)
    told = replace(told, config=replace(told.config, **settings))
    shown = Screenplay()
    with told.studies() as studies:
        monitor = Monitor(told, studies, shown, workers=1, fresh=20)
        monitor.look_again()
    monitor.trial(record(1, 0, seconds=1.0, best_steps=(1,) * 5, configuration=BUILT))
    (estimate,) = [entry for entry in shown.told if entry[0] == "estimate"]
    assert estimate == ("estimate", fits, f"depth 1, 3 configurations{again}; deeper ones take longer")


def test_a_sweep_that_goes_on_gives_no_estimate_from_what_was_done_before(tmp_path: Path):
    told = sweep(sqlite_url(tmp_path / "optuna.db"), trials=2, max_depth=1)
    climb_ladder(told, scorers("linear"))
    shown = Screenplay()
    look(told, shown)
    assert [kind for kind, _, _ in shown.told] == ["trial", "trial", "depth"]


def test_the_time_is_that_of_the_clock_where_it_is_known_shared_by_the_workers():
    began = dt.datetime(2026, 1, 1, 12)
    first = record(1, 0, seconds=2.0, started=began, ended=began + dt.timedelta(seconds=3))
    assert expected_seconds(first, 10, 2) == pytest.approx(15)
    assert expected_seconds(record(1, 0, seconds=2.0), 10, 1) == pytest.approx(20)


def test_the_score_of_a_depth_that_the_test_rows_judge_is_shown_as_optimistic(tmp_path: Path):
    class Kinds(Screenplay):
        def depth(self, depth: int, *, kind: str = "?", **_: Any) -> None:
            self.told.append(("depth", depth, kind))

    for selection, kind in (("development", ""), ("test", "optimistic test")):
        told = sweep(sqlite_url(tmp_path / f"{selection}.db"), trials=2, max_depth=1)
        told = replace(told, config=replace(told.config, selection=selection))
        climb_ladder(told, scorers("linear"))
        shown = Kinds()
        look(told, shown)
        assert shown.told[-1] == ("depth", 1, kind)
