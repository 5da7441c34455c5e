from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from dnnexp.tracking.links import file_link, run_link
from dnnexp.tracking.pages import pages
from dnnexp.tracking.recorder import Recorder
from dnnexp.tracking.records import DataRecord, RunRecord
from dnnexp.tracking.store import TrackingError
from dnnexp.tracking.views import study_view

DATA = DataRecord(
    name="digits",
    source="https://me:hunter2@host/digits.csv",
    sha256="0123456789abcdef" * 4,
    split_sha256="fedcba9876543210" * 4,
    rows=1797,
    test_rows=359,
    columns=64,
    task="multiclass",
)
NOWHERE = "http://127.0.0.1:9"  # the discard port: refused at once


def trial(number: int, **settings: Any) -> RunRecord:
    defaults: dict[str, Any] = {
        "params": {"model.depth": 2, "optimizer.lr": 0.01},
        "metrics": {"score/accuracy": 0.9, "test/accuracy": 0.8},
        "curves": {"train/loss": [2.0, 1.0, 0.5]},
        "tags": {"dnnexp.study": "study", "dnnexp.depth": "2"},
        "start_time": 1000.0 + number,
        "end_time": 1010.0 + number,
    }
    return RunRecord(f"study/d2/screen/t{number}", f"d2-t{number}", role="screen", **(defaults | settings))


def sweep(**settings: Any) -> RunRecord:
    return RunRecord("study", "sweep study", role="sweep", **({"status": "RUNNING", "start_time": 900.0} | settings))


def runs_of(recorder: Recorder) -> list[Run]:
    client = recorder.connect().client
    experiment = client.get_experiment_by_name("digits")
    assert experiment is not None
    return list(client.search_runs([experiment.experiment_id], order_by=["attributes.start_time"]))


def unreachable(uri: str, root: Path, **told: Any) -> Recorder:
    """Return a recorder of the store at the URI that does not get through to it."""
    recorder = Recorder(uri, root, "digits", **told)
    recorder.uri = NOWHERE
    return recorder


@pytest.fixture
def client(recorder: Recorder) -> MlflowClient:
    return recorder.connect().client


def test_a_run_has_all_of_its_record(uri: str, root: Path) -> None:
    recorder = Recorder(uri, root, "digits", context={"mlflow.user": "ada", "dnnexp.version": "1"})
    run_id = recorder.record(trial(0, artifacts={"config.yaml": "seed: 0\n", "figures/curve.png": b"\x89PNG"}))
    assert run_id is not None, recorder.trouble
    client = recorder.connect().client
    run = client.get_run(run_id)
    assert run.info.run_name == "d2-t0"
    assert (run.info.start_time, run.info.end_time, run.info.status) == (1_000_000, 1_010_000, "FINISHED")
    assert run.data.params == {"model.depth": "2", "optimizer.lr": "0.01"}
    assert run.data.metrics == {"score/accuracy": 0.9, "test/accuracy": 0.8, "train/loss": 0.5}
    history = client.get_metric_history(run_id, "train/loss")
    assert [(point.step, point.value) for point in history] == [(1, 2.0), (2, 1.0), (3, 0.5)]
    expected = {
        "dnnexp.key": "study/d2/screen/t0",
        "dnnexp.role": "screen",
        "dnnexp.study": "study",
        "mlflow.user": "ada",
    }
    assert expected.items() <= run.data.tags.items()
    files = root / "artifacts" / run_id / "artifacts"
    assert (files / "config.yaml").read_text() == "seed: 0\n"
    assert (files / "figures" / "curve.png").read_bytes() == b"\x89PNG"


def test_a_run_that_has_ended_is_recorded_once(recorder: Recorder) -> None:
    first = recorder.record(trial(0))
    again = recorder.record(trial(0, metrics={"score/accuracy": 0.1}))
    assert first == again
    assert [run.data.metrics["score/accuracy"] for run in runs_of(recorder)] == [0.9]


