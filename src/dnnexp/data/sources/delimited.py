"""Tables of comma-separated text with a header line: read strictly, refused with column and line."""

from __future__ import annotations

import csv as text
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dnnexp.data.columns import dropping, listed, meant
from dnnexp.data.dataset import MIN_ROWS, Dataset, assemble
from dnnexp.data.sources.files import existing_file
from dnnexp.errors import ConfigError, DataError

if TYPE_CHECKING:
    import pandas as pd

    from dnnexp.data.schema import DataConfig

__all__ = ["csv"]

ENCODING = "utf-8-sig"  # UTF-8, with or without a byte order mark


def csv(config: DataConfig) -> Dataset:
    """Return the data set of a CSV file with a header: `data.target`, and all but `data.drop` as inputs.

    Raises DataError for a missing, empty or ragged file, a column that is absent, doubled or no number, and missing
    values, naming column and line; the standard library finds most of it before pandas is imported.
    """
    path = existing_file(config)
    if not config.target:
        raise ConfigError("data.target: need the column to predict, got none")
    dropped = list(config.drop or [])
    try:
        columns = _header(path)
        _require_columns(path, columns, config.target, dropped)
        lines = _line_numbers(path, len(columns))
    except text.Error as error:
        raise DataError(f"{path.name}: no readable CSV: {error}") from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path.name}: not UTF-8 text ({error.reason} at byte {error.start}): save it as UTF-8"
        ) from error
    except OSError as error:
        raise DataError(f"{path.name}: cannot be read: {error}") from error
    if len(lines) < MIN_ROWS:
        raise DataError(f"{path.name}: need at least {MIN_ROWS} rows below the header, got {len(lines)}")

    frame = _table(path, columns, len(lines))
    target = _target_values(path, frame[config.target], config, lines)
    inputs = [column for column in columns if column != config.target and column not in dropped]
    return assemble(
        path.stem,
        _input_values(path, frame[inputs], dropped, lines),
        inputs,
        target,
        [config.target],
        config.task,
        origin=path.name,
        row_name=lambda i: f"line {lines[i]}",
    )


def _header(path: Path) -> list[str]:
    """Return the column names; a column without one is named as pandas does it, "Unnamed: 0"."""
    with path.open(newline="", encoding=ENCODING) as stream:
        for cells in text.reader(stream):
            if not _is_blank(cells):
                return [cell or f"Unnamed: {i}" for i, cell in enumerate(cells)]
    raise DataError(f"{path.name}: the file has no text in it")


def _require_columns(path: Path, columns: list[str], target: str, dropped: list[str]) -> None:
    """Raise DataError for a doubled name, an absent target or dropped column, a column without a name."""
    for i, column in enumerate(columns):
        if column in columns[:i]:
            first = columns.index(column) + 1
            raise DataError(f"{path.name}: columns {first} and {i + 1} have the same name, {column!r}: rename one")
    if target not in columns:
        marks = [mark for mark in (";", "\t", "|") if len(columns) == 1 and mark in columns[0]]
        hint = f"; the cells seem to be separated by {marks[0]!r}, need commas" if marks else ""
        raise DataError(f"data.target: {path.name} has no column {target!r}, {meant(target, columns)}{hint}")
    for column in dropped:
        if column not in columns:
            raise DataError(f"data.drop: {path.name} has no column {column!r}, {meant(column, columns)}")
    if target in dropped:
        raise DataError(f"data.drop: {target!r} is the target, it cannot be dropped")
    for i, column in enumerate(columns):
        if column == f"Unnamed: {i}" and column != target and column not in dropped:
            raise DataError(
                f"{path.name}: column {i + 1} has no name (row numbers?): name it, "
                f"or leave it out with {dropping([*dropped, column])}"
            )


