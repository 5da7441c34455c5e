from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from dnnexp.data.dataset import Dataset
from dnnexp.data.schema import DataConfig
from dnnexp.data.sources import load
from dnnexp.evaluation.baselines import score_baselines
from dnnexp.evaluation.folds import Fold
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.schema import EvaluationConfig
from dnnexp.evaluation.yardsticks import Baseline

RNG = np.random.default_rng(0)


def protocol_of(dataset: Dataset | str, **evaluation: Any) -> Protocol:
    data = load(DataConfig(dataset)) if isinstance(dataset, str) else dataset
    return Protocol(data, 0.2, EvaluationConfig(**{"folds": 2, **evaluation}), 0)


def by_name(protocol: Protocol) -> dict[str, Baseline]:
    return {baseline.name: baseline for baseline in score_baselines(protocol)}


def with_inputs(dataset: Dataset, X: pd.DataFrame, **changes: Any) -> Dataset:
    return dataclasses.replace(dataset, X=X, **changes)


def test_each_is_trained_where_a_network_learns_and_scored_where_it_is_scored():
    protocol = protocol_of("wine", folds=3)
    X, y = protocol.dataset.X.to_numpy(), protocol.dataset.y
    found = by_name(protocol)
    oracles = {
        "majority class": DummyClassifier(),
        "linear": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        "boosted trees": HistGradientBoostingClassifier(random_state=1),
    }
    assert list(found) == list(oracles)
    parts = [(np.r_[fold.train, fold.stop], fold.score) for fold in protocol.folds]
    for name, oracle in oracles.items():
        scores = [sk.accuracy_score(y[s], oracle.fit(X[t], y[t]).predict(X[s])) for t, s in parts]
        assert found[name].scores == pytest.approx(scores)
        development, test = protocol.split.development, protocol.split.test
        fitted = oracle.fit(X[development], y[development])
        assert found[name].test_score == pytest.approx(sk.accuracy_score(y[test], fitted.predict(X[test])))
        assert (found[name].trouble, found[name].seconds > 0) == ("", True)


def test_a_regression_is_scored_in_the_targets_units_by_the_studys_metric():
    protocol = protocol_of("diabetes", metric="rmse")
    X, y = protocol.dataset.X.to_numpy(), protocol.dataset.y[:, 0]
    found = by_name(protocol)
    assert list(found) == ["mean", "linear", "boosted trees"]
    ridge = make_pipeline(StandardScaler(), RidgeCV(alphas=10.0 ** np.arange(-3, 5)))
    for j, fold in enumerate(protocol.folds):
        train = np.r_[fold.train, fold.stop]
        rmse = sk.root_mean_squared_error(y[fold.score], ridge.fit(X[train], y[train]).predict(X[fold.score]))
        assert found["linear"].scores[j] == pytest.approx(rmse)
        spread = np.sqrt(np.mean((y[fold.score] - y[train].mean()) ** 2))
        assert found["mean"].scores[j] == pytest.approx(spread)
    assert found["boosted trees"].scores.mean() < found["mean"].scores.mean()


def test_rows_count_by_their_weights_in_fitting_and_in_scores():
    dataset = load(DataConfig("iris"))
    weights = np.where(dataset.y == 2, 20.0, 1.0) * np.linspace(0.5, 2.0, len(dataset.y))
    protocol = protocol_of(dataclasses.replace(dataset, weights=weights), metric="log_loss")
    X, y = dataset.X.to_numpy(), dataset.y
    found = by_name(protocol)
    oracles = {
        "majority class": (DummyClassifier(strategy="prior"), ""),
        "linear": (make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)), "logisticregression__"),
        "boosted trees": (HistGradientBoostingClassifier(random_state=1), ""),
    }
    for name, (oracle, step) in oracles.items():
        for j, fold in enumerate(protocol.folds):
            train, scored = np.r_[fold.train, fold.stop], fold.score
            oracle.fit(X[train], y[train], **{f"{step}sample_weight": weights[train]})
            loss = sk.log_loss(y[scored], oracle.predict_proba(X[scored]), sample_weight=weights[scored])
            assert found[name].scores[j] == pytest.approx(loss, rel=1e-6)


