"""From a table to the arrays a network reads: fitted on the rows handed in, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dnnexp.data.columns import meant
from dnnexp.data.dataset import require_finite, row_number
from dnnexp.data.moments import LIMIT, floats, moments, standardised
from dnnexp.data.schema import PreprocessingConfig
from dnnexp.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Preprocessor"]

RAW_LIMIT = 1e30  # unscaled values: float32 ends at 3e38


@dataclass(frozen=True, eq=False)
class Preprocessor:
    """Columns in the order they were fitted in, with the mean and scale of each; scale 0 marks a constant column."""

    scaling: str
    columns: tuple[str, ...]
    mean: np.ndarray  # (columns,)
    scale: np.ndarray  # (columns,)

    @classmethod
    def fit(cls, config: PreprocessingConfig, X: pd.DataFrame) -> Preprocessor:
        """Return the preprocessor of the rows of X (examples, columns), finite numbers, at least one row."""
        columns = tuple(str(column) for column in X.columns)
        values = _numbers(X, columns)
        if config.scaling == "none":
            return cls(config.scaling, columns, np.zeros(len(columns)), np.ones(len(columns)))
        is_constant = values.min(axis=0) == values.max(axis=0)
        if config.scaling == "global":
            mean, scale = (np.repeat(moment, len(columns)) for moment in moments(values.reshape(-1, 1)))
        else:
            mean, scale = moments(values)
        return cls(config.scaling, columns, mean, np.where(is_constant, 0.0, scale))

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The name of each of the n[0] features that transform returns."""
        return self.columns

    @property
    def kinds(self) -> dict[str, str]:
        """What each input column holds, in their order."""
        return dict.fromkeys(self.columns, "number")

    def warnings(self) -> list[str]:
        """Return a line on each surprise that transform has met; this one refuses whatever it was not fitted on."""
        return []

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        """Return the features (examples, n[0]) float64: (x - mean) / scale, 0 in a constant column, always finite.

        Columns are found by name, others are ignored; what lies beyond LIMIT standard deviations is put there.
        Raises DataError for a missing column, and for what is no finite number, naming column and row.
        """
        values = _numbers(X, self.columns)
        limit = RAW_LIMIT if self.scaling == "none" else LIMIT
        return standardised(values, self.mean, self.scale, limit)

    def state(self) -> dict[str, Any]:
        """Return what from_state needs, ready for JSON."""
        return {
            "scaling": self.scaling,
            "columns": list(self.columns),
            "mean": self.mean.tolist(),
            "scale": self.scale.tolist(),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Preprocessor:
        """Return the preprocessor whose state() this is, to the same bits."""
        columns = tuple(state["columns"])
        return cls(state["scaling"], columns, floats(state, "mean", columns), floats(state, "scale", columns))


def _numbers(X: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """Return the named columns of X as float64 (examples, columns), or raise DataError where that cannot be."""
    if not X.columns.is_unique:
        twice = X.columns[X.columns.duplicated()][0]
        raise DataError(f"input: column {twice!r} is there more than once")
    if list(X.columns) != list(columns):
        for column in columns:
            if column not in X.columns:
                raise DataError(
                    f"input: column {column!r} is missing, {meant(column, [str(name) for name in X.columns])}"
                )
        X = X[list(columns)]
    if not len(X):
        raise DataError("input: need at least one row, got none")
    for dtype in X.dtypes.unique():
        if dtype.kind not in "biuf":
            column = X.columns[(X.dtypes == dtype).to_numpy()][0]
            raise DataError(f"input: column {column!r} must hold numbers, got {X[column].iloc[0]!r} in {row_number(0)}")
    values = X.to_numpy(dtype=np.float64, na_value=np.nan)
    require_finite(values, columns, "input", row_number)
    return values
