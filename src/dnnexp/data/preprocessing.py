"""From a table to the arrays a network reads, and from its outputs back: fitted on the rows handed in, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dnnexp.data.columns import meant
from dnnexp.data.dataset import require_finite, row_number
from dnnexp.data.schema import PreprocessingConfig
from dnnexp.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Preprocessor", "TargetCode"]

LIMIT = 1e6  # standard deviations; n values are never further than sqrt(n) from their own mean
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
            mean, scale = (np.repeat(moment, len(columns)) for moment in _moments(values.reshape(-1, 1)))
        else:
            mean, scale = _moments(values)
        return cls(config.scaling, columns, mean, np.where(is_constant, 0.0, scale))

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The name of each of the n[0] features that transform returns."""
        return self.columns

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        """Return the features (examples, n[0]) float64: (x - mean) / scale, 0 in a constant column, always finite.

        Columns are found by name, others are ignored; what lies beyond LIMIT standard deviations is put there.
        Raises DataError for a missing column, and for what is no finite number, naming column and row.
        """
        values = _numbers(X, self.columns)
        limit = RAW_LIMIT if self.scaling == "none" else LIMIT
        return _standardised(values, self.mean, self.scale, limit)

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
        return cls(state["scaling"], columns, _floats(state, "mean", columns), _floats(state, "scale", columns))


@dataclass(frozen=True, eq=False)
class TargetCode:
    """How targets are written in a network's output layer: 0/1, one-hot, or standardised quantities."""

    task: str
    classes: tuple[str, ...]
    mean: np.ndarray  # (targets,) of a regression, else ()
    scale: np.ndarray  # (targets,), positive

    @classmethod
    def fit(cls, task: str, classes: Sequence[str], y: np.ndarray) -> TargetCode:
        """Return the code of the targets y: (examples,) codes into classes, or (examples, targets) quantities."""
        if task != "regression":
            return cls(task, tuple(classes), np.empty(0), np.empty(0))
        mean, scale = _moments(np.asarray(y, dtype=np.float64))
        return cls(task, (), mean, np.where(scale > 0, scale, 1.0))

    @property
    def outputs(self) -> int:
        """n[L], the units of the output layer."""
        if self.task == "regression":
            return len(self.mean)
        return 1 if self.task == "binary" else len(self.classes)

    def encode(self, y: np.ndarray) -> np.ndarray:
        """Return the network's targets (examples, n[L]) float64."""
        if self.task == "regression":
            return _standardised(np.asarray(y, dtype=np.float64), self.mean, self.scale, LIMIT)
        if self.task == "binary":
            return np.reshape(y, (-1, 1)).astype(np.float64)
        onehot: np.ndarray = np.eye(len(self.classes))[y]
        return onehot

    def codes(self, A: np.ndarray) -> np.ndarray:
        """Return the most probable class (examples,) for outputs A (examples, n[L]); a tie goes to the first."""
        codes = A[:, 0] > 0.5 if self.task == "binary" else A.argmax(axis=1)
        return np.asarray(codes, dtype=np.int64)

    def decode(self, A: np.ndarray) -> np.ndarray:
        """Return, for outputs A (examples, n[L]), class labels (examples,) or quantities (examples, targets)."""
        if self.task != "regression":
            labels: np.ndarray = np.array(self.classes)[self.codes(A)]
            return labels
        largest = np.finfo(np.float64).max
        with np.errstate(over="ignore"):
            values: np.ndarray = np.asarray(A, dtype=np.float64) * self.scale + self.mean
        return np.clip(values, -largest, largest, out=values)

    def state(self) -> dict[str, Any]:
        """Return what from_state needs, ready for JSON."""
        moments = {"mean": self.mean.tolist(), "scale": self.scale.tolist()}
        return {"task": self.task, "classes": list(self.classes), **moments}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> TargetCode:
        """Return the code whose state() this is, to the same bits."""
        mean = np.asarray(state["mean"], dtype=np.float64)
        return cls(state["task"], tuple(state["classes"]), mean, _floats(state, "scale", mean))


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


def _moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation (columns,) of values (examples, columns), without overflow.

    The standard deviation of a constant column is 0, not what rounding leaves of it.
    """
    exponent = np.frexp(np.abs(values).max(axis=0))[1]
    unit = np.ldexp(values, -exponent)  # within (-1, 1), exactly: a power of two is taken out
    mean = unit.mean(axis=0)
    deviation = np.sqrt(np.square(unit - mean).mean(axis=0))
    scale = np.ldexp(deviation, exponent)
    is_constant = (values.min(axis=0) == values.max(axis=0)) | (scale < np.finfo(np.float64).tiny)
    return np.ldexp(mean, exponent), np.where(is_constant, 0.0, scale)


def _standardised(values: np.ndarray, mean: np.ndarray, scale: np.ndarray, limit: float) -> np.ndarray:
    """Return (values - mean) / scale within ±limit, 0 where the scale is 0; contiguous rows."""
    result = np.zeros(values.shape)
    with np.errstate(over="ignore"):
        # halves are exact and keep the difference of two numbers near the largest float finite
        np.divide(0.5 * values - 0.5 * mean, 0.5 * scale, out=result, where=scale > 0)
    return np.clip(result, -limit, limit, out=result)


def _floats(state: dict[str, Any], key: str, like: Sequence[str] | np.ndarray) -> np.ndarray:
    """Return state[key] as float64, or raise DataError where it is not as long as its fellow or not finite."""
    values = np.asarray(state[key], dtype=np.float64)
    if values.shape != (len(like),) or not np.isfinite(values).all():
        raise DataError(f"preprocessing state: need {len(like)} finite numbers as {key!r}, got shape {values.shape}")
    return values
