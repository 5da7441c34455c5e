"""A table of inputs as it comes in: its columns by name and kind, its numbers, and what of it cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dnnexp.data.columns import listed, meant
from dnnexp.data.dataset import row_number
from dnnexp.data.kinds import CATEGORY, NUMBER
from dnnexp.errors import DataError, shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["aligned", "kinds_of", "named", "numbers"]

LONGEST = 1024  # bits of a whole number: floats end there


def named(X: pd.DataFrame) -> pd.DataFrame:
    """Return the table with texts for column names. Raises DataError for a doubled name, and for no row."""
    names = [str(column) for column in X.columns]
    if names != list(X.columns):
        X = X.set_axis(names, axis=1)
    if not X.columns.is_unique:
        twice = X.columns[X.columns.duplicated()][0]
        raise DataError(f"input: column {twice!r} is there more than once")
    if not len(X):
        raise DataError("input: need at least one row, got none")
    return X


def aligned(X: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return the named columns in that order; others are ignored. Raises DataError for one that is missing."""
    X = named(X)
    if list(X.columns) == list(columns):
        return X
    for column in columns:
        if column not in X.columns:
            raise DataError(f"input: column {column!r} is missing, {meant(column, list(X.columns))}")
    return X[list(columns)]


def kinds_of(X: pd.DataFrame) -> dict[str, str]:
    """Return the kind of each column by its type: numbers and booleans are numbers, anything else is a category."""
    return {
        str(column): NUMBER if dtype.kind in "biuf" else CATEGORY
        for column, dtype in zip(X.columns, X.dtypes, strict=True)
    }


def numbers(X: pd.DataFrame) -> np.ndarray:
    """Return the table as float64 (rows, columns), NaN where a value is missing.

    Texts that are numbers are read as such. Raises DataError that names column, row and value for what is no number,
    and for an infinity.
    """
    foreign = [column for column, dtype in zip(X.columns, X.dtypes, strict=True) if dtype.kind not in "biuf"]
    if foreign:
        X = X.assign(**{column: _read(X[column]) for column in foreign})
    values = X.to_numpy(dtype=np.float64, na_value=np.nan)
    is_infinite = np.isinf(values)
    if is_infinite.any():
        bad = np.flatnonzero(is_infinite.any(axis=0))
        first = int(is_infinite[:, bad[0]].argmax())
        also = f" (also in {listed([str(X.columns[i]) for i in bad[1:]])})" if len(bad) > 1 else ""
        raise DataError(
            f"input: column {X.columns[bad[0]]!r}, {row_number(first)}: an infinite value{also}; "
            "need a finite number, or nothing where it is not known"
        )
    return values


def _read(column: pd.Series) -> np.ndarray:
    """Return a column of objects as float64 (rows,), NaN where it is missing; raise DataError for what is no number."""
    import pandas as pd

    objects = column.astype(object)
    is_missing = objects.isna().to_numpy()
    is_plain = objects.map(_is_plain).to_numpy(bool)
    values = pd.to_numeric(objects.where(is_plain), errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    is_wrong = np.isnan(values) & ~is_missing
    if is_wrong.any():
        i = int(is_wrong.argmax())
        raise DataError(
            f"input: column {column.name!r} must hold numbers, got {shown(objects.iloc[i])} in {row_number(i)}"
        )
    return values


def _is_plain(value: Any) -> bool:
    """Whether the value is of a type that a float is read from; a whole number of 400 digits is not."""
    if isinstance(value, int):
        return value.bit_length() < LONGEST
    return isinstance(value, str | float | np.number | np.bool_)
