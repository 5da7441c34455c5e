"""Scores of rankings: whether what is true has the higher probability, wherever a threshold might lie.

Of several classes each is ranked against the rest, of several labels each by itself, and the mean over them is
returned (macro). One that is true of no example, or of all where it takes both, ranks nothing and is left out; if that
leaves none the score is NaN.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dnnexp.metrics.means import defined_mean, unless_nan

__all__ = ["average_precision", "roc_auc"]


class _Ranking(NamedTuple):
    """Columns of each output from the highest to the lowest, all (..., n[L], m) float64; equals are one group."""

    positive: np.ndarray  # weight of the column where the output is true, else 0
    positives: np.ndarray  # weight of those, down to the end of the column's group
    negatives: np.ndarray  # of the others, down to there
    negatives_before: np.ndarray  # of the others, before the group


def roc_auc(A: np.ndarray, Y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the probability that a true example ranks above another, equals counted half: Hanley & McNeil 1982."""
    ranking = _rank(A, Y, weights)
    P, N = ranking.positives[..., -1], ranking.negatives[..., -1]
    below = N[..., None] - (ranking.negatives + ranking.negatives_before) / 2
    area = (ranking.positive * below).sum(axis=-1)
    areas = np.divide(area, P * N, out=np.full(P.shape, np.nan), where=(P > 0) & (N > 0))
    return unless_nan(defined_mean(areas), A, weights)


def average_precision(A: np.ndarray, Y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the mean precision at the rank of each true example: sum over ranks of (R[n] - R[n-1]) P[n]."""
    ranking = _rank(A, Y, weights)
    P, said = ranking.positives[..., -1], ranking.positives + ranking.negatives
    precision = np.divide(ranking.positives, said, out=np.zeros_like(said), where=said > 0)
    precisions = (ranking.positive * precision).sum(axis=-1)
    return unless_nan(defined_mean(np.divide(precisions, P, out=np.full(P.shape, np.nan), where=P > 0)), A, weights)


def _rank(A: np.ndarray, Y: np.ndarray, weights: np.ndarray) -> _Ranking:
    w = np.asarray(weights, dtype=np.float64)[..., None, :]
    scores = np.where(w > 0, A, 0)
    shape, m = scores.shape, scores.shape[-1]
    begins = np.arange(0, scores.size, m).reshape(*shape[:-1], 1)  # of the rows, were they one after another
    order = np.argsort(-scores, axis=-1) + begins  # in what order equals come does not matter
    scores = scores.take(order)
    is_true = (Y > 0.5).take(order)
    w = np.broadcast_to(w, shape).take(order)
    is_new = np.ones(shape, bool)
    is_new[..., 1:] = scores[..., 1:] != scores[..., :-1]
    first = np.maximum.accumulate(np.where(is_new, np.arange(m), 0), axis=-1) + begins
    ends = np.where(np.roll(is_new, -1, axis=-1), np.arange(m), m - 1)
    last = np.minimum.accumulate(ends[..., ::-1], axis=-1)[..., ::-1] + begins
    positive, negative = np.where(is_true, w, 0.0), np.where(is_true, 0.0, w)
    positives, negatives = positive.cumsum(axis=-1), negative.cumsum(axis=-1)
    before = (negatives - negative).take(first)
    return _Ranking(positive, positives.take(last), negatives.take(last), before)
