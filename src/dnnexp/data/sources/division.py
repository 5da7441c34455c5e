"""What divides and weighs the rows of a table: the official split, groups, time, sample weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnnexp.data.kinds import CATEGORY, as_text, coded, read_column
from dnnexp.errors import DataError, shown

if TYPE_CHECKING:
    import pandas as pd

    from dnnexp.data.schema import DataConfig

__all__ = ["Division", "read_division", "said_of"]

TEST, TRAIN = frozenset(["test", "true", "1"]), frozenset(["train", "false", "0"])  # in small letters

RowName = Callable[[int], str]


class Division(NamedTuple):
    """Of every row: is it an official test row, its group, its rank in time, its weight; None where nothing says."""

    is_test: np.ndarray | None
    groups: np.ndarray | None
    order: np.ndarray | None
    weights: np.ndarray | None
    is_weighed: np.ndarray  # its weight is not 0


def read_division(
    config: DataConfig, frame: pd.DataFrame, has_target: np.ndarray, origin: str, row_name: RowName
) -> Division:
    """Return what `data.split`, `data.group`, `data.time` and `data.weight` say of the rows.

    Rows without a target (rows,) may say nothing. Raises DataError, naming column and row, for a gap in one of those
    columns, for another word than train and test, for times that are none, and for weights below 0.
    """
    is_test = groups = order = weights = None
    if config.split is not None:
        is_test = _split(config.split, frame[config.split], has_target, origin, row_name)
    if config.group is not None:
        groups, _ = coded(config.group, frame[config.group], origin, row_name)
        _require_all(groups >= 0, has_target, "data.group", config.group, origin, row_name)
    if config.time is not None:
        order = _order(config.time, frame[config.time], has_target, origin, row_name)
    is_weighed = np.ones(len(frame), dtype=bool)
    if config.weight is not None:
        weights = _weights(config.weight, frame[config.weight], has_target, origin, row_name)
        is_weighed = ~(weights == 0)
    return Division(is_test, groups, order, weights, is_weighed)


def said_of(config: DataConfig, division: Division, kept: np.ndarray) -> list[str]:
    """Return what the rows that are kept (rows,) are divided and weighed by, one sentence for each column."""
    said = []
    if division.is_test is not None:
        said.append(f"{config.split}: the official split, {int(division.is_test[kept].sum()):,} test rows")
    if division.groups is not None:
        count = len(np.unique(division.groups[kept]))
        said.append(f"{config.group}: {count:,} groups, none of them on two sides of a division")
    if division.order is not None:
        said.append(f"{config.time}: time; what comes later is tested, scored and stopped by")
    if division.weights is not None:
        weights = division.weights[kept]
        said.append(f"{config.weight}: sample weights, {weights.min():g} to {weights.max():g}")
    return said


def _split(name: str, column: pd.Series, has_target: np.ndarray, origin: str, row_name: RowName) -> np.ndarray:
    """Return which rows are the official test's."""
    codes, distinct = coded(name, column, origin, row_name)
    _require_all(codes >= 0, has_target, "data.split", name, origin, row_name)
    words = [as_text(value).strip().lower() for value in distinct]
    known = np.array([word in TEST or word in TRAIN for word in words], dtype=bool)
    if not known.all():
        i = int(np.isin(codes, np.flatnonzero(~known)).argmax())
        raise DataError(
            f"data.split: {origin}, column {name!r}, {row_name(i)}: need train or test (or true or false: is it a test "
            f"row?), got {shown(distinct[codes[i]])}"
        )
    is_test: np.ndarray = np.array([*(word in TEST for word in words), False], dtype=bool)[codes]
    sides = set(is_test[has_target].tolist())
    if len(sides) < 2:
        side = "test" if True in sides else "training"
        raise DataError(f"data.split: {origin}, column {name!r}: need rows of both, got {side} rows only")
    return is_test


def _order(name: str, column: pd.Series, has_target: np.ndarray, origin: str, row_name: RowName) -> np.ndarray:
    """Return the rank of each row in time; equal times have one rank."""
    read = read_column(name, column, None, origin, row_name)
    if read.kind == CATEGORY:
        first = next(value for value in read.values if value is not None)
        raise DataError(f"data.time: {origin}, column {name!r}: need numbers or dates, got texts, e.g. {shown(first)}")
    _require_all(~np.isnan(read.values), has_target, "data.time", name, origin, row_name)
    return np.unique(read.values, return_inverse=True)[1].astype(np.int64)


def _weights(name: str, column: pd.Series, has_target: np.ndarray, origin: str, row_name: RowName) -> np.ndarray:
    """Return the weights, not scaled; NaN where a row without a target has none."""
    read = read_column(name, column, None, origin, row_name)
    values = read.values if read.kind != CATEGORY else np.full(len(column), np.nan)
    is_weight = np.isfinite(values) & (values >= 0)
    if (has_target & ~is_weight).any():
        i = int((has_target & ~is_weight).argmax())
        raise DataError(
            f"data.weight: {origin}, column {name!r}, {row_name(i)}: need a finite number >= 0, "
            f"got {column.iloc[i]!s:.60}"
        )
    if not (values[has_target] > 0).any():
        raise DataError(f"data.weight: {origin}, column {name!r}: need a weight above 0, got none")
    return values


def _require_all(
    is_there: np.ndarray, has_target: np.ndarray, key: str, name: str, origin: str, row_name: RowName
) -> None:
    is_missing = has_target & ~is_there
    if is_missing.any():
        i = int(is_missing.argmax())
        raise DataError(f"{key}: {origin}, column {name!r}, {row_name(i)}: the value is missing")
