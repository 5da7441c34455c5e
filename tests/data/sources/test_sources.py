from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import yaml

from dnnexp.data.schema import DataConfig, PreprocessingConfig
from dnnexp.data.sources import SOURCES, load

CONF = Path(__file__).parents[3] / "conf" / "data"
FILES = ("csv", "idx", "npz", "parquet")
MADE = sorted(set(SOURCES) - set(FILES))


def settings(name: str) -> dict[str, object]:
    values: dict[str, object] = yaml.safe_load((CONF / f"{name}.yaml").read_text(encoding="utf-8"))
    return values


def config(name: str, **changes: object) -> DataConfig:
    values = settings(name) | changes
    return DataConfig(**values | {"preprocessing": PreprocessingConfig(**values["preprocessing"])})


def test_every_source_has_its_config_file_and_every_file_its_source() -> None:
    assert {path.stem for path in CONF.glob("*.yaml")} == set(SOURCES)
    assert all(settings(name)["name"] == name for name in SOURCES)


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_a_config_file_holds_known_keys_each_with_a_comment(name: str) -> None:
    known = {field.name for field in dataclasses.fields(DataConfig)}
    assert set(settings(name)) <= known
    lines = (CONF / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ")
    assert all(" # " in line for line in lines[1:] if line != "preprocessing:")


@pytest.mark.parametrize("name", MADE)
def test_a_source_keeps_the_contract_of_a_data_set(name: str) -> None:
    dataset = load(config(name))
    examples, columns = dataset.X.shape
    assert dataset.name == name
    assert examples >= 10
    assert dataset.X.columns.is_unique
    assert np.isfinite(dataset.X.to_numpy(dtype=np.float64)).all()
    assert len(dataset.sha256) == 64
    assert dataset.test_rows is None
    assert "\n" not in dataset.description
    assert dataset.task in dataset.description
    assert f"{examples:,} rows, {columns:,} numeric column" in dataset.description
    if dataset.task == "regression":
        assert dataset.y.shape == (examples, len(dataset.target_names))
        assert dataset.y.dtype == np.float64
        assert dataset.classes == ()
    else:
        assert dataset.y.shape == (examples,)
        assert set(dataset.y) == set(range(len(dataset.classes)))
        assert (dataset.task == "binary") == (len(dataset.classes) == 2)
    if dataset.image_shape is not None:
        assert np.prod(dataset.image_shape) == columns


@pytest.mark.parametrize("name", MADE)
def test_the_same_config_is_the_same_data_and_the_config_file_says_the_usual_ones(name: str) -> None:
    assert load(config(name)).sha256 == load(config(name)).sha256 == load(DataConfig(name=name)).sha256


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        (name, key, value)
        for name in MADE
        for key, value in {"seed": 1, "examples": 60, "noise": 0.35, "bits": 6, "compositions": 2, "columns": 9}.items()
        if key in settings(name)
    ],
)
def test_every_key_of_a_generator_changes_its_data(name: str, key: str, value: float) -> None:
    assert load(config(name, **{key: value})).sha256 != load(config(name)).sha256


@pytest.mark.parametrize("name", MADE)
def test_the_task_can_be_overridden(name: str) -> None:
    inferred = load(config(name))
    if inferred.task == "binary":
        assert load(config(name, task="multiclass")).task == "multiclass"
    elif inferred.task == "regression" and name == "sawtooth":
        assert load(config(name, task="binary")).task == "binary"
