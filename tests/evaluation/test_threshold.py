"""Thresholds: where the metric is best, tuned for each fold on the rows of the others, carried to the model's file."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, balanced_accuracy_score, f1_score
from sklearn.multiclass import OneVsRestClassifier

from dnnexp.data.dataset import Dataset, assemble
from dnnexp.data.schema import DataConfig
from dnnexp.data.sources import load
from dnnexp.errors import ConfigError
from dnnexp.evaluation.configuration import Configuration
from dnnexp.evaluation.cross_validation import cross_validate
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.refit import refit
from dnnexp.evaluation.schema import EvaluationConfig
from dnnexp.evaluation.threshold import Outputs, tune, tune_by_fold
from dnnexp.metrics import METRICS, suited_metrics
from dnnexp.network.schema import ModelConfig
from dnnexp.predictor import Predictor
from dnnexp.training.schema import TrainerConfig

QUICK = Configuration(ModelConfig(width=8), trainer=TrainerConfig(epochs=8))


def said(seed: int, m: int = 60, labels: int = 1) -> Outputs:
    """Return outputs (labels, m) that know something of targets of which one in five is 1."""
    rng = np.random.default_rng(seed)
    Y = (rng.random((labels, m)) < 0.2).astype(float)
    A = 1 / (1 + np.exp(1.5 - 1.5 * Y - rng.standard_normal((labels, m))))
    return Outputs(np.arange(m) + seed * m, A, Y, np.ones(m))


def unbalanced(labels: int = 1) -> Dataset:
    """Return 300 rows of which the second class, or each label, has one in five."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 4))
    y = (X[:, :labels] + 0.8 * rng.standard_normal((300, labels)) > 1.1).astype(int)
    return assemble("rare", X, list("abcd"), y, [f"y{k}" for k in range(labels)], origin="made")


def protocol_of(dataset: Dataset, metric: str | None, threshold: str = "tuned", repeats: int = 1) -> Protocol:
    return Protocol(dataset, 0.2, EvaluationConfig(metric=metric, threshold=threshold, repeats=repeats), 0)


@pytest.mark.parametrize("name", ["f1", "balanced_accuracy", "accuracy"])
def test_no_threshold_at_all_is_better_than_the_tuned_one(name: str) -> None:
    part, metric = said(0), METRICS[name]
    best = float(tune([part], metric)[0])
    every = np.linspace(0, 1, 2001)
    scores = [float(metric.function(part.A, part.Y, part.weights, t)) for t in every]
    assert float(metric.function(part.A, part.Y, part.weights, best)) >= max(scores)
    if name != "accuracy":
        assert best < 0.5  # one in five: yes must be said sooner


def test_labels_are_tuned_one_by_one() -> None:
    part, metric = said(0, labels=3), suited_metrics("multilabel")["f1"]
    alone = [tune([Outputs(part.rows, part.A[[k]], part.Y[[k]], part.weights)], METRICS["f1"])[0] for k in range(3)]
    assert tune([part], metric).tolist() == alone


def test_where_nothing_can_be_gained_the_threshold_stays_one_half() -> None:
    certain = Outputs(np.arange(4), np.array([[0.1, 0.2, 0.8, 0.9]]), np.array([[0.0, 0, 1, 1]]), np.ones(4))
    assert tune([certain], METRICS["f1"]).tolist() == [0.5]


def test_a_folds_own_rows_have_no_part_in_its_threshold() -> None:
    folds = [said(seed) for seed in range(3)]
    before = tune_by_fold(folds, METRICS["f1"])
    assert before[0] == tune(folds[1:], METRICS["f1"])
    turned = [folds[0]._replace(Y=1 - folds[0].Y), *folds[1:]]
    after = tune_by_fold(turned, METRICS["f1"])
    assert after[0] == before[0]
    assert after[1] != before[1]


