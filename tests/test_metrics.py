from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as oracle

from dnnexp.errors import ConfigError
from dnnexp.metrics import METRICS, choose_metric, default_metric

OUTPUTS = {"binary": 1, "multiclass": 4, "regression": 2}
CASES = [(name, task) for name, metric in METRICS.items() for task in metric.tasks]


def drawn(task: str, shape: tuple[int, ...], seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return outputs and targets (..., n[L], m) and weights (..., m) that suit the task."""
    rng = np.random.default_rng(seed)
    *stack, m = shape
    Z = rng.standard_normal((*stack, OUTPUTS[task], m))
    weights = rng.integers(1, 4, (*stack, m)).astype(np.float64)
    if task == "binary":
        return 1 / (1 + np.exp(-Z)), rng.integers(0, 2, Z.shape).astype(np.float64), weights
    if task == "multiclass":
        A = np.exp(Z) / np.exp(Z).sum(axis=-2, keepdims=True)
        return A, np.swapaxes(np.eye(4)[rng.integers(0, 4, (*stack, m))], -1, -2), weights
    return Z, rng.standard_normal(Z.shape) + Z, weights


def scikit_learns(name: str, task: str, A: np.ndarray, Y: np.ndarray, weights: np.ndarray) -> float:
    if task == "regression":
        function = {
            "rmse": oracle.root_mean_squared_error,
            "mae": oracle.mean_absolute_error,
            "r2": oracle.r2_score,
        }[name]
        return float(function(Y.T, A.T, sample_weight=weights))
    labels = Y[0] if task == "binary" else Y.argmax(axis=0)
    if name == "accuracy":
        guesses = A[0] > 0.5 if task == "binary" else A.argmax(axis=0)
        return float(oracle.accuracy_score(labels, guesses, sample_weight=weights))
    probabilities = A[0] if task == "binary" else A.T
    classes = [0, 1] if task == "binary" else [0, 1, 2, 3]
    return float(oracle.log_loss(labels, probabilities, sample_weight=weights, labels=classes))


@pytest.mark.parametrize(("name", "task"), CASES)
def test_a_metric_is_scikit_learns_with_weights(name: str, task: str) -> None:
    for seed in range(5):
        A, Y, weights = drawn(task, (60,), seed)
        score = METRICS[name].function(A, Y, weights)
        assert score.shape == ()
        assert score == pytest.approx(scikit_learns(name, task, A, Y, weights), rel=1e-12)


@pytest.mark.parametrize(("name", "task"), CASES)
def test_a_stack_is_scored_as_each_network_alone(name: str, task: str) -> None:
    A, Y, weights = drawn(task, (2, 3, 60))
    scores = METRICS[name].function(A, Y, weights)
    assert scores.shape == (2, 3)
    for i in np.ndindex(2, 3):
        assert scores[i] == pytest.approx(scikit_learns(name, task, A[i], Y[i], weights[i]), rel=1e-12)


@pytest.mark.parametrize("filling", [np.nan, np.inf, -np.inf, 0.0, 7.0])
@pytest.mark.parametrize(("name", "task"), CASES)
def test_columns_of_weight_0_do_not_count_whatever_they_hold(name: str, task: str, filling: float) -> None:
    A, Y, weights = drawn(task, (3, 60))
    expected = METRICS[name].function(A[..., :50], Y[..., :50], weights[..., :50])
    A[..., 50:], Y[..., 50:], weights[..., 50:] = filling, filling, 0
    with np.errstate(invalid="ignore"):  # inf - inf, in a column that does not count
        scores = METRICS[name].function(A, Y, weights)
    np.testing.assert_allclose(scores, expected, rtol=1e-13)


@pytest.mark.parametrize(("name", "task"), CASES)
def test_only_the_ratio_of_weights_counts(name: str, task: str) -> None:
    A, Y, weights = drawn(task, (3, 60))
    metric = METRICS[name].function
    np.testing.assert_allclose(metric(A, Y, weights / 7), metric(A, Y, weights), rtol=1e-12)


@pytest.mark.parametrize(("name", "task"), CASES)
def test_a_nan_that_counts_makes_only_its_own_score_nan(name: str, task: str) -> None:
    A, Y, weights = drawn(task, (3, 60))
    A[1, -1, 5] = np.nan
    assert np.isnan(METRICS[name].function(A, Y, weights)).tolist() == [False, True, False]


@pytest.mark.parametrize(("name", "task"), CASES)
def test_no_weight_at_all_is_nan_without_a_warning(name: str, task: str) -> None:
    A, Y, weights = drawn(task, (2, 60))
    weights[0] = 0
    assert np.isnan(METRICS[name].function(A, Y, weights)).tolist() == [True, False]


@pytest.mark.parametrize(("name", "task"), CASES)
def test_float32_outputs_are_scored_in_float64(name: str, task: str) -> None:
    A, Y, weights = drawn(task, (3, 60))
    scores = METRICS[name].function(A.astype(np.float32), Y.astype(np.float32), weights.astype(np.float32))
    assert scores.dtype == np.float64
    np.testing.assert_allclose(scores, METRICS[name].function(A, Y, weights), rtol=1e-5)


@pytest.mark.parametrize(("name", "task"), CASES)
def test_the_right_outputs_score_best_in_the_direction_that_is_better(name: str, task: str) -> None:
    A, Y, weights = drawn(task, (60,))
    metric = METRICS[name]
    best, drawn_score = metric.function(Y, Y, weights), metric.function(A, Y, weights)
    assert best == pytest.approx(1.0 if metric.greater_is_better else 0.0, abs=1e-15)
    assert (best > drawn_score) == metric.greater_is_better


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_a_certain_and_wrong_probability_has_a_finite_log_loss(task: str, dtype: type) -> None:
    Y = drawn(task, (60,))[1].astype(dtype)
    A = 1 - Y if task == "binary" else np.roll(Y, 1, axis=0)
    loss = METRICS["log_loss"].function(A, Y, np.ones(60, dtype))
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