def test_what_was_kept_of_a_run_does_not_undo_what_is_delivered_after_it(uri: str, root: Path) -> None:
    unreachable(uri, root).record(sweep(metrics={"m": 1.0}, tags={"x": "old"}, artifacts={"answer.txt": "old"}))
    recorder = Recorder(uri, root, "digits")
    assert len(recorder.unsent) == 1
    new = sweep(status="FINISHED", metrics={"m": 2.0}, tags={"x": "new"}, artifacts={"answer.txt": "new"})
    run_id = recorder.record(new)
    assert len(recorder.unsent) == 0
    assert recorder.send_unsent() == 0
    (run,) = runs_of(recorder)
    assert (run.info.status, run.data.tags["x"], run.data.metrics["m"]) == ("FINISHED", "new", 2.0)
    assert (root / "artifacts" / str(run_id) / "artifacts" / "answer.txt").read_text() == "new"


def test_what_was_kept_for_another_experiment_still_goes_there(uri: str, root: Path) -> None:
    unreachable(uri, root).record(replace(sweep(), experiment="iris"))
    recorder = Recorder(uri, root, "digits")
    recorder.record(sweep())
    assert [kept.experiment for kept in recorder.unsent.waiting()] == ["iris"]


def test_a_run_that_was_killed_half_recorded_is_completed(recorder: Recorder, client: MlflowClient) -> None:
    experiment = client.get_experiment_by_name("digits")
    assert experiment is not None
    torn = client.create_run(experiment.experiment_id, tags={"dnnexp.key": "study/d2/screen/t0"})
    client.log_param(torn.info.run_id, "model.depth", "2")
    assert recorder.recorded() == set()
    recorder.record(trial(0))
    (run,) = runs_of(recorder)
    assert (run.info.run_id, run.info.status) == (torn.info.run_id, "FINISHED")
    assert run.data.params == {"model.depth": "2", "optimizer.lr": "0.01"}
    assert len(client.get_metric_history(run.info.run_id, "train/loss")) == 3


def test_children_stand_under_the_one_parent_that_every_resumption_finds_again(uri: str, root: Path) -> None:
    parents = set()
    for number in range(3):
        recorder = Recorder(uri, root, "digits")
        parents.add(recorder.record(sweep()))
        recorder.record(trial(number, parent="study"))
    (parent,) = parents
    children = [run for run in runs_of(recorder) if run.data.tags["dnnexp.role"] == "screen"]
    assert [run.data.tags["mlflow.parentRunId"] for run in children] == [parent] * 3


def test_a_sweep_grows_by_what_is_new(recorder: Recorder, client: MlflowClient) -> None:
    recorder.record(sweep(curves={"depth/score": {1: 0.5}}, params={"search.trials_per_depth": 10}))
    recorder.record(sweep(curves={"depth/score": {1: 0.5, 2: 0.6}}, params={"search.trials_per_depth": 20}))
    run_id = recorder.record(
        sweep(
            curves={"depth/score": {1: 0.55, 2: 0.6}},
            params={"search.trials_per_depth": 20, "seed": 1},
            status="FINISHED",
            end_time=2000.0,
            artifacts={"leaderboard.csv": "a,b\n"},
        )
    )
    assert run_id is not None, recorder.trouble
    history = client.get_metric_history(run_id, "depth/score")
    assert sorted((point.step, point.value) for point in history) == [(1, 0.5), (1, 0.55), (2, 0.6)]
    run = client.get_run(run_id)
    assert run.data.params == {"search.trials_per_depth": "10", "seed": "1"}
    assert run.data.tags["dnnexp.changed"] == "search.trials_per_depth: 10 → 20"
    assert (run.info.status, run.info.end_time) == ("FINISHED", 2_000_000)
    assert [item.path for item in client.list_artifacts(run_id)] == ["leaderboard.csv"]


def test_a_sweep_that_goes_on_runs_again(recorder: Recorder, client: MlflowClient) -> None:
    run_id = recorder.record(sweep(status="FINISHED"))
    assert recorder.record(sweep()) == run_id
    assert run_id is not None
    assert client.get_run(run_id).info.status == "RUNNING"


def test_recorded_keys_are_those_of_ended_runs_of_that_study_whatever_its_name(recorder: Recorder) -> None:
    studies = ["study", "study 2", "it's 100 %", 'say "no"', "größe_x"]
    for study in studies:
        recorder.record(RunRecord(f"{study}/d1/t0", "n"))
    recorder.record(sweep())
    for study in studies:
        assert recorder.recorded(f"{study}/") == {f"{study}/d1/t0"}
    assert recorder.recorded() == {f"{study}/d1/t0" for study in studies}


