"""The locked test split: the rows that judge and are never chosen on."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np

from dnnexp.data.dataset import Dataset
from dnnexp.errors import DataError

__all__ = ["TestSplit", "lock_test"]


class TestSplit(NamedTuple):
    """Row numbers, ascending, of the development and the test examples, and the hash of both with the data's."""

    development: np.ndarray
    test: np.ndarray
    sha256: str


def lock_test(dataset: Dataset, test_size: float, rng: np.random.Generator) -> TestSplit:
    """Return the split: the official test rows where the data has them, else a share `test_size` of all rows.

    Drawn rows are stratified by class (every class keeps an example for development). Raises DataError where the
    rows left for development hold one class only.
    """
    rows = len(dataset.X)
    if dataset.test_rows is not None:
        test = np.unique(dataset.test_rows).astype(np.int64)
    elif dataset.y.ndim > 1:
        test = np.sort(rng.permutation(rows)[: _test_rows(rows, test_size)])
    else:
        test = _stratified(dataset.y, _test_rows(rows, test_size), rng)
    development = np.setdiff1d(np.arange(rows), test, assume_unique=True)
    if len(development) < 2 or len(test) < 1:
        raise DataError(f"{dataset.name}: need a test row and two others, got {len(test)} of {rows} rows for the test")
    if dataset.classes and len(np.unique(dataset.y[development])) < 2:
        only = dataset.classes[int(dataset.y[development[0]])]
        raise DataError(f"{dataset.name}: the rows left for training hold one class only, {only!r}: nothing to learn")
    digest = hashlib.sha256(dataset.sha256.encode())
    for part in (development, test):
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(np.ascontiguousarray(part, dtype="<i8").data)
    return TestSplit(development, test, digest.hexdigest())


def _test_rows(rows: int, test_size: float) -> int:
    return min(max(round(rows * test_size), 1), rows - 1)


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
