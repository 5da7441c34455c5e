"""Rows of a file, some at a time: what every kind of file gives, and which of its columns are used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol

from dnnexp.data.columns import meant
from dnnexp.data.numerals import DECIMAL_COMMA
from dnnexp.data.sources.files import PARQUET
from dnnexp.errors import ConfigError, DataError

if TYPE_CHECKING:
    import pandas as pd

    from dnnexp.predictor import Predictor

__all__ = ["CELLS", "RowFile", "Rows", "Wanted", "open_rows", "read_rows", "rows_at_a_time", "wanted_columns"]

CELLS = 1_000_000  # in memory at a time, where nothing else is said
MOST = 20_000  # rows at a time


class Rows(NamedTuple):
    """Consecutive rows of a file."""

    inputs: pd.DataFrame  # what the model reads, as model_inputs gives it
    kept: pd.DataFrame  # columns to be copied
    row_name: Callable[[int], str]  # how an error names the i-th of these rows


class RowFile(Protocol):
    """A file that is read from its beginning to its end, once."""

    ignored: list[str]  # columns that nothing is done with

    def __iter__(self) -> Iterator[Rows]: ...

    def share(self) -> float:
        """Return how much of the file has been read, in [0, 1]."""
        ...


class Wanted(NamedTuple):
    """What is read of a file."""

    kinds: Mapping[str, str]  # the model's columns: NUMBER or CATEGORY
    kept: Sequence[str]  # columns to be copied
    notations: Mapping[str, str] = MappingProxyType({})  # of the model's columns that are not written as usual

    @property
    def numerals(self) -> list[str]:
        """The model's columns of numbers that were written with decimal commas."""
        return [name for name, notation in self.notations.items() if notation == DECIMAL_COMMA]

    @property
    def columns(self) -> list[str]:
        """Every column that is read, once."""
        return list(dict.fromkeys([*self.kinds, *self.kept]))


def open_rows(path: Path, wanted: Wanted, rows: int, separator: str | None, encoding: str | None) -> RowFile:
    """Return the rows of a Parquet file or of a table of text, by the file's first bytes, at most `rows` at a time.

    separator None: the one that finds the model's columns; encoding None: UTF-8. Raises DataError for a file that
    cannot be read, and for a column that is not there; what is wrong further down is raised on the way.
    """
    with path.open("rb") as file:
        is_parquet = file.read(len(PARQUET)) == PARQUET
    if is_parquet:
        from dnnexp.prediction.parquet import ParquetRows

        return ParquetRows(path, wanted, rows)
    from dnnexp.prediction.delimited import DelimitedRows

    return DelimitedRows(path, wanted, rows, separator, encoding)


def read_rows(
    path: str | Path, predictor: Predictor, separator: str | None = None, encoding: str | None = None
) -> pd.DataFrame:
    """Return all rows of a file as `predictor.predict` takes them, read as dnnexp.predict reads them.

    Dates, decimal commas and categories such as 01067 are then what they were in training. separator and encoding as
    for `open_rows`. Raises DataError for a file or a cell that cannot be read, naming column and row.
    """
    import pandas as pd

    path = Path(path)
    try:
        wanted = Wanted(predictor.kinds, (), predictor.card.notations)
        parts = [part.inputs for part in open_rows(path, wanted, MOST, separator, encoding)]
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None
    if not parts:
        raise DataError(f"{path.name}: there is no row below the header, nothing to predict")
    return pd.concat(parts, ignore_index=True)


def rows_at_a_time(rows: int | None, columns: int) -> int:
    """Return how many rows are read at a time, of a file with so many columns."""
    return rows if rows is not None else max(1, min(MOST, CELLS // max(1, columns)))


def wanted_columns(columns: Sequence[str], wanted: Wanted, origin: str) -> list[str]:
    """Return the columns of a file that are ignored. Raises DataError for one that is missing or there twice."""
    there = set(columns)
    missing = [name for name in wanted.kinds if name not in there]
    if missing:
        more = f" ({len(missing):,} of the model's {len(wanted.kinds):,} columns are)" if len(missing) > 1 else ""
        raise DataError(f"{origin}: column {missing[0]!r} is missing{more}, {meant(missing[0], list(columns))}")
    for name in wanted.kept:
        if name not in there:
            raise ConfigError(f"prediction.keep: {origin} has no column {name!r}, {meant(name, list(columns))}")
    used = set(wanted.columns)
    if len(there) < len(columns):
        seen: set[str] = set()
        for name in columns:
            if name in seen and name in used:
                raise DataError(f"{origin}: column {name!r} is there more than once: rename one")
            seen.add(name)
    return [name for name in columns if name not in used]
