"""Scores of probabilities: how much they give to what is true, and how far they can be taken at their word."""

from __future__ import annotations

import numpy as np

from dnnexp.metrics.means import mean, unless_nan

__all__ = ["BINS", "calibration_error", "calibration_error_of_labels", "log_loss", "log_loss_of_labels"]

BINS = 15  # of equal width, as Guo et al. have them


def log_loss(A: np.ndarray, Y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the mean of -log(probability of the right class), probabilities kept one float epsilon from 0 and 1."""
    if A.shape[-2] == 1:
        return log_loss_of_labels(A, Y, weights)
    losses = -np.log(np.where(Y > 0.5, _within(A), 1)).sum(axis=-2)
    return mean(np.where(np.isnan(A).any(axis=-2), np.nan, losses), weights)


def log_loss_of_labels(A: np.ndarray, Y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the mean of -log(probability of the right answer), over examples and labels."""
    p = _within(A)
    return mean(-np.log(np.where(Y > 0.5, p, 1 - p)).mean(axis=-2), weights)


def calibration_error(A: np.ndarray, Y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the expected calibration error, in [0, 1]: how far confidence and accuracy are apart.

    sum over bins b of (weight in b / weight) |accuracy(b) - confidence(b)|, with 15 bins (i/15, (i+1)/15] of the
    probability of the most probable class (Guo et al. 2017, equation 3).
    """
    if A.shape[-2] == 1:
        return calibration_error_of_labels(A, Y, weights)
    is_right = A.argmax(axis=-2) == Y.argmax(axis=-2)
    return unless_nan(_gap(A.max(axis=-2), is_right, weights), A, weights)


def calibration_error_of_labels(A: np.ndarray, Y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the calibration error of each label as of two classes, yes and no; the mean over labels."""
    confidence, is_right = np.maximum(A, 1 - A), (A > 0.5) == (Y > 0.5)
    of_labels = [_gap(confidence[..., k, :], is_right[..., k, :], weights) for k in range(A.shape[-2])]
    return unless_nan(np.mean(of_labels, axis=0), A, weights)


def _within(A: np.ndarray) -> np.ndarray:
    epsilon = np.finfo(A.dtype).eps
    clipped: np.ndarray = np.clip(A, epsilon, 1 - epsilon)
    return clipped


def _gap(confidence: np.ndarray, is_right: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return sum over bins of |weight of what is right - weight times confidence|, by the weight of all, (...,)."""
    w = np.asarray(weights, dtype=np.float64)
    surprise = np.where(w > 0, is_right - np.asarray(confidence, dtype=np.float64), 0) * w
    known = np.where((w > 0) & np.isfinite(confidence), confidence, 1)
    bins = np.clip(np.ceil(known * BINS).astype(np.int64) - 1, 0, BINS - 1)
    networks = np.arange(bins[..., 0].size).reshape(*bins.shape[:-1], 1)
    size = networks.size * BINS
    sums = np.bincount((networks * BINS + bins).ravel(), surprise.ravel(), minlength=size)
    total = w.sum(axis=-1)
    gaps = np.abs(sums.reshape(*bins.shape[:-1], BINS)).sum(axis=-1)
    return np.asarray(np.divide(gaps, total, out=np.full(np.shape(total), np.nan), where=total > 0))
