"""Weighted means over columns, and over what is defined."""

from __future__ import annotations

import numpy as np

__all__ = ["defined_mean", "mean", "mean_and_deviation", "unless_nan"]

ROUNDING = 8 * np.finfo(np.float64).eps  # of numbers below 1
LARGEST = np.finfo(np.float64).max


def mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighted mean over the last axis, in float64; NaN where the weights sum to 0."""
    counted = np.where(weights > 0, values, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(
            np.sum(counted * weights, axis=-1, dtype=np.float64) / np.sum(weights, axis=-1, dtype=np.float64)
        )


def defined_mean(values: np.ndarray) -> np.ndarray:
    """Return the mean over the last axis of what is not NaN; NaN where nothing is defined."""
    is_defined = ~np.isnan(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(is_defined, values, 0).sum(axis=-1) / is_defined.sum(axis=-1))


def mean_and_deviation(values: np.ndarray) -> tuple[float, float]:
    """Return the mean of values (k,), finite numbers, and their standard deviation, k - 1 below; NaN for k = 1.

    Neither overflows: a power of two is taken out, which changes no bit, and what is beyond floats is the largest.
    Values that differ by rounding alone do not deviate.
    """
    exponent = np.frexp(np.abs(values).max())[1]
    unit = np.ldexp(values, -exponent)
    deviation = np.nan
    if len(values) > 1:
        deviation = 0.0 if np.ptp(unit) <= ROUNDING else unit.std(ddof=1)
    with np.errstate(over="ignore"):
        in_units = np.ldexp([unit.mean(), deviation], exponent)
    centre, spread = np.clip(in_units, -LARGEST, LARGEST).tolist()
    return centre, spread


def unless_nan(scores: np.ndarray, A: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return scores (...,), NaN where outputs A (..., n[L], m) hold a NaN in a column that counts, or none counts."""
    counts = weights > 0
    is_broken = (np.isnan(A).any(axis=-2) & counts).any(axis=-1) | ~counts.any(axis=-1)
    return np.asarray(np.where(is_broken, np.nan, scores))
