"""Every experiment's configuration is composed and trained, with few epochs and layers."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnnexp.config import Composer
from dnnexp.config.vocabulary import Vocabulary, conf_folder
from dnnexp.sweep import main as sweep
from dnnexp.train import main

EXPERIMENTS = Path(__file__).resolve().parent.parent / "experiments"
VERY_DEEP = EXPERIMENTS / "very_deep"
DEPTH_GROWTH = EXPERIMENTS / "depth_growth"
SHARED = EXPERIMENTS.parent.parent / "shared" / "data"
NETWORKS = Vocabulary([VERY_DEEP]).options("experiment")


@pytest.mark.parametrize("study", sorted(path.parent.name for path in EXPERIMENTS.glob("*/study.yaml")))
def test_a_study_is_composed_and_has_its_readme(study: str) -> None:
    config = Composer("study", EXPERIMENTS / study).compose()
    assert config.trainer.epochs > 1
    assert (EXPERIMENTS / study / "README.md").read_text().startswith("# ")


@pytest.mark.parametrize("experiment", Vocabulary([conf_folder()]).options("experiment"))
def test_a_packaged_experiment_trains(experiment: str, empty_folder: Path) -> None:
    assert main([f"experiment={experiment}", "data=wine", "tracking=none", "trainer.epochs=2", "-q"]) == 0


@pytest.mark.parametrize("network", NETWORKS)
def test_a_network_of_very_deep_trains_without_touching_what_it_is_about(
    network: str, empty_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--config-dir", str(VERY_DEEP), "--config-name", "study", f"experiment={network}", "tracking=none", "-q"]
    assert main([*command, "trainer.epochs=1"]) == 0
    printed = capsys.readouterr()
    assert "for 12 steps: training accuracy" in printed.out
    assert ("will hardly train: the signal vanishes" in printed.err) == (network in ("sigmoid", "gaussian"))


@pytest.mark.parametrize(("network", "cannot"), [("plain", ""), ("sigmoid", "No learning rate proposed")])
def test_its_learning_rates_can_be_tested_too(
    network: str, cannot: str, empty_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--config-dir", str(VERY_DEEP), "--config-name", "study", f"experiment={network}", "tracking=none", "-q"]
    rates = ["trainer=lr_range_test", "trainer.rates=5", "trainer.lowest=1e-5", "trainer.highest=1e-1"]
    assert main([*command, *rates, "model.depth=30"]) == 0
    assert (cannot or "Proposed: optimizer.lr=0.00") in capsys.readouterr().out


def test_the_committed_results_reach_what_the_readme_says() -> None:
    lines = [line.split(",") for line in (VERY_DEEP / "results.csv").read_text().splitlines()]
    rows = [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]

    def mean(depth: int, activation: str, lr: float, optimizer: str = "adam") -> float:
        found = [
            float(row["test_accuracy"])
            for row in rows
            if (int(row["hidden_layers"]), row["activation"], row["optimizer"]) == (depth, activation, optimizer)
            and float(row["learning_rate"]) == lr
        ]
        assert len(found) == 3
        return sum(found) / 3

    assert mean(100, "tanh", 1e-4) >= 0.95
    assert mean(300, "tanh", 1e-4) >= 0.955
    assert mean(500, "tanh", 1e-4) >= 0.93
    assert mean(300, "relu", 1e-3) >= 0.95
    assert mean(100, "tanh", 1e-2, "sgd") >= 0.95
    assert max(mean(100, "tanh", lr, "sgd") for lr in (1e-5, 0.3)) < 0.3
    assert max(float(row["seconds"]) for row in rows) < 60


@pytest.mark.parametrize("name", ["digits", "penguins", "mpg"])
def test_the_ladder_of_depth_growth_climbs_its_data(name: str, empty_folder: Path) -> None:
    data = f"data={name}" if name == "digits" else f"experiment={name}_table"
    command = ["--config-dir", str(DEPTH_GROWTH), "--config-name", "study", data, "tracking=none", "-q"]
    if data.startswith("experiment="):
        file = SHARED / f"{name}.csv"
        if not file.is_file():
            pytest.skip(f"{file.name} is not here")
        command.append(f"data.path={file}")
    small = ["search.trials_per_depth=1", "search.max_depth=2", "search.rescore=0", "search.confirm_seeds=1"]
    assert sweep([*command, *small, "trainer.epochs=1"]) == 0
    assert "Tried: 2 configurations at depths 1, 2." in Path(f"runs/outputs/{name}/answer.txt").read_text()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "depth", "bar"), [("plain", 100, 0.95), ("plain", 500, 0.93), ("rezero", 300, 0.95)]
)
def test_hundreds_of_layers_train(
    network: str, depth: int, bar: float, empty_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--config-dir", str(VERY_DEEP), "--config-name", "study", "tracking=none", "-q"]
    assert main([*command, f"experiment={network}", f"model.depth={depth}"]) == 0
    assert float(capsys.readouterr().out.rpartition("test accuracy ")[2].split()[0]) >= bar
