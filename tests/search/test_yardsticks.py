"""The baselines of a sweep: scored once whoever comes first, whatever becomes of the process beside."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from response_surface import sweep

from dnnexp.config.schema import sqlite_url
from dnnexp.data.schema import DataConfig
from dnnexp.data.sources import load
from dnnexp.evaluation.baselines import score_yardsticks
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.schema import EvaluationConfig
from dnnexp.search.sweep import Sweep
from dnnexp.search.yardsticks import scored_beside, stored_yardsticks


@pytest.fixture
def protocol() -> Protocol:
    return Protocol(load(DataConfig("iris")), 0.2, EvaluationConfig(folds=2, rescore_folds=2), 0)


def told(tmp_path: Path, **changes: object) -> Sweep:
    usual = sweep(sqlite_url(tmp_path / "optuna.db"))
    return replace(usual, config=replace(usual.config, **changes))  # type: ignore[arg-type]


def test_where_the_process_beside_leaves_nothing_they_are_scored_here_and_not_a_second_time(
    tmp_path: Path, protocol: Protocol
) -> None:
    mine = told(tmp_path)
    with scored_beside(mine, protocol) as wait:
        (process,) = multiprocessing.active_children()
        process.kill()
        found = wait(print)
    assert [len(base.scores) for base in found.screened] == [2, 2, 2]
    with mine.studies() as studies:
        stored = stored_yardsticks(studies)
    assert [base.seconds for base in stored.screened] == [base.seconds for base in found.screened]
    with scored_beside(mine, protocol) as wait:
        assert not multiprocessing.active_children()
        assert [base.seconds for base in wait(print).screened] == [base.seconds for base in found.screened]


def test_a_sweep_that_scores_its_best_again_asks_for_that_of_the_baselines_too(
    tmp_path: Path, protocol: Protocol
) -> None:
    for rescore, again in ((0, False), (2, True), (0, True)):
        with scored_beside(told(tmp_path, rescore=rescore), protocol) as wait:
            found = wait(print)
        assert (found.rescored is not None) == again  # what is there already is kept
        np.testing.assert_array_equal(found.screened[1].scores, score_yardsticks(protocol, again=False)[0][1].scores)


def test_none_are_scored_where_none_are_asked_for(tmp_path: Path, protocol: Protocol) -> None:
    with scored_beside(told(tmp_path, baselines=False), protocol) as wait:
        assert not multiprocessing.active_children()
        assert wait(print).screened == ()


def test_the_process_beside_scores_them_and_keeps_them(tmp_path: Path, protocol: Protocol) -> None:
    mine = told(tmp_path)
    with scored_beside(mine, protocol):
        (process,) = multiprocessing.active_children()
        process.join(60)
        assert process.exitcode == 0
    with mine.studies() as studies:
        kept = stored_yardsticks(studies)
    assert [base.name for base in kept.screened] == ["majority class", "linear", "boosted trees"]
