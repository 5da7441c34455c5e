"""The rows that an estimator is fitted on: inputs as a table, weights that count, examples that are there twice."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import _check_sample_weight, check_consistent_length, validate_data

from dnnexp.data.dates import days
from dnnexp.errors import shown

__all__ = ["Rows", "counted_rows", "merged_rows", "read_table"]

Array = npt.NDArray[Any]


class Rows(NamedTuple):
    """Inputs (examples, columns), targets (examples,) or (examples, targets), and weights above 0; None: all 1."""

    X: pd.DataFrame
    y: Array
    weights: npt.NDArray[np.float64] | None


def read_table(estimator: BaseEstimator, X: Any, *, reset: bool) -> pd.DataFrame:
    """Return the inputs as a table under the names they were fitted by.

    A DataFrame with columns that are no numbers stays as it is, dates as days since 1970-01-01; everything else is read
    as scikit-learn does, as float64, NaN for missing. reset: names and number of columns are learnt; else they must
    agree. Raises ValueError or TypeError for what is no table of finite or missing values.
    """
    if isinstance(X, pd.DataFrame):
        X = _in_plain_types(X)
    if isinstance(X, pd.DataFrame) and not all(pd.api.types.is_numeric_dtype(dtype) for dtype in X.dtypes):
        validate_data(estimator, X, reset=reset, skip_check_array=True)
        if not len(X):
            raise ValueError("X: need at least one row, got none")
        return X.set_axis([str(column) for column in X.columns], axis=1)
    with np.errstate(over="ignore", invalid="ignore"):  # the sum of numbers like 1e308 is tried first
        values = validate_data(estimator, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan")
    names = getattr(estimator, "feature_names_in_", [f"x{i}" for i in range(values.shape[1])])
    return pd.DataFrame(values, columns=pd.Index(list(names)))


def _in_plain_types(X: pd.DataFrame) -> pd.DataFrame:
    """Return the table with dates as days and nothing sparse.

    Raises ValueError for a name that is there twice, complex numbers, and lists and their like, naming column and row.
    """
    if not X.columns.is_unique:
        raise ValueError(f"X: column {X.columns[X.columns.duplicated()][0]!r} is there more than once")
    plain: dict[Any, Any] = {}
    for name, column in X.items():
        if isinstance(column.dtype, pd.SparseDtype):
            plain[name] = column.astype(column.dtype.subtype)
        elif column.dtype.kind == "c":
            raise ValueError(f"X: column {name!r} holds complex numbers. Complex data not supported")
        elif column.dtype.kind in "mM":
            plain[name] = pd.Series(days(column), X.index)
        elif column.dtype == object:
            is_value = [isinstance(value, Hashable) for value in column]
            if not all(is_value):
                i = is_value.index(False)
                got = shown(column.iloc[i])
                raise ValueError(f"X: column {name!r}, row {i + 1}: need a number or a text, got {got}")
    return pd.DataFrame({name: plain.get(name, column) for name, column in X.items()}, X.index) if plain else X


def counted_rows(X: pd.DataFrame, y: Array, sample_weight: Any) -> Rows:
    """Return the rows whose weight is above 0. Raises ValueError for weights below 0, or where none is above."""
    check_consistent_length(X, y)
    if sample_weight is None:
        return Rows(X, y, None)
    weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    weights = np.ldexp(weights, -np.frexp(weights.max())[1])  # at most 1: sums stay finite, and no bit changes
    counts = weights > 0
    if not counts.any():
        raise ValueError("sample_weight: need a weight above 0, but every sample weight is zero")
    return Rows(X[counts], y[counts], weights[counts])


def merged_rows(rows: Rows) -> Rows:
    """Return each different example once, with the sum of its weights, in an order of its own.

    Where a step sees all rows, its gradient is the same; and rows that are there twice then do to the last bit what one
    of twice the weight does.
    """
    columns = [rows.X.iloc[:, i] for i in range(rows.X.shape[1])]
    targets = rows.y.reshape(len(rows.y), -1)
    codes = [pd.factorize(column, sort=column.dtype.kind in "biuf")[0] for column in columns]
    keys = np.column_stack([*codes, *(np.unique(target, return_inverse=True)[1] for target in targets.T)])
    _, first, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    weights = np.bincount(inverse.ravel(), rows.weights, minlength=len(first)).astype(np.float64)
    return Rows(rows.X.iloc[first], rows.y[first], weights)
