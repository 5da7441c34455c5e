"""Scores of network outputs against targets, for a stack of networks at once.

Every function takes outputs A (..., n[L], m), encoded targets Y (..., n[L], m) and weights (..., m), and returns (...,)
float64. Columns of weight 0 do not count, whatever they hold; a NaN in one that counts makes the score NaN, and so does
a total weight of 0. Errors of quantities are in the units of the columns handed in: decode those first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dnnexp.errors import ConfigError, require_choice

__all__ = ["METRICS", "Metric", "accuracy", "choose_metric", "default_metric", "log_loss", "mae", "r2", "rmse"]


class Metric(NamedTuple):
    """A score, the direction in which it improves, and the tasks it suits."""

    function: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
    greater_is_better: bool
    tasks: tuple[str, ...]


def accuracy(A: np.ndarray, Y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the share of examples whose most probable class is the right one; a tie goes to the first class."""
    if A.shape[-2] == 1:
        is_right = (A[..., 0, :] > 0.5) == (Y[..., 0, :] > 0.5)
    else:
        is_right = A.argmax(axis=-2) == Y.argmax(axis=-2)
    return _mean(np.where(np.isnan(A).any(axis=-2), np.nan, is_right), weights)


def log_loss(A: np.ndarray, Y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the mean of -log(probability of the right class), probabilities kept one float epsilon from 0 and 1."""
    epsilon = np.finfo(A.dtype).eps
    p = np.clip(A, epsilon, 1 - epsilon)
    if A.shape[-2] == 1:
        losses = -np.log(np.where(Y > 0.5, p, 1 - p))[..., 0, :]
    else:
        losses = -np.log(np.where(Y > 0.5, p, 1)).sum(axis=-2)
        losses = np.where(np.isnan(A).any(axis=-2), np.nan, losses)
    return _mean(losses, weights)


def rmse(A: np.ndarray, Y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the root of the mean squared error, averaged over targets."""
    residuals, _, exponents = _units(A, Y, weights)
    roots = _in_units(np.sqrt(_mean(np.square(residuals), weights[..., None, :])), exponents)
    return np.asarray(roots.mean(axis=-1))


def mae(A: np.ndarray, Y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the mean absolute error, averaged over targets."""
    residuals, _, exponents = _units(A, Y, weights)
    errors = _in_units(_mean(np.abs(residuals), weights[..., None, :]), exponents)
    return np.asarray(errors.mean(axis=-1))


def r2(A: np.ndarray, Y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return 1 - squared error / variance, averaged over targets; of a constant target 1 if it is met, else 0."""
    residuals, targets, _ = _units(A, Y, weights)
    weights = weights[..., None, :]
    error = _mean(np.square(residuals), weights)  # (..., n[L])
    variance = _mean(np.square(targets - _mean(targets, weights)[..., None]), weights)
    constant = np.where(np.isnan(error), np.nan, error == 0)
    ratio = np.divide(error, variance, out=np.zeros_like(error), where=variance > 0)
    return np.asarray(np.where(variance > 0, 1 - ratio, constant).mean(axis=-1))


CLASSES = ("binary", "multiclass")
QUANTITIES = ("regression",)

METRICS: dict[str, Metric] = {
    "accuracy": Metric(accuracy, greater_is_better=True, tasks=CLASSES),
    "log_loss": Metric(log_loss, greater_is_better=False, tasks=CLASSES),
    "mae": Metric(mae, greater_is_better=False, tasks=QUANTITIES),
    "r2": Metric(r2, greater_is_better=True, tasks=QUANTITIES),
    "rmse": Metric(rmse, greater_is_better=False, tasks=QUANTITIES),
}


def default_metric(task: str) -> str:
    """Return the name of the metric that a task is stopped, pruned and chosen by, unless another is named."""
    return "r2" if task == "regression" else "accuracy"


def choose_metric(name: str | None, task: str) -> str:
    """Return `name`, or the task's default for None. Raises ConfigError for one that is unknown or does not suit."""
    if name is None:
        return default_metric(task)
    require_choice("evaluation.metric", name, METRICS)
    if task not in METRICS[name].tasks:
        suited = ", ".join(known for known, metric in METRICS.items() if task in metric.tasks)
        raise ConfigError(f"evaluation.metric: {name!r} does not suit a {task} task, choices: {suited}")
    return name


def _units(A: np.ndarray, Y: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return A - Y and Y in float64, with a power of two taken out of each target, and its exponents (..., n[L]).

    What counts is then within (-1, 1): squares neither overflow at 1e200 nor vanish at 1e-200, and no bit changes.
    """
    counts = weights[..., None, :] > 0
    outputs, targets = (np.where(counts, values, 0).astype(np.float64) for values in (A, Y))
    largest = np.maximum(np.abs(outputs), np.abs(targets)).max(axis=-1)
    exponents = np.frexp(np.where(np.isfinite(largest), largest, 0))[1]
    outputs, targets = (np.ldexp(values, -exponents[..., None]) for values in (outputs, targets))
    return outputs - targets, targets, exponents


def _in_units(values: np.ndarray, exponents: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        scaled: np.ndarray = np.ldexp(values, exponents)
    return scaled


def _mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighted mean over the last axis, in float64; NaN where the weights sum to 0."""
    counted = np.where(weights > 0, values, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(
            np.sum(counted * weights, axis=-1, dtype=np.float64) / np.sum(weights, axis=-1, dtype=np.float64)
        )
