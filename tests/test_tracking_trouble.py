"""Sweeps whose MLflow goes away, or whose disk is full: no result is lost in silence, nothing arrives twice."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from dnnexp.config.schema import sqlite_url
from dnnexp.search.records import TrialRecord
from dnnexp.search.storage import open_storage
from dnnexp.search.studies import Studies

SMALL = (
    "data=wine", "search.max_depth=2", "search.patience=2", "trainer.epochs=15", "study=s", "search.rescore=0",
    "search.confirm_seeds=1", "search.baselines=false",
)  # fmt: skip
STATUSES = {"complete": "FINISHED", "pruned": "KILLED", "diverged": "FAILED"}


def command(*overrides: str) -> dict[str, Any]:
    """Return what starts a sweep in a process of its own."""
    return {
        "args": [sys.executable, "-m", "dnnexp.sweep", "--quiet", *SMALL, *overrides],
        "env": {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "text": True,
    }


def records(database: Path) -> list[TrialRecord]:
    return [r for r in Studies(open_storage(sqlite_url(database)), "s").read_all() if r.state in STATUSES]


def runs(database: Path) -> list[Run]:
    client = MlflowClient(f"sqlite:///{database}")
    experiment = client.get_experiment_by_name("wine")
    assert experiment is not None
    return list(client.search_runs([experiment.experiment_id], max_results=1000))


def count_of(database: Path, table: str) -> int:
    """Return the rows of a table, 0 where it is not there yet, without waiting for whoever writes."""
    try:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5) as reader:
            return int(reader.execute(f"select count(*) from {table}").fetchone()[0])
    except sqlite3.Error:
        return 0


def wait_until(claim: Callable[[], bool], process: subprocess.Popen[str], seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while not claim():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


def require_agreement(recorded: list[Run], tried: list[TrialRecord]) -> None:
    """Fail unless each trial of Optuna's is one run of MLflow's with the same numbers, and no run is of none."""
    by_key = {re.sub("^s~[0-9a-f]{8}", "s", run.data.tags["dnnexp.key"]): run for run in recorded}
    assert len(by_key) == len(recorded), Counter(run.data.tags["dnnexp.key"] for run in recorded).most_common(3)
    expected = {f"s/d{r.depth:02d}/{r.stage}/t{r.number}": r for r in tried}
    trials = {key for key, run in by_key.items() if run.data.tags["dnnexp.role"] in ("screen", "rescore", "confirm")}
    assert trials == set(expected)
    for key, record in expected.items():
        run = by_key[key]
        assert run.info.status == STATUSES[record.state]
        assert run.data.tags["mlflow.parentRunId"] == by_key["s"].info.run_id
        assert {name: run.data.metrics.get(name) for name in record.metrics} == dict(record.metrics)
        assert run.data.metrics["seconds"] == record.seconds
        assert run.data.params["optimizer.lr"] == str(record.configuration["optimizer.lr"])
        assert run.data.params["model.widths"] == "x".join(map(str, record.configuration["model.widths"]))
        if record.stage == "screen" and record.state == "complete":
            assert run.data.metrics["score/accuracy"] == pytest.approx(record.score, rel=1e-12)
    assert by_key["s"].info.status == "FINISHED"
    champion = next(run for run in recorded if run.data.tags["dnnexp.role"] == "champion")
    confirmed = next(record for record in tried if record.stage == "confirm")
    assert champion.data.metrics["test/accuracy"] == confirmed.test_scores[0]
    assert by_key["s"].data.metrics["test/accuracy"] == confirmed.test_scores[0]


@pytest.mark.slow
def test_a_server_that_is_killed_in_the_midst_of_a_sweep_and_comes_back_has_everything_once(
    empty_folder: Path, mlflow_server: Callable[[Path], Any]
) -> None:
    (empty_folder / "server").mkdir()
    server = mlflow_server(empty_folder / "server")
    recorded, tried = empty_folder / "server" / "mlflow.db", empty_folder / "runs" / "optuna.db"
    sweep = subprocess.Popen(**command("search.trials_per_depth=20", f"tracking.uri={server.url}"))
    try:
        wait_until(lambda: count_of(recorded, "runs") >= 6, sweep)
        server.kill()
        gone = count_of(tried, "trials")
        wait_until(lambda: count_of(tried, "trials") >= gone + 5, sweep)
        sweep.send_signal(
            signal.SIGSTOP
        )  # a server takes longer to come back than the rest of a sweep as small as this
        server.start()
        sweep.send_signal(signal.SIGCONT)
        said, trouble = sweep.communicate(timeout=300)
    finally:
        sweep.kill()
    assert (sweep.returncode, trouble) == (0, "")
    assert "Compare the runs: " in said
    assert not list((empty_folder / "runs" / "outputs" / "unsent").glob("*/*.json"))
    require_agreement(runs(recorded), records(tried))


@pytest.mark.slow
def test_a_sweep_without_its_server_answers_says_so_and_the_next_command_sends_everything(
    empty_folder: Path, mlflow_server: Callable[[Path], Any]
) -> None:
    (empty_folder / "server").mkdir()
    server = mlflow_server(empty_folder / "server")
    server.kill()
    sweep = command("search.trials_per_depth=3", f"tracking.uri={server.url}")
    first = subprocess.run(**sweep, timeout=300, check=True)
    assert "Use d" in first.stdout
    assert "MLflow could not be reached" in first.stdout
    assert "is kept, and sent there by the next command" in first.stdout
    server.start()
    again = subprocess.run(**sweep, timeout=300, check=True)
    assert again.stdout.partition("Predict with it")[0] == first.stdout.partition("Predict with it")[0]
    require_agreement(runs(empty_folder / "server" / "mlflow.db"), records(empty_folder / "runs" / "optuna.db"))


@pytest.mark.slow
def test_a_sweep_that_was_stopped_says_so_in_its_run_and_goes_on_with_the_same(empty_folder: Path) -> None:
    recorded = empty_folder / "runs" / "mlflow.db"
    sweep = subprocess.Popen(**command("search.trials_per_depth=30"))
    wait_until(lambda: count_of(recorded, "runs") >= 4, sweep)
    sweep.send_signal(signal.SIGINT)
    _, said = sweep.communicate(timeout=60)
    assert (sweep.returncode, len(said.strip().splitlines())) == (130, 1), said
    assert {run.info.status for run in runs(recorded) if run.data.tags["dnnexp.role"] == "sweep"} == {"KILLED"}
    subprocess.run(**command("search.trials_per_depth=8"), timeout=300, check=True)
    require_agreement(runs(recorded), records(empty_folder / "runs" / "optuna.db"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes, which is less than the files of a sweep take."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("needs the right to mount a small disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.mark.slow
def test_a_full_disk_costs_neither_the_trials_nor_the_answer_and_what_is_lost_is_named(
    empty_folder: Path, small_disk: Path
) -> None:
    (small_disk / "ballast").write_bytes(bytes(1_100_000))
    storage = f"storage={sqlite_url(empty_folder / 'optuna.db')}"
    sweep = subprocess.run(**command("search.trials_per_depth=3", f"paths.root={small_disk}", storage), timeout=300)
    assert len(records(empty_folder / "optuna.db")) == 7
    assert "Use d" in sweep.stdout
    assert "No space left on device" in sweep.stdout + sweep.stderr or "disk is full" in sweep.stdout + sweep.stderr
    assert "Traceback" not in sweep.stderr
    assert len(sweep.stderr.splitlines()) <= 1

    (small_disk / "ballast").unlink()  # somebody makes room
    subprocess.run(["mount", "-o", "remount,size=50m", str(small_disk)], check=True)
    again = subprocess.run(
        **command("search.trials_per_depth=3", f"paths.root={small_disk}", storage), timeout=300, check=True
    )
    assert again.stdout.partition("Predict with it")[0].strip() == sweep.stdout.partition("Predict with it")[0].strip()
    require_agreement(runs(small_disk / "mlflow.db"), records(empty_folder / "optuna.db"))


@pytest.mark.slow
@pytest.mark.parametrize(("keeps_trials_elsewhere", "said"), [(False, "unable to open"), (True, "Read-only file")])
def test_a_disk_that_cannot_be_written_to_is_told_in_one_line(
    keeps_trials_elsewhere: bool, said: str, empty_folder: Path, small_disk: Path
) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    storage = [f"storage={sqlite_url(empty_folder / 'optuna.db')}"] if keeps_trials_elsewhere else []
    sweep = subprocess.run(**command("search.trials_per_depth=3", f"paths.root={small_disk}", *storage), timeout=300)
    assert sweep.returncode == 1
    (line,) = sweep.stderr.splitlines()
    assert said in line
    assert str(small_disk) in line
