"""A data set in memory, the laws that any data must keep, and the fingerprint of its full content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dnnexp.data.columns import listed
from dnnexp.data.target import read_target
from dnnexp.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MIN_ROWS", "Dataset", "assemble", "require_finite", "row_number"]

MIN_ROWS = 10


@dataclass(frozen=True, eq=False)
class Dataset:
    """Inputs, targets, and what is known about them.

    y holds, for classes, one integer code into `classes` per example (examples,); for labels 0 and 1, (examples,
    labels); for regression float64 (examples, targets). `test_rows` are the row numbers of the official test examples,
    `None` where the data has none.
    """

    name: str
    X: pd.DataFrame  # (examples, columns)
    y: np.ndarray
    task: str  # regression, binary, multiclass, multilabel
    classes: tuple[str, ...]  # () for regression and labels
    target_names: tuple[str, ...]  # of the labels too
    test_rows: np.ndarray | None
    sha256: str  # of columns, X and y
    image_shape: tuple[int, ...] | None  # of one example, where the columns are pixels
    description: str  # one line on what was read


def row_number(i: int) -> str:
    """Return how an error names the example with index i, where nothing is known of lines in a file."""
    return f"row {i + 1}"


def assemble(
    name: str,
    inputs: np.ndarray,
    columns: Sequence[str],
    target: np.ndarray,
    target_names: Sequence[str],
    task: str | None = None,
    *,
    origin: str,
    row_name: Callable[[int], str] = row_number,
    test_rows: np.ndarray | None = None,
    image_shape: tuple[int, ...] | None = None,
) -> Dataset:
    """Return the data set of inputs (examples, columns) and target (examples,) or (examples, targets).

    `origin` says where the data comes from, `row_name` how an error names an example. Raises DataError where a law is
    broken: at least MIN_ROWS examples, at least one column, numbers that are finite, a target that varies.
    """
    import pandas as pd

    if len(inputs) < MIN_ROWS:
        raise DataError(f"{origin}: need at least {MIN_ROWS} rows, got {len(inputs)}")
    if not columns:
        raise DataError(f"{origin}: need at least one input column besides the target, got none")
    values = np.asarray(inputs, dtype=np.float64)
    require_finite(values, columns, origin, row_name)
    goal = read_target(target, task, target_names, origin, row_name)
    X = pd.DataFrame(values, columns=pd.Index(list(columns)), copy=False)
    shape = "" if image_shape is None else f" (images {' × '.join(map(str, image_shape))})"
    official = "" if test_rows is None else f", of which {len(test_rows):,} are the official test rows"
    return Dataset(
        name=name,
        X=X,
        y=goal.y,
        task=goal.task,
        classes=goal.classes,
        target_names=tuple(target_names),
        test_rows=test_rows,
        sha256=_fingerprint(values, columns, goal.y, goal.classes, target_names),
        image_shape=image_shape,
        description=f"{origin}: {len(values):,} rows{official}, {len(columns):,} numeric columns{shape}; {goal.reason}",
    )


def require_finite(values: np.ndarray, columns: Sequence[str], origin: str, row_name: Callable[[int], str]) -> None:
    """Raise DataError that names the first column and row of values (examples, columns) with a NaN or an infinity."""
    finite = np.isfinite(values)
    if finite.all():
        return
    bad = np.flatnonzero(~finite.all(axis=0))
    first = int(np.argmin(finite[:, bad[0]]))
    others = [columns[i] for i in bad[1:]]
    also = f" (also in {listed(others)})" if others else ""
    fault = "a missing value" if np.isnan(values[first, bad[0]]) else "an infinite value"
    raise DataError(
        f"{origin}: column {columns[bad[0]]!r}, {row_name(first)}: {fault}{also}; "
        "every input must be a finite number: fill it in, or leave out the row or the column"
    )


def _fingerprint(
    values: np.ndarray, columns: Sequence[str], y: np.ndarray, classes: Sequence[str], target_names: Sequence[str]
) -> str:
    """Return the SHA-256 of column names, every value of values (examples, columns) and every target, in hex."""
    names = {"columns": list(columns), "classes": list(classes), "targets": list(target_names), "rows": len(values)}
    digest = hashlib.sha256(json.dumps(names, sort_keys=True).encode())
    for start in range(0, len(values), 4096):  # in blocks: a copy of large data would double the memory
        digest.update(np.ascontiguousarray(values[start : start + 4096], dtype="<f8").data)
    digest.update(np.ascontiguousarray(y, dtype="<f8" if y.dtype.kind == "f" else "<i8").data)
    return digest.hexdigest()
