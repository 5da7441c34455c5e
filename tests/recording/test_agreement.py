"""One real sweep, read from every place where its figures stand: they are the same figures."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from mlflow import MlflowClient
from mlflow.entities import Run
from sklearn.datasets import load_wine

from dnnexp.config.schema import sqlite_url
from dnnexp.search.journal import StudyRuns
from dnnexp.search.records import TrialRecord
from dnnexp.search.storage import open_storage
from dnnexp.search.studies import Studies
from dnnexp.sweep import main


class Traces(NamedTuple):
    """What a sweep left."""

    root: Path
    client: MlflowClient
    study: StudyRuns
    runs: dict[str, Run]  # by key
    tried: dict[str, TrialRecord]  # by the key of their runs

    @property
    def parent(self) -> Run:
        return self.runs[self.study.key()]

    @property
    def champion(self) -> Run:
        return next(run for key, run in self.runs.items() if key.startswith(self.study.key("champion", "")))

    def artifacts(self, run: Run) -> Path:
        return self.root / "artifacts" / run.info.run_id / "artifacts"


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory) -> Traces:
    root = tmp_path_factory.mktemp("sweep")
    small = ("data=wine", "search.trials_per_depth=4", "search.max_depth=2", "search.patience=2", "trainer.epochs=15")
    assert main(["--quiet", *small, "study=s", f"paths.root={root}"]) == 0
    client = MlflowClient(f"sqlite:///{root}/mlflow.db")
    experiment = client.get_experiment_by_name("wine")
    assert experiment is not None
    studies = Studies(open_storage(sqlite_url(root / "optuna.db")), "s")
    study = StudyRuns("s", studies.identity)
    ended = [r for r in studies.read_all() if r.state != "failed"]
    tried = {study.key(f"d{r.depth:02d}", r.stage, f"t{r.number}"): r for r in ended}
    runs = {run.data.tags["dnnexp.key"]: run for run in client.search_runs([experiment.experiment_id])}
    return Traces(root, client, study, runs, tried)


def test_every_trial_of_optunas_is_a_run_of_mlflows_with_the_same_numbers(traces: Traces) -> None:
    others = {key: run.data.tags["dnnexp.role"] for key, run in traces.runs.items() if key not in traces.tried}
    assert sorted(others.values()) in (["champion", "sweep", "winner"], ["champion", "sweep", "winner", "winner"])
    for key, record in traces.tried.items():
        run = traces.runs[key]
        assert run.data.metrics.items() >= {**record.metrics, "seconds": record.seconds}.items()
        if record.stage == "screen" and record.state == "complete":
            assert run.data.metrics["score/accuracy"] == record.score
        curve = traces.client.get_metric_history(run.info.run_id, "val/accuracy")
        assert [point.value for point in sorted(curve, key=lambda point: point.step)] == list(
            record.curves.get("val/accuracy", ())
        )


def test_the_leaderboard_is_what_mlflow_has(traces: Traces) -> None:
    text = (traces.root / "outputs" / "s" / "leaderboard.csv").read_text(encoding="utf-8")
    assert (traces.artifacts(traces.parent) / "leaderboard.csv").read_text(encoding="utf-8") == text
    rows = [row for row in csv.DictReader(text.splitlines()) if row["state"] != "baseline"]
    assert len(rows) == 8
    again = {(r.depth, r.claim): key for key, r in traces.tried.items() if r.stage == "rescore"}
    assert len(again) == 4
    for row in rows:
        key = traces.study.key(f"d{int(row['depth']):02d}", "screen", f"t{row['trial']}")
        run, judged = traces.runs[key], traces.runs[again.get((int(row["depth"]), int(row["trial"])), key)]
        assert run.info.run_name == f"{row['network']}-t{int(row['trial']):03d}"
        assert run.data.params["model.widths"] == row["widths"]
        assert run.data.params["model.parameters"] == row["parameters"]
        assert run.data.params["optimizer.lr"] == row["lr"]
        if row["score"]:
            assert run.data.metrics["score/accuracy"] == float(row["screening"])
            assert judged.data.metrics["score/accuracy"] == float(row["score"])
            assert judged.data.metrics["score/accuracy_se"] == float(row["standard_error"])
            assert judged.data.metrics["test/accuracy"] == float(row["test"])


def test_the_run_of_the_sweep_says_the_printed_answer_and_has_the_figures_of_the_champion(traces: Traces) -> None:
    answer = (traces.root / "outputs" / "s" / "answer.txt").read_text(encoding="utf-8")
    note = traces.parent.data.tags["mlflow.note.content"]
    assert [line.removeprefix("- ") for line in note.partition("\n\n")[0].splitlines()] == answer.splitlines()
    here = f"#/experiments/{traces.parent.info.experiment_id}/runs"
    assert f"[the chosen network]({here}/{traces.champion.info.run_id})" in note
    assert f"[leaderboard.csv]({here}/{traces.parent.info.run_id}/artifacts/leaderboard.csv)" in note
    assert f"({here}/{traces.parent.info.run_id})" in traces.champion.data.tags["mlflow.note.content"]
    confirmed = next(record for record in traces.tried.values() if record.stage == "confirm")
    for run in (traces.parent, traces.champion):
        assert run.data.metrics["test/accuracy"] == confirmed.test_scores[0]
        assert (
            f"accuracy {run.data.metrics['score/accuracy']:.4f} ± {run.data.metrics['score/accuracy_se']:.4f}" in note
        )
        assert f"test accuracy {run.data.metrics['test/accuracy']:.4f}" in note
    best = [max(r.score or 0 for r in traces.tried.values() if (r.depth, r.stage) == (d, "rescore")) for d in (1, 2)]
    curve = traces.client.get_metric_history(traces.parent.info.run_id, "depth/accuracy")
    assert sorted((point.step, point.value) for point in curve) == [(1, best[0]), (2, best[1])]


def test_trials_carry_no_files_and_the_others_what_is_needed_to_look_at_them(traces: Traces) -> None:
    files = {key: {path.name for path in traces.artifacts(run).glob("*")} for key, run in traces.runs.items()}
    assert not [key for key in traces.tried if files[key]]
    assert files[traces.study.key()] >= {"answer.txt", "config.yaml", "depth_curve.png", "leaderboard.csv"}
    champion = traces.champion.data.tags["dnnexp.key"]
    assert files[champion] == {"config.yaml", "confusion_matrix.png", "dimensions.txt", "learning_curve.png"}
    widths = traces.champion.data.params["model.widths"].split("x")
    dimensions = (traces.artifacts(traces.champion) / "dimensions.txt").read_text(encoding="utf-8")
    assert all(width in dimensions for width in widths)
    for run in traces.runs.values():
        if run.data.tags["dnnexp.role"] in ("champion", "winner"):
            chosen = yaml.safe_load((traces.artifacts(run) / "config.yaml").read_text(encoding="utf-8"))
            assert "x".join(map(str, chosen["model"]["widths"])) == run.data.params["model.widths"]
            assert str(chosen["optimizer"]["lr"]) == run.data.params["optimizer.lr"]


def test_every_run_says_where_it_comes_from(traces: Traces) -> None:
    X, _ = load_wine(return_X_y=True)
    for run in traces.runs.values():
        tags = run.data.tags
        assert tags["mlflow.source.name"].startswith("python -m dnnexp.sweep")
        assert {"mlflow.user", "dnnexp.packages", "dnnexp.python", "dnnexp.platform", "dnnexp.blas"} <= set(tags)
        assert (tags["dnnexp.seed"], tags["dnnexp.threads"]) == ("0", "1")
        assert len(tags["dnnexp.data_sha256"]) == len(tags["dnnexp.split_sha256"]) == hashlib.sha256().digest_size * 2
        (given,) = run.inputs.dataset_inputs
        profile = json.loads(given.dataset.profile)
        assert profile["sha256"] == tags["dnnexp.data_sha256"]
        assert profile["test_rows_sha256"] == tags["dnnexp.split_sha256"]
        assert (profile["num_rows"], profile["num_columns"]) == X.shape
        assert run.info.end_time >= run.info.start_time
