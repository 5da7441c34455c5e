"""Scores of predicted quantities, in the units of the columns handed in: decode those first."""

from __future__ import annotations

import numpy as np

from dnnexp.metrics.means import mean

__all__ = ["mae", "r2", "rmse"]


def rmse(A: np.ndarray, Y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the root of the mean squared error, averaged over targets."""
    residuals, _, exponents = _units(A, Y, weights)
    roots = _in_units(np.sqrt(mean(np.square(residuals), weights[..., None, :])), exponents)
    return np.asarray(roots.mean(axis=-1))


def mae(A: np.ndarray, Y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the mean absolute error, averaged over targets."""
    residuals, _, exponents = _units(A, Y, weights)
    errors = _in_units(mean(np.abs(residuals), weights[..., None, :]), exponents)
    return np.asarray(errors.mean(axis=-1))


def r2(A: np.ndarray, Y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return 1 - squared error / variance, averaged over targets; of a constant target 1 if it is met, else 0."""
    residuals, targets, _ = _units(A, Y, weights)
    weights = weights[..., None, :]
    error = mean(np.square(residuals), weights)  # (..., n[L])
    variance = mean(np.square(targets - mean(targets, weights)[..., None]), weights)
    constant = np.where(np.isnan(error), np.nan, error == 0)
    ratio = np.divide(error, variance, out=np.zeros_like(error), where=variance > 0)
    return np.asarray(np.where(variance > 0, 1 - ratio, constant).mean(axis=-1))


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
