from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from process_targets import note_threads, run_out_of_memory

from dnnexp.errors import DnnexpError
from dnnexp.processes.workers import THREADS, Workers, started_workers


def run_worker(target: Callable[..., None], *arguments: Any) -> None:
    with started_workers(target, ["worker 1 of 1"]) as workers:
        workers.hand(*arguments)
        workers.finish()


def test_workers_that_are_stopped_before_they_have_read_their_arguments_leave_no_traceback(
    monkeypatch: pytest.MonkeyPatch,
):
    raised: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", raised.append)
    before = set(threading.enumerate())
    workers = Workers(time.sleep, ("one", "two"), ())
    workers.start(threads=1)
    workers.hand(bytes(10_000_000))
    handing_out = set(threading.enumerate()) - before
    time.sleep(0.05)  # more than a pipe holds: it waits for a reader
    workers.stop()
    for thread in handing_out:
        thread.join(10)
    assert not raised


def test_each_worker_has_its_share_of_threads_and_the_parent_keeps_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(THREADS[0], "7")
    monkeypatch.delenv(THREADS[2], raising=False)
    run_worker(note_threads, tmp_path, THREADS)
    assert [file.read_text() for file in tmp_path.iterdir()] == ["1 1 1 1"]
    assert os.environ[THREADS[0]] == "7"
    assert THREADS[2] not in os.environ


def test_a_worker_that_runs_out_of_memory_says_so_in_one_line(capfd: pytest.CaptureFixture[str]):
    with pytest.raises(DnnexpError, match=r"every worker ended"):
        run_worker(run_out_of_memory)
    assert re.fullmatch(
        r"worker 1 of 1: out of memory: Unable to allocate 8\.00 PiB .*; take a smaller .*\n", capfd.readouterr().err
    )
