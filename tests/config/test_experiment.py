from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dnnexp.config import Composer, experiment_text, write_experiment
from dnnexp.errors import ConfigError

FOUND = [
    "data=iris",
    "optimizer=adamw",
    "optimizer.lr=0.0123456789",
    "model.widths=[9,5]",
    "seed=3",
    "evaluation=holdout",
]


def test_an_experiment_written_under_the_root_is_found_there_and_says_the_same(empty_folder: Path) -> None:
    config = Composer().compose(FOUND)
    path = write_experiment(config, "best", "what the sweep chose")
    assert path == empty_folder / "runs" / "experiment" / "best.yaml"
    assert [file.name for file in path.parent.iterdir()] == ["best.yaml"]
    assert Composer().compose(["experiment=best"]) == config
    assert Composer().compose(["experiment=best", "data=wine"]).data.name == "wine"


def test_it_is_found_under_another_root_too(empty_folder: Path) -> None:
    config = Composer().compose([*FOUND, "paths.root=a folder"])
    write_experiment(config, "best")
    assert Composer().compose(["experiment=best", "paths.root=a folder"]) == config
    grid = Composer().compose_grid(["experiment=best,quick", "paths.root=a folder"])
    assert [c.data.name for c in grid] == ["iris", "digits"]
    with pytest.raises(ConfigError, match="no such option 'best'"):
        Composer().compose(["experiment=best"])


@pytest.mark.parametrize(
    "column", ["${seed}", "a ${b", "\\${seed}", "\\\\${seed}", "a\\b", "1e3", "true", "null", "a: b # c", "'"]
)
def test_columns_are_read_again_as_they_are_called(column: str, empty_folder: Path) -> None:
    config = Composer().compose(["data=csv", "data.path=a.csv", "data.target=y", "data.drop=[z]"])
    write_experiment(replace(config, data=replace(config.data, target=column, drop=["x", column])), "best")
    read = Composer().compose(["experiment=best"]).data
    assert (read.target, read.drop) == (column, ["x", column])


def test_a_choice_that_contradicts_it_is_said_not_mixed(empty_folder: Path) -> None:
    write_experiment(Composer().compose(FOUND), "best")
    with pytest.raises(
        ConfigError, match=r"optimizer.beta1: optimizer=sgd has no such key \(in experiment/best.yaml\)"
    ):
        Composer().compose(["experiment=best", "optimizer=sgd"])


@pytest.mark.parametrize(
    ("key", "given", "value"),
    [("model.width", "model.widths=[9,5]", 7), ("model.activation", "model.activations=[relu,tanh]", "silu")],
)
def test_an_override_that_a_list_of_it_makes_moot_is_refused_with_the_key_to_set(
    key: str, given: str, value: object, empty_folder: Path
) -> None:
    write_experiment(Composer().compose([*FOUND, given]), "best")
    for override in (f"{key}={value}", f"model={{{key.removeprefix('model.')}: {value}}}"):
        with pytest.raises(ConfigError) as refusal:
            Composer().compose(["experiment=best", override])
        assert str(refusal.value) == (
            f"{key}: changes nothing, because {key}s says it of each layer (in experiment/best.yaml); "
            f"set {key}s, or add {key}s=null model.depth=2"
        )
    freed = Composer().compose(["experiment=best", f"{key}={value}", f"{key}s=null", "model.depth=2"])
    assert [value in layer for layer in freed.model.hidden] == [True, True]
    assert Composer().compose([f"{key}={value}", given])  # as in a comparison, where one side says more


def test_what_came_from_the_environment_is_read_from_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_DATA", "/a/b.csv")
    text = experiment_text(Composer().compose(["data=csv", "data.path=${oc.env:MY_DATA}", "data.target=y"]))
    assert "/a/b.csv" not in text
    assert "path: ${oc.env:MY_DATA}" in text
