"""Columns with long tails, straightened before they are scaled."""

from __future__ import annotations

from functools import cache
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

__all__ = ["CLOSEST", "Knots", "Skew", "unit_of"]

MOST_KNOTS = 100  # of a column: the median of each hundredth of its rows
CLOSEST = 1e-12  # two knots, as a share of the largest: a steeper line between them could not be computed


class Knots(NamedTuple):
    """Where a column's values go: from points on the left to normal scores, straight lines between, level beyond."""

    points: np.ndarray  # (knots,) ascending
    scores: np.ndarray  # (knots,) ascending, standard deviations of a normal distribution


class Skew(NamedTuple):
    """none: as they are. log: sign(x) log(1 + |x|). quantile: the normal score of a value's rank."""

    kind: str
    knots: tuple[Knots, ...] = ()  # of each column, for quantile

    @classmethod
    def fit(cls, kind: str, values: np.ndarray) -> Skew:
        """Return the transformation of columns (rows, columns) without missing values."""
        return cls(kind, tuple(map(normal_scores, values.T)) if kind == "quantile" else ())

    def transform(self, values: np.ndarray) -> np.ndarray:
        """Return the straightened values (rows, columns)."""
        if self.kind == "log":
            logs: np.ndarray = np.copysign(np.log1p(np.abs(values)), values)
            return logs
        if self.kind == "quantile":
            straight = np.empty_like(values)
            for i, knots in enumerate(self.knots):
                unit = unit_of(knots.points)
                with np.errstate(over="ignore"):  # beyond the last knot it is level
                    straight[:, i] = np.interp(
                        np.ldexp(values[:, i], -unit), np.ldexp(knots.points, -unit), knots.scores
                    )
            return straight
        return values


def unit_of(points: np.ndarray) -> int:
    """Return the power of two that brings points within (-1, 1)."""
    return int(np.frexp(np.abs(points).max())[1])


def normal_scores(column: np.ndarray) -> Knots:
    """Return the knots of a column (rows,): its quantiles (i + 1/2) / knots and the normal scores that belong to them.

    With no more rows than knots this is Hazen's normal score of the rank, Phi^-1((rank - 1/2) / rows). Equal quantiles
    share the mean of their scores.
    """
    count = min(MOST_KNOTS, len(column))
    points = np.quantile(column, (np.arange(count) + 0.5) / count, method="inverted_cdf")
    is_new = np.concatenate([[True], np.diff(np.ldexp(points, -unit_of(points))) > CLOSEST])
    group = np.cumsum(is_new) - 1
    return Knots(points[is_new], np.bincount(group, _hazen(count)) / np.bincount(group))


@cache
def _hazen(count: int) -> tuple[float, ...]:
    return tuple(NormalDist().inv_cdf((i + 0.5) / count) for i in range(count))
