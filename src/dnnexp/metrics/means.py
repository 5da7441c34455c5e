"""Weighted means over columns, and over what is defined."""

from __future__ import annotations

import numpy as np

__all__ = ["defined_mean", "mean", "unless_nan"]


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


def unless_nan(scores: np.ndarray, A: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return scores (...,), NaN where outputs A (..., n[L], m) hold a NaN in a column that counts, or none counts."""
    counts = weights > 0
    is_broken = (np.isnan(A).any(axis=-2) & counts).any(axis=-1) | ~counts.any(axis=-1)
    return np.asarray(np.where(is_broken, np.nan, scores))