def rare(**columns: Any) -> Dataset:
    """A data set of 400 rows, a tenth of them yes, by a logistic truth."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(400, 3))
    is_yes = rng.random(400) < 1 / (1 + np.exp(3.2 - 2 * X[:, 0]))
    return dataclasses.replace(load(DataConfig("breast_cancer")), X=pd.DataFrame(X), y=is_yes.astype(int), **columns)


@pytest.mark.parametrize("weights", [None, np.linspace(0.2, 3.0, 400)])
def test_classes_count_alike_where_they_do_for_networks(weights: np.ndarray | None):
    protocol = protocol_of(rare(weights=weights), metric="balanced_accuracy")
    X, y, w = protocol.dataset.X.to_numpy(), protocol.dataset.y, np.ones(400) if weights is None else weights
    found = {base.name: base for base in score_baselines(protocol, is_balanced=True)}
    plain = by_name(protocol)
    oracle = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    for j, fold in enumerate(protocol.folds):
        train = np.r_[fold.train, fold.stop]
        shares = [w[train][y[train] == k].sum() for k in (0, 1)]
        by_class = np.array([sum(shares) / 2 / share for share in shares])[y[train]]
        oracle.fit(X[train], y[train], logisticregression__sample_weight=w[train] * by_class)
        said = oracle.predict(X[fold.score])
        expected = sk.balanced_accuracy_score(y[fold.score], said, sample_weight=w[fold.score])
        assert found["linear"].scores[j] == pytest.approx(expected)
        assert found["majority class"].scores[j] == plain["majority class"].scores[j] == 0.5
    assert found["linear"].scores.mean() > plain["linear"].scores.mean() + 0.05


def test_thresholds_are_tuned_where_those_of_networks_are():
    protocol = protocol_of(rare(), metric="f1", threshold="tuned", folds=3)
    X, y = protocol.dataset.X.to_numpy(), protocol.dataset.y
    oracle = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    said = []
    for fold in protocol.folds:
        train = np.r_[fold.train, fold.stop]
        said.append(oracle.fit(X[train], y[train]).predict_proba(X[fold.score])[:, 1])
    found = by_name(protocol)["linear"]

    def best(parts: list[int]) -> float:
        actual = np.concatenate([y[protocol.folds[i].score] for i in parts])
        A = np.concatenate([said[i] for i in parts])
        distinct = np.unique(A)
        halfway = [*(distinct[1:] + distinct[:-1]) / 2, 0.5]
        scores = np.array([sk.f1_score(actual, threshold < A) for threshold in halfway])
        return min((t for t, s in zip(halfway, scores, strict=True) if s == scores.max()), key=lambda t: abs(t - 0.5))

    for j, fold in enumerate(protocol.folds):
        threshold = best([i for i in range(3) if i != j])
        assert found.scores[j] == pytest.approx(sk.f1_score(y[fold.score], said[j] > threshold))
    development, test = protocol.split.development, protocol.split.test
    A = oracle.fit(X[development], y[development]).predict_proba(X[test])[:, 1]
    assert found.test_score == pytest.approx(sk.f1_score(y[test], best([0, 1, 2]) < A))


def test_a_regression_by_weights_is_that_of_rows_repeated():
    dataset = load(DataConfig("diabetes"))
    counts = np.random.default_rng(1).integers(1, 4, len(dataset.y))
    protocol = protocol_of(dataclasses.replace(dataset, weights=counts.astype(float)), metric="rmse")
    fold, y = protocol.folds[0], dataset.y[:, 0]
    train = np.repeat(np.r_[fold.train, fold.stop], counts[np.r_[fold.train, fold.stop]])
    scored = np.repeat(fold.score, counts[fold.score])
    expected = np.sqrt(np.mean((y[scored] - y[train].mean()) ** 2))
    assert by_name(protocol)["mean"].scores[0] == pytest.approx(expected)


def test_probabilities_are_those_of_the_classes_in_the_order_of_the_classes():
    protocol = protocol_of("iris", metric="log_loss")
    found = by_name(protocol)
    assert found["majority class"].scores == pytest.approx(np.log(3), abs=0.01)
    assert found["linear"].scores.max() < 0.4
    binary = by_name(protocol_of("breast_cancer", metric="log_loss"))
    assert binary["linear"].scores.max() < 0.2 < binary["majority class"].scores.min()


def test_the_same_protocol_gives_the_same_scores_whatever_the_test_labels():
    protocol = protocol_of("wine")
    one, again = by_name(protocol), by_name(protocol)
    y = protocol.dataset.y.copy()
    y[protocol.split.test] = y[protocol.split.test][::-1]
    permuted = protocol_of("wine")
    permuted.dataset = dataclasses.replace(protocol.dataset, y=y)
    other = by_name(permuted)
    for name, baseline in one.items():
        np.testing.assert_array_equal(baseline.scores, again[name].scores)
        np.testing.assert_array_equal(baseline.scores, other[name].scores)
        assert baseline.test_score == again[name].test_score
    assert one["linear"].test_score != other["linear"].test_score


def test_other_folds_can_be_given():
    protocol, fresh = protocol_of("wine"), protocol_of("wine", folds=4)
    assert [len(baseline.scores) for baseline in score_baselines(protocol, fresh.folds)] == [4, 4, 4]


def mixed(rows: int = 120) -> Dataset:
    """A data set whose class is said by a category, but for rows where that is missing: there a number says it."""
    iris = load(DataConfig("iris"))
    colour = RNG.choice(["red", "green", "blue", "grey"], rows).astype(object)
    is_warm = (colour == "red") | (colour == "grey")
    hint = np.where(is_warm, 1.0, -1.0) + RNG.normal(0, 0.3, rows)
    hint[::5] = np.nan
    colour[1::5] = None
    empty = np.full(rows, np.nan)
    X = pd.DataFrame({"hint": hint, "colour": colour, "flag": RNG.random(rows) < 0.5, "empty": empty})
    return with_inputs(iris, X, y=is_warm.astype(int), task="binary", classes=("cold", "warm"))


def test_categories_and_missing_values_are_read_by_the_linear_model_and_by_trees():
    found = by_name(protocol_of(mixed(300)))
    for name in ("linear", "boosted trees"):
        assert found[name].trouble == ""
        assert found[name].scores.min() >= 0.9
    assert found["majority class"].scores.max() < 0.7


def test_a_category_that_no_training_row_has_and_more_than_trees_can_tell_apart_are_handled():
    dataset = mixed(400)
    X = dataset.X.assign(name=[f"n{i}" for i in range(400)])
    X["colour"] = X["colour"].where(X.index != 7, "never seen elsewhere")
    found = by_name(protocol_of(with_inputs(dataset, X)))
    for name in ("linear", "boosted trees"):
        assert found[name].trouble == ""
        assert found[name].scores.min() >= 0.85


def test_a_target_of_several_quantities_is_predicted_one_by_one():
    dataset = load(DataConfig("diabetes"))
    y = np.column_stack([dataset.y[:, 0], dataset.X.iloc[:, 2] * 100])
    found = by_name(protocol_of(dataclasses.replace(dataset, y=y, target_names=("progress", "body mass"))))
    alone = by_name(protocol_of("diabetes"))
    for name in ("linear", "boosted trees"):
        expected = (alone[name].scores + 1) / 2  # the second is one of the inputs
        assert found[name].scores == pytest.approx(expected, abs=0.05)


def test_several_labels_are_predicted_one_by_one():
    iris = load(DataConfig("iris"))
    y = np.column_stack([iris.y == 0, iris.y == 1]).astype(int)
    protocol = protocol_of("iris")
    protocol.dataset = dataclasses.replace(
        iris, y=y, task="multilabel", classes=(), target_names=("setosa", "versicolor")
    )

    def exact_match(A: np.ndarray, Y: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return np.average(((A > 0.5) == (Y > 0.5)).all(axis=-2), weights=weights, axis=-1)

    protocol.metrics["accuracy"] = protocol.metrics["accuracy"]._replace(function=exact_match)
    found = by_name(protocol)
    assert found["boosted trees"].scores.min() > 0.85
    assert found["linear"].scores.min() > 0.6 > found["majority class"].scores.max()


def test_rows_of_one_class_only_are_answered_with_that_class():
    protocol = protocol_of("iris")
    only = np.flatnonzero(protocol.dataset.y == 1)[:20]
    folds = [Fold(only[:15], only[15:], np.arange(0, 150, 10))]
    for baseline in score_baselines(protocol, folds):
        assert (baseline.scores[0], baseline.trouble) == (pytest.approx(1 / 3), "")


def test_huge_numbers_are_read():
    dataset = mixed()
    X = dataset.X.assign(huge=np.where(np.arange(120) % 2, 1e308, -1e308))
    found = by_name(protocol_of(with_inputs(dataset, X)))
    for name in ("linear", "boosted trees"):
        assert found[name].trouble == ""
        assert found[name].scores.min() >= 0.8


def test_a_target_in_other_units_changes_no_score():
    dataset = load(DataConfig("diabetes"))
    one = by_name(protocol_of(dataset))
    for units in (2.0**990, 2.0**-990):
        other = by_name(protocol_of(dataclasses.replace(dataset, y=dataset.y * units)))
        for name, baseline in one.items():
            np.testing.assert_array_equal(baseline.scores, other[name].scores)


def test_a_model_that_cannot_be_fitted_says_why_and_ends_nothing():
    protocol = protocol_of("diabetes")
    folds = [protocol.folds[0], protocol.folds[1]._replace(train=np.zeros(0, int), stop=np.zeros(0, int))]
    for baseline in score_baselines(protocol, folds):
        assert np.isfinite(baseline.scores).tolist() == [True, False]
        assert np.isfinite(baseline.test_score)
        assert "0 sample" in baseline.trouble


def test_the_test_rows_are_the_studys_own():
    protocol = protocol_of("wine")
    protocol.split = protocol.split._replace(test=protocol.split.test[:1])
    assert {baseline.test_score for baseline in score_baselines(protocol)} <= {0.0, 1.0}


@pytest.mark.parametrize("error", [MemoryError(), TypeError("no number"), RuntimeError("odd\nlines")])
def test_whatever_goes_wrong_in_one_baseline_is_its_own_trouble(error: Exception, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(LogisticRegression, "fit", fail)
    found = by_name(protocol_of("iris"))
    assert np.isnan([*found["linear"].scores, found["linear"].test_score]).all()
    assert found["linear"].trouble == (str(error).partition("\n")[0] or "MemoryError")
    assert np.isfinite(found["boosted trees"].scores).all()
