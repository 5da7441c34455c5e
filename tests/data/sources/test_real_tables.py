"""Real data as people have them, read with no preparation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from dnnexp.data.schema import DataConfig
from dnnexp.data.sources import load


def test_penguins_are_read_with_their_gaps_and_categories(shared: Callable[[str], str]) -> None:
    dataset = load(DataConfig(name="csv", path=shared("penguins.csv"), target="species"))
    assert (dataset.name, dataset.task, dataset.X.shape) == ("penguins", "multiclass", (344, 6))
    assert [dtype.kind for dtype in dataset.X.dtypes] == ["O", "f", "f", "f", "f", "O"]
    assert dataset.X["sex"].isna().sum() == 11
    assert set(dataset.X["island"]) == {"Biscoe", "Dream", "Torgersen"}


def test_mpg_is_read_and_its_names_are_warned_of(shared: Callable[[str], str]) -> None:
    dataset = load(DataConfig(name="csv", path=shared("mpg.csv"), target="mpg"))
    assert (dataset.task, dataset.X.shape) == ("regression", (398, 8))
    assert dataset.X["horsepower"].isna().sum() == 6
    assert "  warning     'name': 305 texts in 398 rows, most of them rare" in dataset.summary


def test_diamonds_are_read_from_their_packed_file(shared: Callable[[str], str]) -> None:
    path = shared("diamonds.csv.gz")
    dataset = load(DataConfig(name="csv", path=path, target="price"))
    assert (dataset.name, dataset.task, dataset.X.shape) == ("diamonds", "regression", (53_940, 9))
    frame = pd.read_csv(path)
    np.testing.assert_array_equal(dataset.X["carat"], frame["carat"])
    assert dataset.X["cut"].tolist() == frame["cut"].tolist()


def test_titanic_is_stopped_by_the_column_that_tells_who_survived(
    shared: Callable[[str], str], refusal: Callable[..., str]
) -> None:
    settings = {"name": "csv", "path": shared("titanic.csv"), "target": "survived"}
    message = refusal(**settings)
    assert "column 'alive' says the same as the target 'survived' in every row:" in message
    assert "data.drop=[alive], or keep it with data.allow_leaks=true" in message
    dataset = load(DataConfig(**settings, drop=["alive"]))
    assert (dataset.task, dataset.classes, dataset.X.shape) == ("binary", ("0", "1"), (891, 13))
    assert dataset.X["deck"].isna().sum() == 688