def _line_numbers(path: Path, width: int) -> Sequence[int]:
    """Return the line each row starts in, from 1; raise DataError for a row that is not `width` cells long."""
    lines = array("q")
    with path.open(newline="", encoding=ENCODING) as stream:
        reader = text.reader(stream)
        is_header = True
        start = 1
        for cells in reader:
            if not _is_blank(cells):
                if len(cells) != width:
                    raise DataError(f"{path.name}: line {start} has {len(cells)} cells, the header has {width}")
                if not is_header:
                    lines.append(start)
                is_header = False
            start = reader.line_num + 1
    return lines


def _is_blank(cells: list[str]) -> bool:
    return not cells or (len(cells) == 1 and not cells[0].strip())


def _table(path: Path, columns: list[str], rows: int) -> pd.DataFrame:
    """Return the file's cells, numbers as numbers, under the given column names."""
    import pandas as pd

    try:
        frame = pd.read_csv(path, encoding=ENCODING, index_col=False, low_memory=False)
    except (ValueError, OverflowError) as error:  # ParserError and EmptyDataError are ValueErrors
        raise DataError(f"{path.name}: no readable CSV: {error}") from error
    if frame.shape != (rows, len(columns)):
        raise DataError(f"{path.name}: {rows} rows can be read as {len(frame)} too: check the quotation marks")
    frame.columns = pd.Index(columns)
    return frame


def _input_values(path: Path, frame: pd.DataFrame, dropped: list[str], lines: Sequence[int]) -> np.ndarray:
    """Return the inputs (rows, columns) float64; raise DataError where one is no number or missing."""
    numbers = {column: _as_numbers(frame[column]) for column in frame.columns}
    wrong = {column: np.isnan(values) & frame[column].notna().to_numpy() for column, values in numbers.items()}
    worded = [column for column, is_wrong in wrong.items() if is_wrong.any()]
    if worded:
        i = int(wrong[worded[0]].argmax())
        also = f" (nor are all of {listed(worded[1:])})" if worded[1:] else ""
        raise DataError(
            f"{path.name}: column {worded[0]!r}, line {lines[i]}: {frame[worded[0]].iloc[i]!r} is no number{also}; "
            f"leave out what is no number with {dropping([*dropped, *worded])}"
        )
    gaps = [column for column, values in numbers.items() if np.isnan(values).any()]
    if gaps:
        i = int(np.isnan(numbers[gaps[0]]).argmax())
        also = f" (also {listed(gaps[1:])})" if gaps[1:] else ""
        raise DataError(
            f"{path.name}: column {gaps[0]!r}, line {lines[i]}: the value is missing{also}; "
            f"fill it in, remove the row, or leave out the column with {dropping([*dropped, *gaps])}"
        )
    return np.stack(list(numbers.values()), axis=1) if numbers else np.empty((len(frame), 0))


def _as_numbers(column: pd.Series) -> np.ndarray:
    """Return the column as float64 (rows,), NaN where a cell is missing or no number."""
    import pandas as pd

    return pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def _target_values(path: Path, column: pd.Series, config: DataConfig, lines: Sequence[int]) -> np.ndarray:
    """Return the target (rows,): booleans, whole numbers, floats, or texts; raise DataError for a gap in it."""
    is_missing = column.isna().to_numpy()
    if is_missing.any():
        raise DataError(
            f"{path.name}: target {config.target!r}, line {lines[int(is_missing.argmax())]}: the value is missing "
            f"({is_missing.sum():,} in all); remove the rows"
        )
    if column.dtype.kind in "biuf":
        return column.to_numpy()
    numbers = _as_numbers(column)
    is_number = ~np.isnan(numbers)
    if is_number.all():  # whole numbers beyond 64 bits
        return numbers
    if is_number.mean() > 0.5 and config.task not in ("binary", "multiclass"):
        i = int(is_number.argmin())
        raise DataError(
            f"{path.name}: target {config.target!r}, line {lines[i]}: {column.iloc[i]!r} is no number, as most are; "
            "correct it, or say data.task=multiclass if these are classes"
        )
    return column.astype(str).to_numpy(dtype=object)
