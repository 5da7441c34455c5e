"""The best network of every depth is left as a model, the choice under its own role."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from dnnexp.config.composition import Composer
from dnnexp.config.schema import sqlite_url
from dnnexp.errors import DnnexpError
from dnnexp.predictor import Predictor
from dnnexp.recording import trained
from dnnexp.search.storage import open_storage
from dnnexp.search.studies import Studies
from dnnexp.study import make_protocol
from dnnexp.sweep import main
from dnnexp.tracking.model import fetch_predictor
from dnnexp.tracking.store import open_store

OVERRIDES = (
    "data=wine", "study=s", "search.max_depth=3", "search.patience=3", "search.trials_per_depth=2", "search.rescore=1",
    "trainer.epochs=8", "evaluation.folds=3", "search.confirm_seeds=2",
)  # fmt: skip


def sweep(*overrides: str) -> None:
    assert main(["--quiet", *OVERRIDES, *overrides]) == 0


def runs(*roles: str) -> list[Run]:
    client = MlflowClient(f"sqlite:///{Path('runs/mlflow.db').resolve()}")
    found = client.search_runs([experiment.experiment_id for experiment in client.search_experiments()])
    return [run for run in found if run.data.tags["dnnexp.role"] in roles]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_best_network_of_every_depth_is_left_as_a_model_that_scores_what_its_run_says(tmp_path: Path) -> None:
    sweep()
    left = runs("champion", "winner")
    assert sorted(run.data.tags["dnnexp.depth"] for run in left) in (["1", "2", "3"], ["1", "1", "2", "3"])
    assert len(runs("champion")) == 1
    store = open_store(f"sqlite:///{Path('runs/mlflow.db').resolve()}", Path("runs"))
    protocol = make_protocol(Composer().compose([*OVERRIDES]))
    X, y = protocol.dataset.X.iloc[protocol.split.test], protocol.dataset.y[protocol.split.test]
    for i, run in enumerate(left):
        folder = tmp_path / str(i)
        folder.mkdir()
        predictor = Predictor.load(fetch_predictor(store, f"runs:/{run.info.run_id}/model", folder))
        right = predictor.code.codes(predictor.outputs(X)) == y
        assert np.mean(right) == pytest.approx(run.data.metrics["test/accuracy"], abs=1e-12)
        assert len(predictor.architecture.n) - 2 == int(run.data.tags["dnnexp.depth"])
    (whole,) = runs("sweep")
    for run in runs("winner"):
        assert f"runs/{run.info.run_id})" in whole.data.tags["mlflow.note.content"]
    sweep()
    assert len(runs("champion", "winner")) == len(left)


def test_a_winner_that_diverges_on_all_rows_is_a_failed_run_that_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def diverge(*_: Any) -> None:
        raise DnnexpError("diverged in epoch 3")

    monkeypatch.setattr(trained, "refit_choice", diverge)
    sweep()
    winners = runs("winner")
    assert winners
    for run in winners:
        assert run.info.status == "FAILED"
        assert run.data.tags["dnnexp.reason"] == "diverged in epoch 3"
        assert "score/accuracy" in run.data.metrics
        assert "test/accuracy" not in run.data.metrics


def test_the_champion_is_the_network_that_was_confirmed_where_the_batch_size_was_searched() -> None:
    overrides = [*OVERRIDES, "search.space.batch_size=[128]", "trainer.batch_size=8", "search.rescore=0"]
    overrides += ["trainer.epochs=20", "evaluation.metric=log_loss"]  # a score in which every step shows
    assert main(["--quiet", *overrides]) == 0
    tried = Studies(open_storage(sqlite_url(Path("runs/optuna.db"))), "s").read_all()
    (confirmed,) = [record for record in tried if record.stage == "confirm"]
    predictor = Predictor.load(Path("runs/outputs/s/model.npz"))
    protocol = make_protocol(Composer().compose(overrides))
    X, y = protocol.dataset.X.iloc[protocol.split.test], protocol.dataset.y[protocol.split.test]
    log_loss = -np.mean(np.log(predictor.outputs(X)[np.arange(len(y)), y]))
    assert log_loss == pytest.approx(confirmed.test_scores[0], rel=1e-6)  # the model file holds float32


def test_a_champion_of_one_score_has_no_standard_error_and_no_number_that_is_not_finite() -> None:
    overrides = [text for text in OVERRIDES if not text.startswith("evaluation.")]
    assert main(["--quiet", *overrides, "evaluation=holdout", "search.rescore=0", "search.max_depth=1"]) == 0
    for run in runs("champion", "screen", "sweep"):
        assert "score/accuracy_se" not in run.data.metrics
        assert not any("score/accuracy_se" in text for text in run.data.tags.values())


def test_what_was_chosen_before_a_study_went_on_is_not_called_the_champion_any_more() -> None:
    sweep("search.trials_per_depth=1")
    (before,) = runs("champion")
    sweep("search.trials_per_depth=6", "search.rescore=0")
    (after,) = runs("champion")
    winners = runs("winner")
    assert len({run.data.tags["dnnexp.depth"] for run in winners}) == len(winners)
    if before.info.run_id != after.info.run_id:
        assert before.info.run_id in {run.info.run_id for run in runs("former", "winner")}


def test_two_studies_of_one_name_in_one_store_of_mlflow_are_both_recorded_whole(tmp_path: Path) -> None:
    shared = f"tracking.uri=sqlite:///{tmp_path / 'runs' / 'mlflow.db'}"
    for seed in (0, 1):
        sweep(f"paths.root={tmp_path / str(seed)}", shared, f"seed={seed}")
    champions = runs("champion")
    assert sorted(run.data.params["seed"] for run in champions) == ["0", "1"]
    assert len(runs("sweep")) == 2
    assert len(runs("screen")) == 12
    above = {run.info.run_id: run.data.params["seed"] for run in runs("sweep")}
    assert all(above[run.data.tags["mlflow.parentRunId"]] == run.data.params["seed"] for run in runs("screen"))
    store = open_store(shared.removeprefix("tracking.uri="), tmp_path)
    newest = store.client.get_model_version_by_alias("s", "champion")
    assert newest.run_id in {run.info.run_id for run in champions if run.data.params["seed"] == "1"}
