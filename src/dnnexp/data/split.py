"""The locked test split: the rows that judge and are never chosen on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dnnexp.data.dataset import Dataset
from dnnexp.data.fingerprint import fingerprint_of_rows
from dnnexp.data.partition import draw_groups, last_in_time
from dnnexp.errors import DataError

__all__ = ["TestSplit", "lock_test"]


class TestSplit(NamedTuple):
    """Row numbers, ascending, of the development and the test examples, and the hash of both with the data's."""

    development: np.ndarray
    test: np.ndarray
    sha256: str


def lock_test(dataset: Dataset, test_size: float, rng: np.random.Generator) -> TestSplit:
    """Return the split: the official test rows where the data has them, else a share `test_size` of all rows.

    That share is the last rows in time where the data has an order, whole groups where it has those, else drawn rows,
    stratified by class (every class keeps an example for development). Raises DataError where the rows left for
    development hold one class only, and where a group is on both sides of an official split.
    """
    rows = len(dataset.X)
    count = _test_rows(rows, test_size)
    labels = dataset.y if dataset.classes else None
    if dataset.test_rows is not None:
        test = np.unique(dataset.test_rows).astype(np.int64)
        _require_whole_groups(dataset, test)
    elif dataset.order is not None:
        test = np.flatnonzero(last_in_time(dataset.order, count))
    elif dataset.groups is not None:
        test = np.flatnonzero(draw_groups(dataset.groups, labels, count, rng))
    elif labels is None:
        test = np.sort(rng.permutation(rows)[:count])
    else:
        test = _stratified(labels, count, rng)
    development = np.setdiff1d(np.arange(rows), test, assume_unique=True)
    if len(development) < 2 or len(test) < 1:
        raise DataError(f"{dataset.name}: need a test row and two others, got {len(test)} of {rows} rows for the test")
    if dataset.classes and len(np.unique(dataset.y[development])) < 2:
        only = dataset.classes[int(dataset.y[development[0]])]
        raise DataError(f"{dataset.name}: the rows left for training hold one class only, {only!r}: nothing to learn")
    return TestSplit(development, test, fingerprint_of_rows(dataset.sha256, (development, test)))


def _test_rows(rows: int, test_size: float) -> int:
    return min(max(round(rows * test_size), 1), rows - 1)


def _require_whole_groups(dataset: Dataset, test: np.ndarray) -> None:
    if dataset.groups is None:
        return
    development = np.delete(dataset.groups, test)
    divided = np.flatnonzero(np.isin(dataset.groups[test], development))
    if len(divided):
        raise DataError(
            f"{dataset.name}: the official test splits a group of data.group: row {test[divided[0]] + 1} of the data "
            f"is a test row, others of its group are not ({len(divided):,} such rows); leave out one of the settings"
        )


def _stratified(codes: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return `count` row numbers, ascending: each class's share to the nearest row, by largest remainders."""
    sizes = np.bincount(codes)
    quotas = count * sizes / len(codes)
    most = np.maximum(sizes - 1, 0)
    taken = np.minimum(np.floor(quotas).astype(np.int64), most)
    for _ in range(min(count, most.sum()) - taken.sum()):
        taken[np.argmax(np.where(taken < most, quotas - taken, -np.inf))] += 1
    parts = [rng.permutation(np.flatnonzero(codes == label))[:n] for label, n in enumerate(taken)]
    return np.sort(np.concatenate(parts))
