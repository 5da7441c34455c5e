from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import response_surface
from response_surface import sweep, work, work_and_tell

from dnnexp.config.schema import sqlite_url
from dnnexp.errors import DnnexpError
from dnnexp.processes.workers import started_workers
from dnnexp.search.records import TrialRecord
from dnnexp.search.storage import open_storage, opened_storage
from dnnexp.search.studies import Studies


def records_of(url: str, name: str = "study") -> list[TrialRecord]:
    with opened_storage(url) as storage:
        return Studies(storage, name).read_all()


def finished_counts(records: list[TrialRecord]) -> Counter[tuple[str, int]]:
    """How many trials of each stage and depth have a result; the confirmation counts whatever its depth."""
    finished = [r for r in records if r.state in ("complete", "diverged", "pruned")]
    return Counter((r.stage, r.depth if r.stage == "screen" else 0) for r in finished)


def start(url: str, trials: int, seconds: float, name: str = "study", grace: int = 1) -> subprocess.Popen[str]:
    """Start a worker. grace: seconds after which others take it for dead; a busy machine may starve it for one."""
    arguments = [response_surface.__file__, url, str(trials), str(seconds), str(grace), name]
    return subprocess.Popen(
        [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def wait_for_trials(url: str, count: int) -> list[TrialRecord]:
    for _ in range(600):
        records = records_of(url)
        if sum(r.state != "running" for r in records) >= count:
            return records
        time.sleep(0.05)
    raise AssertionError(f"no {count} trials within half a minute")


def wait_for_new_trial(url: str, known: dict[tuple[int, int, int], TrialRecord]) -> None:
    """Until something has ended that was not known: a worker that is killed before its first trial proves little."""
    for _ in range(600):
        if any(r.state == "complete" and r.key not in known for r in records_of(url)):
            return
        time.sleep(0.02)
    raise AssertionError("no trial has ended within 12 s")


def run_workers(
    target: Callable[..., None], arguments: tuple[Any, ...], count: int, watch: Any = None, hear: Any = None
) -> tuple[int, ...]:
    """Start the workers, and let them finish; return their exit codes."""
    names = [f"worker {i} of {count}" for i in range(1, count + 1)]
    with started_workers(target, names, ["dnnexp.search.worker"]) as workers:
        workers.hand(*arguments)
        return workers.finish(watch, hear)


def test_four_workers_finish_one_sweep_with_every_budget_exact(tmp_path: Path):
    url = sqlite_url(tmp_path / "optuna.db")
    watched, told = [], []
    codes = run_workers(work_and_tell, (url, 7, 0.02, 3), 4, lambda: watched.append(time.time()), told.append)
    assert codes == (0, 0, 0, 0)
    assert watched
    records = records_of(url)
    assert sorted(map(repr, told)) == sorted(repr(r) for r in records if r.state != "failed")
    assert finished_counts(records) == {("screen", 1): 7, ("screen", 2): 7, ("confirm", 0): 1}
    assert {r.reason for r in records if r.state == "failed"} <= {"over the budget"}
    assert not [r for r in records if r.state == "running"]
    finished = [r for r in records if r.stage == "screen" and r.state != "failed"]
    assert len({(r.depth, r.params["lr"]) for r in finished}) == 14  # nobody drew what another drew
    assert sum(r.claim == 0 for r in finished) == 2  # the seed of depth 2 was run once


def test_a_sweep_whose_worker_is_killed_goes_on_with_every_finished_trial_once(tmp_path: Path):
    url = sqlite_url(tmp_path / "optuna.db")
    open_storage(url)
    victims = [start(url, 6, 0.5) for _ in range(2)]
    before = wait_for_trials(url, 3)
    for victim in victims:
        victim.send_signal(signal.SIGKILL)
        victim.communicate()
    before = [r for r in records_of(url) if r.state != "running"]
    assert 3 <= len(before) < 12
    work(url, 6, 0.0, grace=1)
    after = records_of(url)
    assert finished_counts(after) == {("screen", 1): 6, ("screen", 2): 6, ("confirm", 0): 1}
    assert {repr(r) for r in before} <= {repr(r) for r in after}
    assert all(not r.reason for r in after if r.state == "failed" and r.claim is not None)  # the dead say nothing
    assert not [r for r in after if r.state == "running"]


@pytest.mark.slow
def test_four_processes_of_25_trials_each_finish_100_none_twice_and_meet_no_lock(store: str):
    workers = [start(store, 50, 0.0, grace=60) for _ in range(4)]  # 50 at each of two depths
    assert [worker.communicate(timeout=300)[1] for worker in workers] == [""] * 4
    assert [worker.returncode for worker in workers] == [0] * 4
    records = records_of(store)
    assert finished_counts(records) == {("screen", 1): 50, ("screen", 2): 50, ("confirm", 0): 1}
    finished = [r for r in records if r.stage == "screen" and r.state != "failed"]
    assert len({(r.depth, r.claim) for r in finished}) == 100
    assert len({(r.depth, r.params["lr"]) for r in finished}) == 100
    assert {r.reason for r in records if r.state == "failed"} <= {"over the budget"}
    assert not [r for r in records if r.state == "running"]


@pytest.mark.slow
def test_workers_killed_at_20_random_moments_lose_nothing_that_was_finished_and_count_nothing_twice(store: str):
    rng = np.random.default_rng(0)
    trials, seconds = 70, 0.4
    finished: dict[tuple[int, int, int], TrialRecord] = {}
    workers = [start(store, trials, seconds) for _ in range(2)]
    wait_for_trials(store, 1)
    for _ in range(20):
        wait_for_new_trial(store, finished)
        time.sleep(rng.uniform(0.0, 0.8))
        i = int(rng.integers(2))
        victim = workers[i]
        assert victim.poll() is None
        victim.kill()
        victim.communicate()
        finished |= {r.key: r for r in records_of(store) if r.state in ("complete", "diverged")}
        workers[i] = start(store, trials, seconds)
    for worker in workers:
        worker.kill()
        worker.communicate()
    work(store, trials, 0.0, grace=1)
    now = {r.key: r for r in records_of(store)}
    assert all(now[key] == record for key, record in finished.items())
    assert finished_counts(list(now.values())) == {("screen", 1): trials, ("screen", 2): trials, ("confirm", 0): 1}
    counted = [r for r in now.values() if r.stage == "screen" and r.state != "failed"]
    assert len({(r.depth, r.claim) for r in counted}) == 2 * trials
    assert not [r for r in now.values() if r.state == "running"]


@pytest.mark.slow
def test_two_ladders_at_once_in_one_store_do_not_touch(store: str, tmp_path: Path):
    names = ["one", "two"]
    workers = [start(store, 10, 0.02, name, grace=60) for name in names]
    assert [worker.communicate(timeout=120)[1] for worker in workers] == [""] * 2
    alone = sqlite_url(tmp_path / "alone.db")
    work(alone, 10, 0.0, 1, "one")
    expected = [(r.key, r.params, r.scores) for r in records_of(alone, "one")]
    for name in names:
        assert [(r.key, r.params, r.scores) for r in records_of(store, name)] == expected


@pytest.mark.slow
def test_a_worker_that_slept_past_its_grace_gives_way_and_nothing_counts_twice(store: str):
    url = store
    sleeper = start(url, 3, 0.3)
    wait_for_trials(url, 1)
    sleeper.send_signal(signal.SIGSTOP)
    work(url, 3, 0.0, grace=1)  # waits for the grace, then runs what the sleeper held
    ended = records_of(url)
    sleeper.send_signal(signal.SIGCONT)
    assert sleeper.communicate(timeout=30)[1] == ""
    assert sleeper.returncode == 0
    assert {repr(r) for r in ended} == {repr(r) for r in records_of(url)}
    assert finished_counts(ended) == {("screen", 1): 3, ("screen", 2): 3, ("confirm", 0): 1}


def test_ctrl_c_stops_all_workers_and_their_trials_are_given_back(tmp_path: Path):
    url = sqlite_url(tmp_path / "optuna.db")
    told: list[TrialRecord] = []

    def press(record: TrialRecord) -> None:
        told.append(record)
        if len(told) == 3:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run_workers(work_and_tell, (url, 40, 0.1, 3), 2, hear=press)
    records = records_of(url)
    assert {r.state for r in records} <= {"complete", "diverged", "failed"}
    assert {r.reason for r in records if r.state == "failed"} <= {"interrupted"}


def test_where_no_worker_can_work_the_user_reads_why(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    url = sqlite_url(tmp_path / "optuna.db")
    with sweep(url, fingerprint={"data": "another"}).studies() as studies:
        studies.open(1, "screen")
    with pytest.raises(DnnexpError, match=r"every worker ended .* \(exit code 2\); the same command goes on"):
        run_workers(work_and_tell, (url, 2, 0.0, 3), 1)
    said = capfd.readouterr().err
    assert re.search(r"worker 1 of 1: study 'study' was begun with other settings.*data was 'another'", said)
    assert "Traceback" not in said
