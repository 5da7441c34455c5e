"""What the protocol prepares: fitted on its own rows, of one width for a stack, kept within bounds."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_friedman1

from dnnexp.data.dataset import Dataset, assemble
from dnnexp.data.preprocessing import Preprocessor
from dnnexp.data.schema import PreprocessingConfig
from dnnexp.errors import DataError
from dnnexp.evaluation import protocol as rooms
from dnnexp.evaluation.configuration import Configuration
from dnnexp.evaluation.cross_validation import cross_validate
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.refit import refit
from dnnexp.evaluation.schema import EvaluationConfig
from dnnexp.training.schema import TrainerConfig


def noisy(seed: int = 0) -> Dataset:
    X, y = make_friedman1(n_samples=200, n_features=15, noise=1.0, random_state=seed)
    return assemble("noisy", X, [f"x{i}" for i in range(15)], y, ["y"], origin="made")


def mixed() -> Dataset:
    """Return numbers with gaps and two columns of categories, one with many rare ones."""
    dataset, rng = noisy(), np.random.default_rng(1)
    X = dataset.X.iloc[:, :4].copy()
    X["x1"] = X["x1"].where(rng.random(200) > 0.02)
    X["word"] = pd.Series(np.where(X["x0"] > 0.5, "up", "down"), dtype=object).where(rng.random(200) > 0.1, None)
    X["rare"] = pd.Series([f"r{i}" for i in rng.integers(0, 90, 200)], dtype=object)
    return dataclasses.replace(dataset, X=X)


def protocol_of(dataset: Dataset, **evaluation: object) -> Protocol:
    return Protocol(dataset, 0.2, EvaluationConfig(**evaluation), 0)  # type: ignore[arg-type]


def fitted_on(protocol: Protocol) -> list[np.ndarray]:
    return [np.concatenate([fold.train, fold.stop]) for fold in protocol.folds]


def test_folds_with_other_categories_are_padded_with_columns_of_zeros() -> None:
    dataset = mixed()
    protocol = protocol_of(dataset)
    config = PreprocessingConfig(categories=100)
    rows = fitted_on(protocol)
    X1 = protocol.prepare(config, rows, "float64").examples.X1.reshape(len(rows), 200, -1)
    widths = []
    for j, numbers in enumerate(rows):
        features = Preprocessor.fit(config, dataset.X.iloc[numbers]).transform(dataset.X)
        widths.append(features.shape[1])
        np.testing.assert_array_equal(X1[j, :, : widths[j]], features)
        assert not X1[j, :, widths[j] : -1].any()
    assert X1.shape[2] == max(widths) + 1 > min(widths) + 1
    assert (X1[:, :, -1] == 1).all()


@pytest.mark.parametrize("select", [None, 3])
def test_a_table_of_gaps_and_categories_is_learned_and_predicted(select: int | None) -> None:
    dataset = mixed()
    protocol = protocol_of(dataset)
    configuration = Configuration(trainer=TrainerConfig(epochs=30), preprocessing=PreprocessingConfig(select=select))
    assert cross_validate(configuration, protocol).scores.mean() > 0.2
    predictor = refit(configuration, protocol).predictor
    new = dataset.X.iloc[:5].assign(x3=np.nan, word="sideways", rare=None)
    assert np.isfinite(predictor.predict(new)).all()
    assert predictor.preprocessor.surprises["x3", "gap"] == 5


def test_columns_are_selected_by_the_rows_of_the_fold_alone() -> None:
    dataset = noisy()
    protocol = protocol_of(dataset)
    rows = fitted_on(protocol)
    y = dataset.y.copy()
    held = np.setdiff1d(np.arange(200), rows[0])
    y[held] = 1000 * dataset.X[["x9"]].to_numpy()[held]
    leaking = protocol_of(dataclasses.replace(dataset, y=y))
    config = PreprocessingConfig(select=4)
    honest, other = (p.prepare(config, rows[:1], "float64").preprocessors[0] for p in (protocol, leaking))
    assert honest.state() == other.state()


def test_which_columns_matter_is_found_once_for_each_fold(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    found = rooms.column_importances

    def counted(config: PreprocessingConfig, X: pd.DataFrame, *rest: object) -> np.ndarray:
        asked.append(len(X))
        return found(config, X, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(rooms, "column_importances", counted)
    protocol = protocol_of(noisy(), folds=3)
    for config in (
        PreprocessingConfig(select=k, scaling=scaling) for k in (2, 5) for scaling in ("standard", "robust")
    ):
        protocol.prepare(config, fitted_on(protocol), "float32")
    assert len(asked) == 3


def test_prepared_forms_are_kept_by_their_size_the_last_used_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    protocol = protocol_of(noisy(), folds=2)
    rows = fitted_on(protocol)
    one, two, three = (PreprocessingConfig(scaling) for scaling in ("standard", "robust", "none"))
    first = protocol.prepare(one, rows, "float32")
    size = first.examples.X1.nbytes + first.examples.Y.nbytes
    monkeypatch.setattr(rooms, "KEPT", 2 * size)
    second = protocol.prepare(two, rows, "float32")
    assert protocol.prepare(one, rows, "float32") is first
    protocol.prepare(three, rows, "float32")
    assert protocol.prepare(one, rows, "float32") is first
    assert protocol.prepare(two, rows, "float32") is not second
    monkeypatch.setattr(rooms, "KEPT", 1)  # less than any: the one in use is kept
    assert protocol.prepare(one, rows, "float32") is protocol.prepare(one, rows, "float32")


@pytest.mark.parametrize("kind", ["holdout", "cross_validation"])
@pytest.mark.parametrize("side", ["groups", "order"])
def test_of_eight_groups_or_times_the_best_are_scored_again_on_fewer_folds_each_of_them_another(
    kind: str, side: str
) -> None:
    codes = np.sort(np.random.default_rng(0).integers(0, 8, 200))
    protocol = protocol_of(dataclasses.replace(noisy(), **{side: codes}), kind=kind)
    again = [fold.score.tobytes() for fold in protocol.rescoring.folds]
    assert len(again) == len(set(again)) > 1
    if kind == "holdout":
        assert not {fold.score.tobytes() for fold in protocol.folds} & set(again)


def test_a_number_of_folds_that_groups_do_not_allow_is_named_by_its_own_key() -> None:
    codes = np.arange(200) % 5
    with pytest.raises(
        DataError, match=r"evaluation\.folds: 5 folds need at least 6 groups, got 4; take evaluation\.folds=3"
    ):
        protocol_of(dataclasses.replace(noisy(), groups=codes))
    assert len(protocol_of(dataclasses.replace(noisy(), groups=codes), folds=3).rescoring.folds) >= 3