def test_a_row_that_another_repeat_scores_again_has_no_part_either() -> None:
    first, second = said(0), said(1)
    again = [
        Outputs(first.rows[::2], first.A[:, ::2], first.Y[:, ::2], first.weights[::2]),
        Outputs(np.concatenate([first.rows[1::2], second.rows]), *(
            np.concatenate([getattr(first, n)[:, 1::2], getattr(second, n)], axis=1) for n in ("A", "Y")
        ), np.ones(len(first.rows) // 2 + len(second.rows))),
    ]  # fmt: skip
    assert tune_by_fold([first, second, *again], METRICS["f1"])[0] == tune([second, again[1]._replace(
        rows=second.rows, A=second.A, Y=second.Y, weights=second.weights
    )], METRICS["f1"])  # fmt: skip


@pytest.mark.parametrize("labels", [1, 2])
def test_a_tuned_threshold_goes_from_the_folds_to_the_model_file(labels: int, tmp_path: Path) -> None:
    dataset = unbalanced(labels)
    protocol = protocol_of(dataset, "f1")
    evaluation = cross_validate(QUICK, protocol)
    assert len(evaluation.threshold) == labels
    assert all(0 < value < 0.5 for value in evaluation.threshold)
    plain = cross_validate(QUICK, protocol_of(dataset, "f1", "default"))
    assert plain.threshold == ()
    assert evaluation.metrics["score/f1"] > plain.metrics["score/f1"]
    assert evaluation.metrics["score/log_loss"] == plain.metrics["score/log_loss"]

    refitted = refit(QUICK, protocol, threshold=evaluation.threshold)
    refitted.predictor.save(tmp_path / "model.npz")
    loaded = Predictor.load(tmp_path / "model.npz")
    rows = protocol.split.test
    X, y = dataset.X.iloc[rows], dataset.y[rows]
    predicted = loaded.predict(X)
    decided = predicted if labels > 1 else (predicted == dataset.classes[1]).astype(int)
    assert (decided == (loaded.outputs(X) > evaluation.threshold).reshape(decided.shape)).all()
    assert refitted.test_score == pytest.approx(f1_score(y, decided, average="macro" if labels > 1 else "binary"))
    assert refitted.metrics["test/balanced_accuracy"] == pytest.approx(
        np.mean([balanced_accuracy_score(*pair) for pair in zip(*np.atleast_2d(y.T, decided.T), strict=True)])
    )


def test_the_test_labels_change_no_threshold() -> None:
    dataset = unbalanced()
    protocol = protocol_of(dataset, "f1", repeats=2)
    y = dataset.y.copy()
    y[protocol.split.test] = 1 - y[protocol.split.test]
    other = protocol_of(dataclasses.replace(dataset, y=y), "f1", repeats=2)
    other.split, other.folds = protocol.split, protocol.folds
    assert cross_validate(QUICK, other).threshold == cross_validate(QUICK, protocol).threshold


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("breast_cancer", {"metric": "roc_auc"}, "roc_auc does not depend on a threshold"),
        ("iris", {}, "a multiclass task has no threshold, need default"),
        ("diabetes", {}, "a regression task has no threshold, need default"),
        ("breast_cancer", {"kind": "holdout"}, "tuned needs evaluation=cross_validation, got holdout"),
        ("breast_cancer", {"kind": "none"}, "tuned needs evaluation=cross_validation, got none"),
    ],
)
def test_a_threshold_that_nothing_depends_on_or_nothing_can_tune_is_refused(
    name: str, settings: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigError, match=r"^evaluation\.threshold: .*" + message):
        Protocol(load(DataConfig(name)), 0.2, EvaluationConfig(threshold="tuned", **settings), 0)  # type: ignore[arg-type]


def test_labels_are_learnt_as_well_as_logistic_regressions_learn_them() -> None:
    protocol = protocol_of(unbalanced(3), None, "default")
    evaluation = cross_validate(QUICK, protocol)
    assert (evaluation.metric, protocol.dataset.task) == ("average_precision", "multilabel")
    assert {f"score/{name}" for name in suited_metrics("multilabel")} <= set(evaluation.metrics)

    fitted = refit(dataclasses.replace(QUICK, trainer=TrainerConfig(epochs=60)), protocol)
    X, y, (learnt, tested, _) = protocol.dataset.X, protocol.dataset.y, protocol.split
    theirs = OneVsRestClassifier(LogisticRegression()).fit(X.iloc[learnt], y[learnt]).predict_proba(X.iloc[tested])
    ours = fitted.predictor.predict_proba(X.iloc[tested])
    assert fitted.predictor.predict(X.iloc[tested]).tolist() == (ours > 0.5).astype(int).tolist()
    scores = [average_precision_score(y[tested], probabilities, average="macro") for probabilities in (ours, theirs)]
    assert fitted.test_score == pytest.approx(scores[0])
    assert scores[0] > scores[1] - 0.05
