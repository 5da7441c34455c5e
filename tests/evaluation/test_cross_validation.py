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
from dnnexp.evaluation.stack import mean_health
from dnnexp.network.optimizers import OptimizerConfig
from dnnexp.network.schema import ModelConfig
from dnnexp.training.fit import Fit
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


def test_of_a_regression_not_even_the_drawn_split_depends_on_the_test_targets() -> None:
    """Classes are drawn by their shares: there a split that is to know no test label has to be the data's own."""
    dataset = load(DataConfig("diabetes"))
    protocol = Protocol(dataset, 0.2, EvaluationConfig(), 0)
    permuted = Protocol(with_permuted_test_labels(dataset, protocol.split.test), 0.2, EvaluationConfig(), 0)
    np.testing.assert_array_equal(permuted.split.test, protocol.split.test)
    for stage in ("screening", "rescoring"):
        for one, other in zip(getattr(protocol, stage).folds, getattr(permuted, stage).folds, strict=True):
            for rows, others in zip(one, other, strict=True):
                np.testing.assert_array_equal(rows, others)
    one, other = (cross_validate(configuration(epochs=3), p) for p in (protocol, permuted))
    np.testing.assert_array_equal(one.scores, other.scores)
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


@pytest.mark.parametrize("metric", ["rmse", "mae"])
def test_what_a_regression_stops_by_is_in_the_targets_own_units_too(metric: str) -> None:
    protocol = protocol_of("diabetes", metric=metric)
    evaluation = cross_validate(configuration(epochs=60), protocol)
    lowest = evaluation.curves[f"val/{metric}"].min()
    assert lowest == pytest.approx(evaluation.metrics[f"score/{metric}"], rel=0.2)  # tens, not tenths


def test_the_best_are_scored_again_on_folds_and_seeds_that_did_not_pick_them() -> None:
    protocol = protocol_of("wine")
    again = protocol.rescoring
    assert len(again.folds) == len(again.seeds) == 20
    for repeat in (again.folds[:10], again.folds[10:]):
        np.testing.assert_array_equal(np.sort(np.concatenate([f.score for f in repeat])), protocol.split.development)
    for fold in again.folds:
        parts = np.concatenate([fold.train, fold.stop, fold.score])
        np.testing.assert_array_equal(np.sort(parts), protocol.split.development)
    drawn = [seed.spawn_key for stage in (protocol.screening, again) for seed in stage.seeds]
    assert len(set(drawn)) == 25
    assert protocol.refit_seed(0).spawn_key not in drawn
    first, second = (cross_validate(configuration(), protocol, stage=again) for _ in range(2))
    np.testing.assert_array_equal(first.scores, second.scores)
    assert (len(first.scores), first.n_score) == (20, pytest.approx(14.2))
    other = protocol_of("wine", rescore_folds=4, rescore_repeats=1)
    assert len(other.rescoring.folds) == 4
    np.testing.assert_array_equal(other.folds[0].score, protocol.folds[0].score)  # screening does not depend on it


def test_of_few_rows_fewer_folds_are_drawn_again_and_a_holdout_is_held_out_anew() -> None:
    few = load(DataConfig("iris"))
    few = dataclasses.replace(few, X=few.X.iloc[45:60].reset_index(drop=True), y=few.y[45:60], classes=few.classes[:2])
    protocol = Protocol(few, 0.2, EvaluationConfig(folds=2), 0)
    assert len(protocol.rescoring.folds) == 6 * 2  # of 12 rows
    held = protocol_of("iris", kind="holdout", rescore_repeats=3)
    assert len(held.folds) == 1
    scored = [tuple(fold.score) for fold in [*held.folds, *held.rescoring.folds]]
    assert len(set(scored)) == 4


def test_a_network_has_learned_if_it_was_ever_better_than_a_constant() -> None:
    protocol = protocol_of("wine")
    assert cross_validate(configuration(), protocol).learned == 1
    assert cross_validate(configuration(lr=1e-9, epochs=3), protocol).learned < 0.5
    assert cross_validate(configuration(lr=1e30), protocol).learned == 0
    balanced = cross_validate(configuration(epochs=30, class_weight="balanced"), protocol)
    assert balanced.learned == 1


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
    assert evaluation.epochs == 2


@pytest.mark.parametrize("unit", [2.0**-900, 2.0**900])
def test_a_target_of_any_size_is_scored_as_the_same_target_in_other_units(unit: float) -> None:
    usual, other = protocol_of("diabetes"), protocol_of("diabetes")
    other.dataset = dataclasses.replace(other.dataset, y=other.dataset.y * unit)
    expected, scores = (cross_validate(configuration(), protocol).scores for protocol in (usual, other))
    np.testing.assert_array_equal(scores, expected)


def test_health_is_the_mean_over_the_networks_that_were_still_training() -> None:
    names = ("health/dead_share/l001", "health/gradient_norm/l002")
    lives: list[list[float]] = [[1.0, 3.0, 5.0], [3.0], [2.0, 5.0]]
    fits = [Fit(np.zeros(1), curves={"train/loss": life, **dict.fromkeys(names, life)}) for life in lives]
    health = mean_health([*fits, Fit(np.zeros(1))])  # the last diverged in its first epoch
    assert list(health) == list(names)
    for name in names:
        np.testing.assert_allclose(health[name], [2.0, 4.0, 5.0])
    assert mean_health([Fit(np.zeros(1))]) == {}