def test_what_waits_for_one_store_is_not_sent_to_another(
    recorder: Recorder, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    away = Recorder(NOWHERE, root, "digits")
    assert away.record(trial(0)) is None
    assert recorder.send_unsent() == 0
    assert recorder.record(trial(1)) is not None
    assert [run.data.tags["dnnexp.key"] for run in runs_of(recorder)] == ["study/d2/screen/t1"]
    assert [run.key for run in Recorder(NOWHERE, root, "digits").unsent.waiting()] == ["study/d2/screen/t0"]


def test_a_server_that_accepts_and_does_not_answer_is_not_waited_for_most_of_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(NOWHERE, tmp_path, "digits")
    clock, tried = [0.0], []

    def time_out(*_: Any, **__: Any) -> str:
        tried.append(clock[0])
        clock[0] += 60
        raise TrackingError("no answer")

    monkeypatch.setattr(recorder, "_send", time_out)
    monkeypatch.setattr("dnnexp.tracking.recorder.time.monotonic", lambda: clock[0])
    for number in range(1000):
        assert recorder.record(trial(number)) is None
        clock[0] += 5  # seconds that a trial takes
    assert 2 <= len(tried) <= 0.1 * clock[0] / 60 + 1
    assert len(recorder.unsent) == 1000


def test_what_an_unreachable_server_does_not_take_is_kept_and_sent_once_later(
    uri: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    away = unreachable(uri, root)
    assert away.record(sweep(curves={"depth/score": {1: 0.5}})) is None
    assert "Connection refused" in away.trouble
    assert "\n" not in away.trouble
    for number in range(3):
        assert away.record(trial(number, parent="study", artifacts={"a.bin": b"\x00\xff"})) is None
    assert away.send_unsent() == 0
    with pytest.raises(TrackingError, match="Connection refused"):
        away.recorded()

    back = Recorder(uri, root, "digits")
    assert back.recorded("study/") == {f"study/d2/screen/t{number}" for number in range(3)}  # nobody records them again
    assert back.send_unsent() == 4
    assert back.send_unsent() == 0
    assert len(back.unsent) == 0
    parent, *children = runs_of(back)
    assert [run.data.tags["mlflow.parentRunId"] for run in children] == [parent.info.run_id] * 3
    assert [run.data.metrics["test/accuracy"] for run in children] == [0.8] * 3
    assert (root / "artifacts" / children[0].info.run_id / "artifacts" / "a.bin").read_bytes() == b"\x00\xff"


def test_a_record_that_mlflow_refuses_stays_and_the_others_go(recorder: Recorder) -> None:
    recorder.unsent.keep(trial(0, params={"a/../b": 1}))
    recorder.unsent.keep(trial(1))
    recorder.unsent.keep(trial(2, parent="a study that is not there"))
    assert recorder.send_unsent() == 1
    assert recorder.recorded() == {f"study/d2/screen/t{number}" for number in range(3)}
    assert {run.key for run in recorder.unsent.waiting()} == {"study/d2/screen/t0", "study/d2/screen/t2"}
    assert "a study that is not there" in recorder.trouble


def test_an_artifact_stays_inside_its_run(recorder: Recorder, root: Path) -> None:
    assert recorder.record(trial(0, artifacts={"../../../stray.txt": "x"})) is None
    assert "need a path inside the run" in recorder.trouble
    assert not list(root.rglob("stray.txt"))


def test_where_nothing_can_be_written_the_loss_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    (root / "outputs").write_text("a file where the folder should be")
    recorder = Recorder(NOWHERE, root, "digits")
    assert recorder.record(trial(0)) is None
    assert "'study/d2/screen/t0' could not be kept either" in recorder.trouble


def test_a_view_of_a_study_is_found_by_its_address(recorder: Recorder, client: MlflowClient) -> None:
    address = recorder.show(
        study_view({"dnnexp.study": "study"}, "score/accuracy", "test/accuracy", greater_is_better=True)
    )
    experiment = client.get_experiment_by_name("digits")
    assert experiment is not None
    assert address.startswith(f"#/experiments/{experiment.experiment_id}/runs?")
    assert f"mlflow.sharedViewState.{address.rpartition('=')[2]}" in experiment.tags


def test_prepared_views_are_listed_from_the_database_the_newest_first(recorder: Recorder, root: Path) -> None:
    assert pages(root / "mlflow.db") == []
    made = []
    for study in ("one", "two"):
        made.append(
            (f"Study {study}", recorder.show(study_view({"dnnexp.study": study}, "s", "t", greater_is_better=True)))
        )
        time.sleep(0.002)
    assert pages(root / "mlflow.db") == made[::-1]


def test_a_run_names_its_data_with_the_whole_hashes_once(uri: str, root: Path) -> None:
    recorder = Recorder(uri, root, "digits", data=DATA)
    for _ in range(2):
        recorder.record(sweep())
        recorder.record(trial(0, parent="study"))
    for run in runs_of(recorder):
        ((dataset, tags),) = [(given.dataset, given.tags) for given in run.inputs.dataset_inputs]
        assert (dataset.name, dataset.digest) == ("digits", DATA.sha256[:36])
        assert [(tag.key, tag.value) for tag in tags] == [("mlflow.data.context", "training")]
        profile = json.loads(dataset.profile)
        assert (profile["sha256"], profile["test_rows_sha256"]) == (DATA.sha256, DATA.split_sha256)
        assert (profile["num_rows"], profile["num_test_rows"], profile["num_columns"]) == (1797, 359, 64)
        assert json.loads(dataset.source) == {"uri": "https://me:***@host/digits.csv"}


def test_what_was_kept_goes_to_its_own_experiment_with_its_own_provenance_whoever_sends_it(
    uri: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    away = unreachable(uri, root, context={"mlflow.source.name": "the first command"}, data=DATA)
    away.record(sweep())
    away.record(trial(0, parent="study"))

    other = Recorder(uri, root, "iris", "about iris", context={"mlflow.source.name": "another", "dnnexp.blas": "x"})
    assert other.send_unsent() == 2
    assert other.recorded() == set()
    runs = runs_of(Recorder(uri, root, "digits"))
    assert {run.data.tags["mlflow.source.name"] for run in runs} == {"the first command"}
    assert not [run for run in runs if "dnnexp.blas" in run.data.tags]
    assert [run.inputs.dataset_inputs[0].dataset.name for run in runs] == ["digits", "digits"]
    assert runs[1].data.tags["mlflow.parentRunId"] == runs[0].info.run_id


@pytest.mark.parametrize("is_away", [False, True])
def test_a_description_links_to_runs_and_files_even_where_it_waited_to_be_sent(
    is_away: bool, uri: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    recorder = unreachable(uri, root) if is_away else Recorder(uri, root, "digits")
    chosen, gone = run_link("the network", "study/d2/screen/t0"), run_link("no network", "study/d9")
    text = f"See {chosen}, {gone}, {file_link('all trials', 'leaderboard.csv')}."
    recorder.record(sweep())
    recorder.record(trial(0, parent="study"))
    recorder.record(sweep(tags={"mlflow.note.content": text}, status="FINISHED"))
    back = Recorder(uri, root, "digits")
    back.send_unsent()
    assert len(back.unsent) == 0
    parent, child = runs_of(back)
    here = f"#/experiments/{parent.info.experiment_id}/runs"
    assert parent.data.tags["mlflow.note.content"] == (
        f"See [the network]({here}/{child.info.run_id}), no network, "
        f"[all trials]({here}/{parent.info.run_id}/artifacts/leaderboard.csv)."
    )


@pytest.mark.slow  # MLflow waits 20 seconds for a lock
def test_a_database_that_another_process_has_locked_costs_no_record(uri: str, root: Path) -> None:
    recorder = Recorder(uri, root, "digits")
    assert recorder.record(trial(0)) is not None
    with contextlib.closing(sqlite3.connect(root / "mlflow.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert recorder.record(trial(1)) is None
        assert "database is locked" in recorder.trouble
        assert "\n" not in recorder.trouble
        other.execute("ROLLBACK")
    assert recorder.send_unsent() == 1
    assert recorder.trouble == ""
    assert [run.info.run_name for run in runs_of(recorder)] == ["d2-t0", "d2-t1"]
