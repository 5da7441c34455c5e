"""Which columns matter is found from the rows handed in, and only those are asked for later."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_friedman1

from dnnexp.data.preprocessing import Preprocessor, column_importances
from dnnexp.data.schema import SELECTORS, PreprocessingConfig
from dnnexp.errors import ConfigError


def friedman(columns: int = 25) -> tuple[pd.DataFrame, np.ndarray]:
    X, y = make_friedman1(n_samples=300, n_features=columns, noise=1.0, random_state=0)
    order = np.random.default_rng(0).permutation(columns)
    return pd.DataFrame(X[:, order], columns=[f"x{i}" for i in order]), y[:, None]


def test_trees_find_the_five_columns_that_matter_among_twenty_five() -> None:
    X, y = friedman()
    fitted = Preprocessor.fit(PreprocessingConfig(select=5), X, y, "regression")
    assert set(fitted.columns) == {"x0", "x1", "x2", "x3", "x4"}
    assert list(fitted.columns) == [column for column in X.columns if column in fitted.columns]
    expected = Preprocessor.fit(PreprocessingConfig(), X[list(fitted.columns)])
    np.testing.assert_array_equal(fitted.transform(X), expected.transform(X))
    np.testing.assert_array_equal(fitted.transform(X[list(fitted.columns)]), expected.transform(X))


@pytest.mark.parametrize("by", SELECTORS)
@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel", "regression"])
def test_a_column_that_tells_the_target_is_kept_whatever_the_task_and_the_kind(by: str, task: str) -> None:
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 3 if task == "multiclass" else 2, 150)
    y = {"multilabel": np.stack([codes, 1 - codes], axis=1), "regression": codes[:, None] * 1e300}.get(task, codes)
    noise = pd.DataFrame(rng.normal(size=(150, 6)), columns=list("abcdef"))
    word = np.array(["low", "middle", "high"], dtype=object)[codes]
    X = noise.assign(noise=rng.choice(list("xyz"), 150), word=word, level=codes + 0.1 * rng.normal(size=150))
    fitted = Preprocessor.fit(PreprocessingConfig(select=2, select_by=by), X, y, task)
    assert fitted.columns == ("word", "level")
    assert fitted.transform(X).shape == (150, 1 + (3 if task == "multiclass" else 1))


def test_the_same_seed_selects_the_same_and_other_rows_do_not_matter() -> None:
    X, y = friedman()
    config = PreprocessingConfig(select=7)
    first = Preprocessor.fit(config, X[:200], y[:200], "regression", seed=3)
    changed = X.copy()
    changed.iloc[200:] = 9.0
    again = Preprocessor.fit(config, changed[:200], y[:200], "regression", seed=3)
    assert first.state() == again.state()


def test_importances_are_those_of_all_features_of_a_column_whatever_the_scaling() -> None:
    X, y = friedman(10)
    X = X.assign(word=np.where(X["x0"] > 0.5, "up", "down"), gap=X["x3"].where(X["x3"] < 0.7))
    of_columns = column_importances(PreprocessingConfig(), X, y, "regression", 0)
    assert of_columns.shape == (12,)
    assert of_columns.sum() == pytest.approx(1)  # impurity decreases are shares
    robust = column_importances(PreprocessingConfig("robust", "quantile"), X, y, "regression", 0)
    np.testing.assert_array_equal(of_columns, robust)


def test_as_many_columns_as_there_are_is_all_of_them_and_more_is_refused() -> None:
    X, y = friedman(10)
    everything = Preprocessor.fit(PreprocessingConfig(), X)
    assert Preprocessor.fit(PreprocessingConfig(select=10), X, y, "regression").state() == everything.state()
    with pytest.raises(ConfigError, match="data.preprocessing.select: need at most 10, the columns there are, got 11"):
        Preprocessor.fit(PreprocessingConfig(select=11), X, y, "regression")
    with pytest.raises(ConfigError, match="data.preprocessing.select: need select >= 1"):
        PreprocessingConfig(select=0)
    with pytest.raises(ConfigError, match="unknown choice 'tree', did you mean 'trees'"):
        PreprocessingConfig(select_by="tree")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("by", SELECTORS)
def test_columns_that_say_nothing_are_no_trouble(by: str) -> None:
    X = pd.DataFrame({"a": 1.0, "b": np.nan, "c": [1.7e308, -1.7e308] * 6, "d": "x", "e": [None] * 12})
    fitted = Preprocessor.fit(PreprocessingConfig(select=2, select_by=by), X, np.arange(12.0)[:, None], "regression")
    assert len(fitted.columns) == 2
    assert np.isfinite(fitted.transform(X)).all()


def test_a_selecting_preprocessor_survives_json() -> None:
    X, y = friedman(10)
    fitted = Preprocessor.fit(PreprocessingConfig(select=3), X, y, "regression")
    restored = Preprocessor.from_state(json.loads(json.dumps(fitted.state())))
    assert restored.columns == fitted.columns
    assert restored.transform(X).tobytes() == fitted.transform(X).tobytes()
