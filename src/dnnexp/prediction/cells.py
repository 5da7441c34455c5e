"""Cells of new rows as the types that a model reads: finite numbers, NaN for a gap, or categories, None for one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from dnnexp.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["model_inputs"]

TRUTHS = {"true": 1.0, "false": 0.0}


def model_inputs(
    frame: pd.DataFrame, kinds: Mapping[str, str], origin: str, row_name: Callable[[int], str]
) -> pd.DataFrame:
    """Return the columns that a model reads, in its order.

    kinds: column -> "number" or "category". Raises DataError that names column, row and value for a text where a number
    must be, and for an infinity.
    """
    X = conform(frame[list(kinds)], kinds, origin, row_name)
    for name, kind in kinds.items():
        infinite = np.isinf(X[name].to_numpy()) if kind == "number" else np.zeros(0, bool)
        if infinite.any():
            raise DataError(
                f"{origin}: column {name!r}, {row_name(int(infinite.argmax()))}: an infinite value; "
                "need a finite number, or an empty cell for one that is missing"
            )
    return X


def conform(frame: pd.DataFrame, kinds: Mapping[str, str], origin: str, row_name: Callable[[int], str]) -> pd.DataFrame:
    """Return the table with each column as its kind. Raises DataError for a text in a column of numbers."""
    import pandas as pd

    columns = {
        name: _numbers(frame[name], origin, row_name) if kind == "number" else _categories(frame[name])
        for name, kind in kinds.items()
    }
    return pd.DataFrame(columns, index=frame.index, copy=False)


def _numbers(column: pd.Series, origin: str, row_name: Callable[[int], str]) -> np.ndarray:
    """Return the column as float64 (rows,), NaN where a cell is missing; true and false are 1 and 0."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column.dtype):  # booleans too
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
    for i in np.flatnonzero(np.isnan(values) & column.notna().to_numpy()):
        cell = column.iloc[i]
        truth = TRUTHS.get(str(cell).strip().lower())
        if truth is None:
            raise DataError(f"{origin}: column {column.name!r}, {row_name(int(i))}: need a number, got {cell!r}")
        values[i] = truth
    return values


def _categories(column: pd.Series) -> np.ndarray:
    """Return the column as objects (rows,), None where a cell is missing."""
    cells = column.astype(object).to_numpy(copy=True)
    cells[column.isna().to_numpy()] = None
    return cells
