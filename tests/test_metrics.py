from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from sklearn import metrics as oracle

from dnnexp.errors import ConfigError
from dnnexp.metrics import METRICS, choose_metric, default_metric, suited_metrics

OUTPUTS = {"binary": 1, "multiclass": 4, "multilabel": 3, "regression": 2}
CASES = [(name, task) for name, metric in METRICS.items() for task in metric.tasks]
QUANTITIES = {"rmse": oracle.root_mean_squared_error, "mae": oracle.mean_absolute_error, "r2": oracle.r2_score}
RANKINGS = {"roc_auc": oracle.roc_auc_score, "average_precision": oracle.average_precision_score}


def function_of(name: str, task: str) -> Callable[..., np.ndarray]:
    return suited_metrics(task)[name].function


def drawn(task: str, shape: tuple[int, ...], seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return outputs and targets (..., n[L], m) and weights (..., m) that suit the task; some outputs are equal."""
    rng = np.random.default_rng(seed)
    *stack, m = shape
    Z = rng.standard_normal((*stack, OUTPUTS[task], m))
    weights = rng.integers(1, 4, (*stack, m)).astype(np.float64)
    if task == "regression":
        return Z, rng.standard_normal(Z.shape) + Z, weights
    Z[..., : m // 3] = Z[..., m // 3 : 2 * (m // 3)]
    if task == "multiclass":
        A = np.exp(Z) / np.exp(Z).sum(axis=-2, keepdims=True)
        return A, np.swapaxes(np.eye(4)[rng.integers(0, 4, (*stack, m))], -1, -2), weights
    return 1 / (1 + np.exp(-Z)), rng.integers(0, 2, Z.shape).astype(np.float64), weights


def scikit_learns(name: str, task: str, A: np.ndarray, Y: np.ndarray, weights: np.ndarray) -> float:
    if name in QUANTITIES:
        return float(QUANTITIES[name](Y.T, A.T, sample_weight=weights))
    if task == "multilabel" and name in ("balanced_accuracy", "log_loss", "calibration_error"):
        of_labels = [scikit_learns(name, "binary", A[k : k + 1], Y[k : k + 1], weights) for k in range(len(A))]
        return float(np.mean(of_labels))
    is_multiclass = task == "multiclass"
    truth = Y.argmax(axis=0) if is_multiclass else Y[0] if task == "binary" else Y.T
    probabilities = A[0] if task == "binary" else A.T
    guesses = A.argmax(axis=0) if is_multiclass else (probabilities > 0.5).astype(float)
    average = "binary" if task == "binary" else "macro"
    if name == "accuracy":
        return float(oracle.accuracy_score(truth, guesses, sample_weight=weights))
    if name == "balanced_accuracy":
        return float(oracle.balanced_accuracy_score(truth, guesses, sample_weight=weights))
    if name == "f1":
        return float(oracle.f1_score(truth, guesses, average=average, sample_weight=weights))
    if name == "log_loss":
        classes = [0, 1, 2, 3] if is_multiclass else [0, 1]
        return float(oracle.log_loss(truth, probabilities, sample_weight=weights, labels=classes))
    if name in RANKINGS:
        how = {"multi_class": "ovr"} if is_multiclass and name == "roc_auc" else {}
        return float(RANKINGS[name](truth, probabilities, average="macro", sample_weight=weights, **how))
    confidence = A.max(axis=0) if is_multiclass else np.maximum(A[0], 1 - A[0])
    return guo_et_al(confidence, guesses == truth, weights)


def guo_et_al(confidence: np.ndarray, is_right: np.ndarray, weights: np.ndarray) -> float:
    """The expected calibration error, bin by bin as the paper writes it: 15 bins, open below."""
    error = 0.0
    for low, high in itertools.pairwise(np.linspace(0, 1, 16)):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            accuracy, mean = (np.average(v[inside], weights=weights[inside]) for v in (is_right, confidence))
            error += weights[inside].sum() / weights.sum() * abs(accuracy - mean)
    return error


@pytest.mark.parametrize(("name", "task"), CASES)
def test_a_metric_is_scikit_learns_with_weights(name: str, task: str) -> None:
    for seed in range(5):
        A, Y, weights = drawn(task, (60,), seed)
        score = function_of(name, task)(A, Y, weights)
        assert score.shape == ()
        assert score == pytest.approx(scikit_learns(name, task, A, Y, weights), rel=1e-12)


@pytest.mark.parametrize(("name", "task"), CASES)
def test_a_stack_is_scored_as_each_network_alone(name: str, task: str) -> None:
    A, Y, weights = drawn(task, (2, 3, 60))
    scores = function_of(name, task)(A, Y, weights)
    assert scores.shape == (2, 3)
    for i in np.ndindex(2, 3):
        assert scores[i] == pytest.approx(scikit_learns(name, task, A[i], Y[i], weights[i]), rel=1e-12)


@pytest.mark.parametrize("filling", [np.nan, np.inf, -np.inf, 0.0, 7.0])
@pytest.mark.parametrize(("name", "task"), CASES)
def test_columns_of_weight_0_do_not_count_whatever_they_hold(name: str, task: str, filling: float) -> None:
    A, Y, weights = drawn(task, (3, 60))
    expected = function_of(name, task)(A[..., :50], Y[..., :50], weights[..., :50])
    A[..., 50:], Y[..., 50:], weights[..., 50:] = filling, filling, 0
    with np.errstate(invalid="ignore"):  # inf - inf, in a column that does not count
        scores = function_of(name, task)(A, Y, weights)
    np.testing.assert_allclose(scores, expected, rtol=1e-13)


@pytest.mark.parametrize(("name", "task"), CASES)
def test_only_the_ratio_of_weights_counts(name: str, task: str) -> None:
    A, Y, weights = drawn(task, (3, 60))
    metric = function_of(name, task)
    np.testing.assert_allclose(metric(A, Y, weights / 7), metric(A, Y, weights), rtol=1e-12)


@pytest.mark.parametrize(("name", "task"), CASES)
def test_a_nan_that_counts_makes_only_its_own_score_nan(name: str, task: str) -> None:
    A, Y, weights = drawn(task, (3, 60))
    A[1, -1, 5] = np.nan
    assert np.isnan(function_of(name, task)(A, Y, weights)).tolist() == [False, True, False]


@pytest.mark.parametrize(("name", "task"), CASES)
def test_no_weight_at_all_is_nan_without_a_warning(name: str, task: str) -> None:
    A, Y, weights = drawn(task, (2, 60))
    weights[0] = 0
    assert np.isnan(function_of(name, task)(A, Y, weights)).tolist() == [True, False]


@pytest.mark.parametrize(("name", "task"), CASES)
def test_float32_outputs_are_scored_in_float64(name: str, task: str) -> None:
    A, Y, weights = drawn(task, (3, 60))
    scores = function_of(name, task)(A.astype(np.float32), Y.astype(np.float32), weights.astype(np.float32))
    assert scores.dtype == np.float64
    np.testing.assert_allclose(scores, function_of(name, task)(A, Y, weights), rtol=1e-5)


@pytest.mark.parametrize(("name", "task"), CASES)
def test_the_right_outputs_score_best_in_the_direction_that_is_better(name: str, task: str) -> None:
    A, Y, weights = drawn(task, (60,))
    metric = suited_metrics(task)[name]
    best, drawn_score = metric.function(Y, Y, weights), metric.function(A, Y, weights)
    assert best == pytest.approx(1.0 if metric.greater_is_better else 0.0, abs=1e-15)
    assert (best > drawn_score) == metric.greater_is_better


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel"])
def test_a_certain_and_wrong_probability_has_a_finite_log_loss(task: str, dtype: type) -> None:
    Y = drawn(task, (60,))[1].astype(dtype)
    A = np.roll(Y, 1, axis=0) if task == "multiclass" else 1 - Y
    loss = function_of("log_loss", task)(A, Y, np.ones(60, dtype))
    assert loss == pytest.approx(-np.log(np.finfo(dtype).eps), rel=1e-6)


def test_a_tie_goes_to_the_first_class() -> None:
    weights = np.ones(4)
    half = np.full((1, 4), 0.5)
    assert METRICS["accuracy"].function(half, np.array([[0.0, 1, 1, 1]]), weights) == 0.25
    assert METRICS["accuracy"].function(np.full((4, 4), 0.25), np.eye(4), weights) == 0.25


@pytest.mark.parametrize(("guess", "score"), [(3.0, 1.0), (2.0, 0.0)])
def test_r2_of_a_constant_target_is_1_where_it_is_met_else_0(guess: float, score: float) -> None:
    Y = np.full((1, 5), 3.0)
    assert METRICS["r2"].function(np.full((1, 5), guess), Y, np.ones(5)) == score
    assert oracle.r2_score(Y[0], np.full(5, guess)) == score


def test_errors_are_in_the_units_of_the_columns_and_r2_has_none() -> None:
    A, Y, weights = drawn("regression", (60,))
    scale = np.array([[10.0], [0.1]])
    for name in ("rmse", "mae"):
        expected = scikit_learns(name, "regression", A * scale + 5, Y * scale + 5, weights)
        assert METRICS[name].function(A * scale, Y * scale, weights) == pytest.approx(expected, rel=1e-12)
    r2 = METRICS["r2"].function
    assert r2(A * scale, Y * scale, weights) == pytest.approx(r2(A, Y, weights), rel=1e-12)


def test_every_task_has_a_default_that_suits_it_and_another_can_be_named() -> None:
    for task in OUTPUTS:
        assert task in METRICS[default_metric(task)].tasks
        assert choose_metric(None, task) == default_metric(task)
    assert default_metric("regression") == "r2"
    assert default_metric("binary") == default_metric("multiclass") == "accuracy"
    assert default_metric("multilabel") == "average_precision"
    assert choose_metric("log_loss", "binary") == "log_loss"


def test_a_metric_that_is_unknown_or_does_not_suit_is_refused_with_the_choices() -> None:
    with pytest.raises(ConfigError, match=r"evaluation.metric: unknown choice 'acuracy', did you mean 'accuracy'"):
        choose_metric("acuracy", "binary")
    with pytest.raises(ConfigError, match="'accuracy' does not suit a regression task, choices: mae, r2, rmse"):
        choose_metric("accuracy", "regression")


@pytest.mark.parametrize("unit", [2.0**-1000, 2.0**-500, 2.0**500, 2.0**1000])
@pytest.mark.parametrize("name", ["rmse", "mae", "r2"])
def test_quantities_of_any_size_are_scored_to_the_same_bits(name: str, unit: float) -> None:
    A, Y, weights = drawn("regression", (3, 60))
    weights[:, :5] = 0
    usual = METRICS[name].function(A, Y, weights)
    A[..., :5], Y[..., :5] = np.nan, 1 / unit  # padding, whatever it holds
    scores = METRICS[name].function(A * unit, Y * unit, weights)
    np.testing.assert_array_equal(scores, usual if name == "r2" else usual * unit)


def test_calibration_error_by_hand() -> None:
    """Confidences .9 and .9 (one right: accuracy .5) and .6 (right): 2/3 |.5 - .9| + 1/3 |1 - .6| = .4."""
    A, Y = np.array([[0.9, 0.1, 0.6]]), np.array([[1.0, 1.0, 1.0]])
    assert METRICS["calibration_error"].function(A, Y, np.ones(3)) == pytest.approx(0.4)
    both = np.concatenate([1 - A, A])
    assert METRICS["calibration_error"].function(both, np.concatenate([1 - Y, Y]), np.ones(3)) == pytest.approx(0.4)


@pytest.mark.parametrize("name", ["accuracy", "balanced_accuracy", "f1"])
def test_a_threshold_decides_in_the_place_of_one_half_each_label_by_its_own(name: str) -> None:
    A, Y, weights = drawn("multilabel", (60,))
    thresholds = np.array([[0.2], [0.5], [0.7]])
    moved = np.where(thresholds < A, 0.9, 0.1)
    labels = suited_metrics("multilabel")[name]
    assert labels.decides
    assert labels.function(A, Y, weights, thresholds) == labels.function(moved, Y, weights)
    assert labels.function(A, Y, weights, thresholds) != labels.function(A, Y, weights)
    binary = METRICS[name].function
    assert binary(A[:1], Y[:1], weights, 0.2) == binary(moved[:1], Y[:1], weights)


def test_classes_that_are_not_there_are_left_out_of_the_means_over_classes() -> None:
    A, Y, weights = drawn("multiclass", (3, 60))
    there = Y[:, 3] == 0
    weights = weights * there
    for name in ("balanced_accuracy", "roc_auc", "average_precision"):
        for i in range(3):
            kept = there[i]
            labels = Y[i][:3, kept]
            if name == "balanced_accuracy":
                guesses = A[i][:, kept].argmax(axis=0)
                expected = oracle.recall_score(
                    labels.argmax(axis=0), guesses, average="macro", labels=[0, 1, 2], sample_weight=weights[i][kept]
                )
            else:
                expected = RANKINGS[name](labels.T, A[i][:3, kept].T, average="macro", sample_weight=weights[i][kept])
            assert METRICS[name].function(A[i], Y[i], weights[i]) == pytest.approx(expected, rel=1e-12)


def test_what_compares_classes_is_not_defined_where_there_is_one_only() -> None:
    A, Y, weights = drawn("binary", (60,))
    for one in (np.zeros_like(Y), np.ones_like(Y)):
        assert np.isnan(METRICS["balanced_accuracy"].function(A, one, weights))
    several, _, _ = drawn("multiclass", (60,))
    one = np.zeros_like(several)
    one[1] = 1
    assert np.isnan(METRICS["balanced_accuracy"].function(several, one, weights))
    assert np.isnan(METRICS["roc_auc"].function(A, np.ones_like(Y), weights))
    assert np.isnan(METRICS["average_precision"].function(A, np.zeros_like(Y), weights))
