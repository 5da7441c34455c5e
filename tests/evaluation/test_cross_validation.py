"""Scores of a configuration: paired, repeatable, and blind to the test labels."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from dnnexp.data.dataset import Dataset
from dnnexp.data.schema import DataConfig
from dnnexp.data.sources import load
from dnnexp.errors import ConfigError, DnnexpError
from dnnexp.evaluation.configuration import Configuration
from dnnexp.evaluation.cross_validation import cross_validate
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.refit import refit, refit_length
from dnnexp.evaluation.schema import EvaluationConfig
from dnnexp.network.optimizers import OptimizerConfig
from dnnexp.network.schema import ModelConfig
from dnnexp.training.schema import TrainerConfig


def protocol_of(name: str, seed: int = 0, **evaluation: object) -> Protocol:
    return Protocol(load(DataConfig(name)), 0.2, EvaluationConfig(**evaluation), seed)  # type: ignore[arg-type]


def configuration(depth: int = 1, lr: float = 3e-3, epochs: int = 20, **trainer: object) -> Configuration:
    return Configuration(
        ModelConfig(depth=depth, width=16),
        OptimizerConfig(lr=lr),
        trainer=TrainerConfig(epochs=epochs, **trainer),  # type: ignore[arg-type]
    )


def with_permuted_test_labels(dataset: Dataset, test: np.ndarray) -> Dataset:
    y = dataset.y.copy()
    y[test] = y[np.random.default_rng(0).permutation(test)]
    return dataclasses.replace(dataset, y=y)


def test_a_configuration_scores_the_same_bits_each_time_and_whatever_ran_before() -> None:
    protocol = protocol_of("iris")
    first = cross_validate(configuration(), protocol)
    cross_validate(configuration(depth=3), protocol)
    again = cross_validate(configuration(), protocol)
    np.testing.assert_array_equal(first.scores, again.scores)
    np.testing.assert_array_equal(first.curves["val/loss"], again.curves["val/loss"])
    assert first.metrics == again.metrics


def test_the_test_labels_change_no_score_and_no_training() -> None:
    dataset = load(DataConfig("wine"))
    protocol = Protocol(dataset, 0.2, EvaluationConfig(), 0)
    permuted = Protocol(with_permuted_test_labels(dataset, protocol.split.test), 0.2, EvaluationConfig(), 0)
    permuted.split = protocol.split
    permuted.folds = protocol.folds
    one, other = (cross_validate(configuration(), p) for p in (protocol, permuted))
    np.testing.assert_array_equal(one.scores, other.scores)
    np.testing.assert_array_equal(one.best_steps, other.best_steps)
    assert not np.array_equal(one.test_scores, other.test_scores)


def test_no_hidden_layer_is_logistic_regression() -> None:
    protocol = protocol_of("wine", kind="none")
    run = Configuration(
        ModelConfig(depth=0),
        OptimizerConfig("gradient_descent", lr=0.5),
        trainer=TrainerConfig(epochs=3000, batch_size=None, patience=None, precision="float64"),
    )
    fitted = refit(run, protocol)
    X, y, rows = protocol.dataset.X, protocol.dataset.y, protocol.split
    scaler = StandardScaler().fit(X.iloc[rows.development])
    theirs = LogisticRegression(C=1e8, max_iter=3000).fit(
        scaler.transform(X.iloc[rows.development]), y[rows.development]
    )
    ours = fitted.predictor.predict_proba(X.iloc[rows.test]).argmax(axis=1)
    assert np.mean(ours == theirs.predict(scaler.transform(X.iloc[rows.test]))) >= 35 / 36
    assert fitted.metrics["train/accuracy"] == 1.0


def test_a_regression_is_scored_in_the_targets_own_units() -> None:
    protocol = protocol_of("diabetes")
    evaluation = cross_validate(configuration(epochs=60), protocol)
    target = protocol.dataset.y[protocol.split.development]
    assert evaluation.metric == "r2"
    assert 0.3 < evaluation.metrics["score/r2"] < 0.7
    expected = target.std() * np.sqrt(1 - evaluation.metrics["score/r2"])
    assert evaluation.metrics["score/rmse"] == pytest.approx(expected, rel=0.05)


def test_a_diverged_configuration_has_no_score() -> None:
    evaluation = cross_validate(configuration(depth=2, lr=1e30), protocol_of("iris"))
    assert np.isnan(evaluation.scores).all()
    assert evaluation.diverged.startswith("diverged in epoch 1")
    assert "score/accuracy" not in evaluation.metrics


def test_a_refit_that_diverges_says_where_and_what_to_do() -> None:
    with pytest.raises(DnnexpError, match=r"diverged in epoch 1, step \d+: layer .*; lower optimizer.lr"):
        refit(configuration(depth=2, lr=1e30), protocol_of("iris", kind="none"))


def test_a_refit_takes_as_many_epochs_as_the_median_best_of_the_folds() -> None:
    best = [10, 30, 20, 90, 12]  # of 50 epochs of 4 steps: the median is at the end of epoch 5
    length = refit_length(best, 200, TrainerConfig(epochs=50, batch_size=25), rows=125)
    assert length == (5 * 5, 50 * 5)
    assert refit(configuration(), protocol_of("iris"), length).steps == 25
    assert refit_length(best, 100, TrainerConfig(epochs=100, batch_size=None), rows=125) == (20, 100)


@pytest.mark.parametrize("batch_size", [None, 7, 32])
def test_a_refit_is_never_longer_than_the_epochs_that_were_asked_for(batch_size: int | None) -> None:
    protocol = protocol_of("iris")
    to_the_end = configuration(epochs=30, batch_size=batch_size, patience=None)
    evaluation = cross_validate(to_the_end, protocol)
    ends = [evaluation.schedule_steps] * len(protocol.folds)
    length = refit_length(ends, evaluation.schedule_steps, to_the_end.trainer, len(protocol.split.development))
    assert refit(to_the_end, protocol, length).epoch == 30
    assert refit(to_the_end, protocol, length).steps == refit(to_the_end, protocol).steps


def test_a_metric_that_does_not_suit_the_task_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"evaluation\.metric: 'accuracy' does not suit a regression task"):
        protocol_of("diabetes", metric="accuracy")


def test_a_callback_ends_a_configuration() -> None:
    evaluation = cross_validate(configuration(), protocol_of("iris"), lambda news: news.epoch == 2)
    assert evaluation.was_ended
    assert evaluation.epochs == 2


@pytest.mark.parametrize("unit", [2.0**-900, 2.0**900])
def test_a_target_of_any_size_is_scored_as_the_same_target_in_other_units(unit: float) -> None:
    usual, other = protocol_of("diabetes"), protocol_of("diabetes")
    other.dataset = dataclasses.replace(other.dataset, y=other.dataset.y * unit)
    expected, scores = (cross_validate(configuration(), protocol).scores for protocol in (usual, other))
    np.testing.assert_array_equal(scores, expected)
