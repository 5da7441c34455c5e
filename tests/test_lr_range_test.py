"""The learning-rate range test from the command line to its figure."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mlflow import MlflowClient

from dnnexp import sweep, train
from dnnexp.config.vocabulary import Vocabulary, conf_folder

SMALL = ("trainer=lr_range_test", "data=wine", "trainer.rates=6", "trainer.lowest=1e-4")


def test_it_proposes_a_rate_leaves_its_files_and_trains_nothing_else(
    empty_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train.main([*SMALL, "tracking=none", "model.depth=2"]) == 0
    said = capsys.readouterr().out
    assert re.search(r"Proposed: optimizer\.lr=0\.\d+, where the training cost is lowest after 60 steps", said)
    assert "test accuracy" not in said
    files = sorted(path.name for path in (empty_folder / "runs" / "outputs" / "lr_range_test").rglob("*.*"))
    assert files == ["lr_range_test.csv", "lr_range_test.png", "lr_range_test.txt"]


def test_it_is_recorded_with_its_proposal_and_its_figure(empty_folder: Path) -> None:
    assert train.main([*SMALL, "-q"]) == 0
    client = MlflowClient(f"sqlite:///{empty_folder}/runs/mlflow.db")
    (experiment,) = [e for e in client.search_experiments() if e.name == "wine"]
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.data.tags["dnnexp.role"] == "range"
    assert run.data.tags["mlflow.runName"] == "range-d1-64-silu-adamw"
    assert 1e-4 < run.data.metrics["range/lr"] < 10
    assert not any(key.startswith(("test/", "score/")) for key in run.data.metrics)
    assert "lr_range_test.png" in {file.path for file in client.list_artifacts(run.info.run_id)}


@pytest.mark.parametrize(
    ("can_keep", "said"), [(True, "is kept, and sent there by the next"), (False, "nothing is kept")]
)
def test_what_mlflow_did_not_take_is_said_to_be_kept_where_it_is(
    can_keep: bool, said: str, empty_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unsent = empty_folder / "runs" / "outputs" / "unsent"
    unsent.parent.mkdir(parents=True)
    if not can_keep:
        unsent.touch()  # a file, where a folder would be
    assert train.main([*SMALL, "tracking.uri=http://127.0.0.1:9"]) == 0
    answer = " ".join(capsys.readouterr().out.split())
    assert "MLflow could not be reached" in answer
    assert said in answer


def test_a_sweep_does_not_take_it_for_a_training(empty_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep.main([*SMALL]) == 2
    assert "trainer: a sweep trains, got lr_range_test" in capsys.readouterr().err
    assert list(empty_folder.iterdir()) == []


def test_what_is_set_for_a_training_can_be_left_standing() -> None:
    vocabulary = Vocabulary([conf_folder()])
    trained, tested = (set(vocabulary.entries("trainer", name)) for name in ("default", "lr_range_test"))
    assert tested - trained == {"rates", "lowest", "highest", "steps"}
    assert trained <= tested


@pytest.mark.parametrize(
    ("override", "law"), [("rates=2", "rates >= 3"), ("lowest=0", "lowest > 0"), ("highest=1e-9", "highest > lowest")]
)
def test_a_ladder_that_cannot_be_climbed_is_refused(
    override: str, law: str, empty_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train.main([*SMALL, f"trainer.{override}"]) == 2
    assert law in capsys.readouterr().err
