"""Sample weights count as repeated rows do; groups and times divide what is scored from what is learnt."""

from __future__ import annotations

import numpy as np
import pytest

from dnnexp.data.dataset import Dataset, assemble
from dnnexp.data.schema import PreprocessingConfig
from dnnexp.evaluation.class_weights import class_weights
from dnnexp.evaluation.configuration import Configuration
from dnnexp.evaluation.cross_validation import cross_validate
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.range_test import RangeTest
from dnnexp.evaluation.refit import refit
from dnnexp.evaluation.schema import EvaluationConfig
from dnnexp.evaluation.stack import make_member, train_stack
from dnnexp.network.optimizers import OptimizerConfig
from dnnexp.network.schema import ModelConfig
from dnnexp.training.examples import Examples
from dnnexp.training.schema import TrainerConfig

RNG = np.random.default_rng(0)
ROWS, TEST = 60, np.arange(50, 60)
X = RNG.normal(size=(ROWS, 3))
Y = {"binary": (X[:, 0] > 0.3 * X[:, 1]).astype(int), "regression": X[:, 0] - X[:, 1] ** 2}
WEIGHTS = np.append(RNG.integers(1, 5, 50), np.ones(10, int))


def data(target: np.ndarray, rows: np.ndarray, **sides: np.ndarray) -> Dataset:
    """Return the rows, repeated as they are; the last ten are the official test."""
    test = np.flatnonzero(rows >= TEST[0])
    return assemble("made", X[rows], list("abc"), target[rows], ["y"], origin="made", test_rows=test, **sides)


def configuration(**trainer: object) -> Configuration:
    """Return full batches of plain descent in double precision on raw inputs: only which rows there are counts."""
    return Configuration(
        ModelConfig(depth=1, width=5),
        OptimizerConfig("gradient_descent", lr=0.1, weight_decay=0.0),
        trainer=TrainerConfig(epochs=30, batch_size=None, precision="float64", label_smoothing=0.0, **trainer),
        preprocessing=PreprocessingConfig("none"),
    )


def protocols(task: str) -> tuple[Protocol, Protocol]:
    """Return the weighted data, and those with each row as often as its weight says."""
    weighted = data(Y[task], np.arange(ROWS), weights=7.0 * WEIGHTS)
    repeated = data(Y[task], np.repeat(np.arange(ROWS), WEIGHTS))
    return tuple(Protocol(dataset, 0.2, EvaluationConfig("none"), 0) for dataset in (weighted, repeated))  # type: ignore[return-value]


def test_a_weighted_row_counts_as_that_many_rows_in_training_and_in_scores() -> None:
    weighted, repeated = (refit(configuration(), protocol) for protocol in protocols("binary"))
    np.testing.assert_allclose(weighted.predictor.theta, repeated.predictor.theta, rtol=1e-9)
    assert weighted.metrics == pytest.approx(repeated.metrics, rel=1e-9)
    unweighted = refit(configuration(), Protocol(data(Y["binary"], np.arange(ROWS)), 0.2, EvaluationConfig("none"), 0))
    assert not np.allclose(weighted.predictor.theta, unweighted.predictor.theta, rtol=1e-3)


@pytest.mark.parametrize("class_weight", ["none", "balanced"])
def test_a_weighted_row_counts_as_that_many_rows_in_what_stops(class_weight: str) -> None:
    fits = []
    for protocol in protocols("binary"):
        rows = np.arange(len(protocol.dataset.X))
        first = np.flatnonzero(protocol.dataset.X["a"].isin(X[:35, 0]))
        stop = np.setdiff1d(rows, np.append(first, protocol.split.test))
        config = configuration(class_weight=class_weight)
        prepared = protocol.prepare(config.preprocessing, [first], "float64")
        members = [make_member(config, first, stop, protocol.refit_seed(0))]
        fits.append(train_stack(config, protocol, prepared, members)[1][0])
    for curve in ("train/loss", "stop/loss", "stop/metric"):
        np.testing.assert_allclose(fits[0].curves[curve], fits[1].curves[curve], rtol=1e-9)


def test_scores_of_quantities_are_weighted_too() -> None:
    protocol = protocols("regression")[0]
    refitted = refit(configuration(), protocol)
    rows = protocol.split.development
    predicted = refitted.predictor.predict(protocol.dataset.X.iloc[rows])[:, 0]
    expected = np.average(np.abs(predicted - Y["regression"][rows]), weights=WEIGHTS[rows])
    assert refitted.metrics["train/mae"] == pytest.approx(expected, rel=1e-6)


def test_balanced_classes_have_one_share_of_the_weights_and_sample_weights_multiply() -> None:
    Y_made = np.array([[1.0], [0.0], [0.0], [0.0], [1.0]])
    examples = Examples(np.ones((5, 2)), Y_made, np.array([3.0, 1.0, 2.0, 3.0, 5.0]))
    # 9 in all: 3 of class 1 and 6 of class 0, so 9 / (2 · 3) and 9 / (2 · 6) times each
    weights = examples.counted(np.arange(5), class_weights(examples, np.arange(4), "sigmoid"))
    np.testing.assert_allclose(weights, [4.5, 0.75, 1.5, 2.25, 7.5])  # type: ignore[arg-type]


def test_folds_of_a_protocol_keep_groups_whole_and_score_rows_once() -> None:
    groups = np.arange(ROWS) // 3
    dataset = assemble("made", X, list("abc"), Y["binary"], ["y"], origin="made", groups=groups)
    protocol = Protocol(dataset, 0.2, EvaluationConfig(), 0)
    parts = [protocol.split.test, *(fold.score for fold in protocol.folds)]
    assert sorted(np.concatenate(parts)) == list(range(ROWS))
    assert sum(len(set(groups[part])) for part in parts) == 20
    for fold in protocol.folds:
        assert not set(groups[fold.train]) & set(groups[fold.stop])
    evaluation = cross_validate(configuration(), protocol)
    assert np.isfinite(evaluation.scores).all()
    RangeTest(configuration(), protocol)  # holds rows back by groups as well


def test_what_is_scored_is_later_than_what_was_learnt() -> None:
    order = RNG.permutation(ROWS)
    dataset = assemble("made", X, list("abc"), Y["regression"], ["y"], origin="made", order=order)
    protocol = Protocol(dataset, 0.2, EvaluationConfig(folds=3), 0)
    assert order[protocol.split.test].min() > order[protocol.split.development].max()
    for fold in protocol.folds:
        assert order[fold.train].max() < order[fold.stop].min()
        assert order[fold.stop].max() < order[fold.score].min()
    assert np.isfinite(cross_validate(configuration(), protocol).scores).all()
