"""Rows divided in two so that groups stay whole, or time runs forward."""

from __future__ import annotations

import numpy as np

from dnnexp.errors import DataError

__all__ = ["DRAWS", "draw_groups", "last_in_time"]

DRAWS = 32  # of which the one nearest to the wanted shares is taken


def draw_groups(
    groups: np.ndarray, labels: np.ndarray | None, count: int, rng: np.random.Generator, draws: int = DRAWS
) -> np.ndarray:
    """Return which rows (rows,) are in a part of about `count` rows made of whole groups, some groups left outside.

    groups (rows,): codes; labels (rows,): codes of classes whose shares the part should have, None for quantities. Of
    `draws` random orders of the groups the one that comes nearest to count and shares is taken; an order that leaves a
    class without rows outside only where all do. Many orders of few groups find the same part whatever the seed.
    Raises DataError for a single group.
    """
    _, codes = np.unique(groups, return_inverse=True)
    sizes = np.bincount(codes)
    if len(sizes) < 2:
        raise DataError(f"data.group: {len(groups):,} rows must be divided by groups, but all are in one group")
    _, classes = np.unique(np.zeros(len(codes)) if labels is None else labels, return_inverse=True)
    tallies = np.zeros((len(sizes), classes.max() + 1))
    np.add.at(tallies, (codes, classes), 1)
    total = tallies.sum(axis=0)
    best, taken = np.inf, np.zeros(0, dtype=np.int64)
    for _ in range(draws):
        order = rng.permutation(len(sizes))
        filled = np.cumsum(sizes[order])
        n = min(max(int(np.abs(filled - count).argmin()) + 1, 1), len(sizes) - 1)
        part = tallies[order[:n]].sum(axis=0)
        wanted = total * count / len(codes)
        miss = np.abs(part - wanted).sum() / len(codes) + np.count_nonzero(part == total)
        if miss < best:
            best, taken = miss, order[:n]
    return np.isin(codes, taken)


def last_in_time(order: np.ndarray, count: int) -> np.ndarray:
    """Return which rows (rows,) are the last in time, as near to `count` as equal times, never divided, allow.

    order (rows,): ranks. Some rows are left before them. Raises DataError where all have one time.
    """
    ranks, sizes = np.unique(order, return_counts=True)
    if len(ranks) < 2:
        raise DataError(f"data.time: {len(order):,} rows must be divided in time, but all are of one time")
    after = len(order) - np.cumsum(sizes)[:-1]  # rows later than each rank but the last
    return np.asarray(order > ranks[int(np.abs(after - count).argmin())])
