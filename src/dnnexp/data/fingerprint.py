"""The hash of a data set's full content: two data sets with one hash are the same data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["fingerprint", "fingerprint_of_rows"]

BLOCK = 4096  # rows: a copy of large data would double the memory


def fingerprint(
    X: pd.DataFrame,
    y: np.ndarray,
    classes: Sequence[str],
    target_names: Sequence[str],
    weights: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    order: np.ndarray | None = None,
) -> str:
    """Return the SHA-256, in hex, of all names, every value and category of X, every target, weight, group and rank."""
    import pandas as pd

    columns = [str(column) for column in X.columns]
    is_number = np.array([dtype.kind in "biuf" for dtype in X.dtypes], dtype=bool)
    names: dict[str, object] = {"columns": columns, "classes": list(classes), "targets": list(target_names)}
    names["rows"] = len(X)
    texts = X.loc[:, ~is_number]
    coded = {str(column): pd.factorize(np.asarray(texts[column], dtype=object), sort=True) for column in texts.columns}
    if coded:
        names["categories"] = {column: list(map(str, distinct)) for column, (_, distinct) in coded.items()}
    extras = {"weights": weights, "groups": groups, "order": order}
    given = {name: array for name, array in extras.items() if array is not None}
    if given:
        names["extras"] = list(given)
    digest = hashlib.sha256(json.dumps(names, sort_keys=True).encode())
    numbers = X if is_number.all() else X.loc[:, is_number]
    for start in range(0, len(numbers), BLOCK):
        block = np.ascontiguousarray(numbers.iloc[start : start + BLOCK].to_numpy(dtype="<f8"))
        gaps = np.isnan(block)
        digest.update((np.where(gaps, np.nan, block) if gaps.any() else block).data)  # a NaN has many patterns of bits
    for array in (*(codes for codes, _ in coded.values()), y, *given.values()):
        digest.update(np.ascontiguousarray(array, dtype="<f8" if array.dtype.kind == "f" else "<i8").data)
    return digest.hexdigest()


def fingerprint_of_rows(data: str, parts: Iterable[npt.NDArray[np.integer]]) -> str:
    """Return the SHA-256, in hex, of the hash of the data and of parts of its rows, each a list of row numbers."""
    digest = hashlib.sha256(data.encode())
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(np.ascontiguousarray(part, dtype="<i8").data)
    return digest.hexdigest()
