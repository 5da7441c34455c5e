from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from mlflow import MlflowClient

from dnnexp.errors import ConfigError
from dnnexp.tracking.store import one_line, open_store

WORKERS = """
import os, pathlib, sys
from dnnexp.tracking.recorder import Recorder
from dnnexp.tracking.records import RunRecord
from dnnexp.tracking.store import _database_store

root, count = pathlib.Path(sys.argv[1]), int(sys.argv[2])
_database_store()  # imported once for all, so that the four meet at the same moment

def work(number):
    recorder = Recorder(f"sqlite:///{root}/mlflow.db", root, "digits")
    recorder.record(RunRecord("study", "sweep", role="sweep", status="RUNNING"))
    for trial in range(number * count, number * count + count):
        recorder.record(
            RunRecord(
                f"study/d1/screen/t{trial}", "n", role="screen", parent="study",
                params={f"p{i}": i for i in range(20)}, curves={f"c{i}": [0.5] * 20 for i in range(3)},
            )
        )
        if recorder.trouble:
            print(recorder.trouble, flush=True)
            return 1
    return 0

children = []
for number in range(4):
    child = os.fork()
    if child == 0:
        os._exit(work(number))
    children.append(child)
sys.exit(max(os.waitpid(child, 0)[1] for child in children))
"""


@pytest.mark.parametrize("count", [5, pytest.param(25, marks=pytest.mark.slow)])
def test_four_processes_that_meet_a_cold_store_record_at_once_each_run_once_under_one_parent(
    count: int, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", WORKERS, str(tmp_path), str(count)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")  # nor does MLflow say a word on the terminal

    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    experiment = client.get_experiment_by_name("digits")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id], max_results=1000)
    assert Counter(run.data.tags["dnnexp.key"] for run in runs) == Counter(
        ["study", *(f"study/d1/screen/t{trial}" for trial in range(4 * count))]
    )
    parent = next(run.info.run_id for run in runs if run.data.tags["dnnexp.role"] == "sweep")
    assert {run.data.tags.get("mlflow.parentRunId") for run in runs} == {None, parent}
    assert not list(tmp_path.glob("*.part"))


def test_a_database_appears_whole_and_lets_readers_and_a_writer_go_on_together(empty_database: Path) -> None:
    connection = sqlite3.connect(empty_database)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
    connection.close()
    left = {path.name for path in empty_database.parent.iterdir()}
    assert left - {"mlflow.db-wal", "mlflow.db-shm"} == {"mlflow.db", "mlflow.db.lock"}


def test_a_path_means_the_same_from_every_working_directory(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    relative = open_store("sqlite:///mlflow.db", Path("runs"))
    assert relative.uri == f"sqlite:///{root}/mlflow.db"
    assert relative.artifacts == (root / "runs" / "artifacts").as_uri()


def test_nothing_is_made_in_the_working_directory(uri: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = root / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    open_store(uri, root).experiment("digits")
    assert not list(elsewhere.iterdir())


def test_an_experiment_is_made_once_with_its_description_which_its_users_may_change(uri: str, root: Path) -> None:
    store = open_store(uri, root)
    number = store.experiment("digits", "how to read it")
    assert store.experiment("digits", "how to read it") == number
    store.client.set_experiment_tag(number, "mlflow.note.content", "our own words")
    assert store.experiment("digits", "how to read it") == number
    found = store.client.get_experiment(number)
    assert found.tags["mlflow.note.content"] == "our own words"
    assert found.artifact_location == (root / "artifacts").as_uri()


def test_an_experiment_that_was_deleted_is_restored(uri: str, root: Path) -> None:
    store = open_store(uri, root)
    number = store.experiment("digits")
    store.client.delete_experiment(number)
    assert store.experiment("digits") == number
    assert store.client.get_experiment(number).lifecycle_stage == "active"


def test_plain_files_are_refused_in_words_that_name_the_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"tracking\.uri: need sqlite:///FILE"):
        open_store("./mlruns", tmp_path)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (OSError(28, "No space left on device"), "[Errno 28] No space left on device"),
        (ValueError("first\nsecond"), "first"),
        (KeyError(), "KeyError"),
        (
            ValueError(
                "(raised as a result of Query-invoked autoflush)\n(sqlite3.OperationalError) database is locked"
            ),
            "(sqlite3.OperationalError) database is locked",
        ),
        (
            RuntimeError(
                "API request to http://me:hunter2@host/api failed with exception HTTPConnectionPool(host='host'): Max "
                "retries exceeded (Caused by NewConnectionError('Failed: [Errno 111] Connection refused'))"
            ),
            "API request to http://me:***@host/api failed: [Errno 111] Connection refused",
        ),
    ],
)
def test_trouble_is_told_in_one_line(error: Exception, line: str) -> None:
    assert one_line(error) == line
