"""Columns of any table as a network's inputs are kept: numbers with NaN for a gap, or texts with None for one."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dnnexp.data.columns import dropping, naming
from dnnexp.data.dates import ISO_NOTATION, NOTATIONS, days, read_dates
from dnnexp.errors import DataError, shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "CATEGORY",
    "KINDS",
    "MARKERS",
    "NUMBER",
    "WHOLE",
    "Column",
    "are_whole",
    "as_text",
    "coded",
    "conform",
    "hides_truths",
    "is_whole_with_point",
    "read_column",
    "with_whole_names",
    "without_point",
]

NUMBER, CATEGORY = KINDS = ("number", "category")
WHOLE = 2.0**53  # below it every whole number is a float
WHOLE_WITH_POINT = re.compile(r"-?\d+\.0+", re.ASCII)
WHOLE_NAME = re.compile(r"-?\d+(\.0+)?", re.ASCII)
DIGITS = re.compile(r"[-+]?\d{16,308}")
MARKERS = frozenset(  # texts that say there is no number, in small letters
    ["?", "-", "--", ".", "*", "n/a", "na", "n.a.", "nan", "null", "none", "nil", "unknown", "missing", "undefined"]
)


class Column(NamedTuple):
    """A column as it was read: float64, or texts in an object array, (rows,); and what was made of it, or ""."""

    values: np.ndarray
    note: str = ""
    notation: str = ""  # of dates, as `read_dates` takes it
    is_rounded: bool = False  # there are whole numbers so long that different ones have become one float

    @property
    def kind(self) -> str:
        """Return which of the two it is."""
        return CATEGORY if self.values.dtype == object else NUMBER


def read_column(name: str, column: pd.Series, kind: str | None, origin: str, row_name: Callable[[int], str]) -> Column:
    """Return a column as numbers or as a category, whichever it is, or as the kind that is asked for.

    Booleans are 0 and 1, dates are days since 1970-01-01, usual markers for a gap among numbers are gaps; asked for as
    numbers, every other text is one too. Raises DataError for texts among what are numbers mostly, for numbers asked
    for where there is none, and for what is neither number nor text.
    """
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        column, kind = column.astype(object), kind or CATEGORY
    if kind != CATEGORY and (typed := _typed(name, column, origin)) is not None:
        return typed
    codes, distinct = coded(name, column, origin, row_name)
    if kind == CATEGORY:
        return _category(column, codes, distinct)
    cells = _examined(codes, distinct)
    if cells.strays and not cells.counted:
        if (dates := _dates(cells)) is not None:
            return dates
        if kind == NUMBER:
            raise DataError(
                f"data.numbers: column {name!r} of {origin} holds no number, for instance {shown(distinct[0])}"
            )
        return _category(column, codes, distinct)
    if kind is None and (cells.strays >= cells.counted > 0 or (not cells.counted and len(distinct))):
        return _category(column, codes, distinct)
    if kind is None and cells.strays:
        i = cells.first_stray
        raise DataError(
            f"{origin}: column {name!r}, {row_name(i)}: {shown(distinct[codes[i]])} is no number, as most there are "
            f"({cells.strays:,} are not): correct it, or say {naming('data.numbers', [name])} (the others are then "
            f"missing), {naming('data.categories', [name])} or {dropping([name])}"
        )
    return _numbers(cells)


def conform(
    frame: pd.DataFrame,
    kinds: Mapping[str, str],
    notations: Mapping[str, str],
    origin: str,
    row_name: Callable[[int], str],
) -> pd.DataFrame:
    """Return a table of new rows whose columns are kept as those of the data that a network has learned from.

    kinds: NUMBER or CATEGORY by column; notations: of those that were dates in texts, so that 01/02 means the same day.
    Other columns stay as they are. Raises DataError for a text in a column of numbers that is neither such a date nor a
    usual marker for a gap, naming column and row.
    """
    import pandas as pd

    columns = {}
    for name in frame.columns:
        column: Any = frame[name]
        kind = kinds.get(str(name))
        if kind == CATEGORY:
            values = read_column(str(name), column, CATEGORY, origin, row_name).values
        elif kind is not None:
            notation = notations.get(str(name))
            values = _strict_numbers(str(name), column, notation if notation in NOTATIONS else None, origin, row_name)
        if kind is not None:
            column = pd.Series(values, frame.index, dtype=values.dtype)
        columns[name] = column
    return pd.DataFrame(columns, index=frame.index)


def _strict_numbers(
    name: str, column: pd.Series, notation: str | None, origin: str, row_name: Callable[[int], str]
) -> np.ndarray:
    if (typed := _typed(name, column, origin)) is not None:
        return typed.values
    codes, distinct = coded(name, column, origin, row_name)
    cells = _examined(codes, distinct)
    if not cells.strays:
        return _numbers(cells).values
    dates = None if cells.counted or notation is None else _dates(cells, notation)
    if dates is None:
        i = cells.first_stray
        if notation is not None and not cells.counted:  # which of them is no such date?
            wrong = [j for j in np.flatnonzero(cells.is_stray) if read_dates([str(distinct[j])], notation) is None]
            i = int((codes == wrong[0]).argmax())
        need = "a number" if notation is None else f"a date written like the others ({notation})"
        raise DataError(f"{origin}: column {name!r}, {row_name(i)}: need {need}, got {shown(distinct[codes[i]])}")
    return dates.values


def coded(name: str, column: pd.Series, origin: str, row_name: Callable[[int], str]) -> tuple[np.ndarray, np.ndarray]:
    """Return codes (rows,), -1 for a gap, into the distinct values (k,), an object array in order of appearance.

    Raises DataError for a list and its like, which are no values, naming column and row.
    """
    import pandas as pd

    try:
        codes, distinct = pd.factorize(column)
    except TypeError:
        i = next(i for i, value in enumerate(column) if not isinstance(value, Hashable))
        held = f"a {type(column.iloc[i]).__name__}"
        raise DataError(f"{origin}: column {name!r}, {row_name(i)}: need a number or a text, got {held}") from None
    return codes, np.asarray(distinct, dtype=object)


def as_text(value: object) -> str:
    """Return the name of a category or class: 1.0 and 1 are the same one."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def is_whole_with_point(name: str | None) -> bool:
    """Whether the name of a category is a whole number that is written 1.0, as pandas does where a gap is near."""
    return name is not None and WHOLE_WITH_POINT.fullmatch(name) is not None


def without_point(name: str | None) -> str | None:
    """Return 1 for 1.0, and every other name as it is."""
    return name.partition(".")[0] if name is not None and is_whole_with_point(name) else name


def are_whole(names: Iterable[str | None]) -> bool:
    """Whether the names of categories are whole numbers, whichever way they are written; None is no name."""
    return all(name is None or WHOLE_NAME.fullmatch(name) for name in names)


def with_whole_names(column: Column) -> Column:
    """Return a column of categories in which 1.0 is 1 where all of them are whole numbers, and every other as it is."""
    if column.kind != CATEGORY:
        return column
    names = {name for name in column.values if name is not None}
    if not any(map(is_whole_with_point, names)) or not are_whole(names):
        return column
    plain = {name: without_point(name) for name in names} | {None: None}
    return column._replace(values=np.array([plain[name] for name in column.values], dtype=object))


def hides_truths(column: pd.Series, distinct: Iterable[object]) -> bool:
    """Whether one of the distinct values may stand for True and for 1, which are equal and have other names.

    Which of them it is goes by the order of the rows: the cells have to be named one by one.
    """
    return column.dtype == object and any(not isinstance(value, str) and value in (0, 1) for value in distinct)


class Cells(NamedTuple):
    """The distinct values of a column that is not typed, and which of them are numbers."""

    codes: np.ndarray  # (rows,), -1 for a gap
    distinct: np.ndarray  # (k,)
    numbers: np.ndarray  # (k,), NaN where the value is no number
    counts: np.ndarray  # (k,) rows
    is_stray: np.ndarray  # (k,), neither number nor marker for a gap

    @property
    def counted(self) -> int:
        """Return how many rows hold numbers."""
        return int(self.counts[~np.isnan(self.numbers)].sum())

    @property
    def strays(self) -> int:
        """Return how many rows hold texts that are no marker for a gap."""
        return int(self.counts[self.is_stray].sum())

    @property
    def first_stray(self) -> int:
        """Return the first of those rows."""
        return int(np.isin(self.codes, np.flatnonzero(self.is_stray)).argmax())


def _examined(codes: np.ndarray, distinct: np.ndarray) -> Cells:
    numbers = _as_numbers(distinct)
    is_marker = np.array([str(value).strip().lower() in MARKERS for value in distinct], dtype=bool)
    counts = np.bincount(codes[codes >= 0], minlength=len(distinct))
    return Cells(codes, distinct, numbers, counts, np.isnan(numbers) & ~is_marker)


def _typed(name: str, column: pd.Series, origin: str) -> Column | None:
    """Return a column whose type says that it holds numbers or dates, else None."""
    kind = getattr(column.dtype, "kind", "O")
    if kind == "c":
        raise DataError(f"{origin}: column {name!r} holds complex numbers, need numbers, texts or dates")
    if kind == "m":
        return Column(days(column), "lengths of time, in days")
    if kind == "M":
        return Column(days(column), "dates, as days since 1970-01-01", ISO_NOTATION)
    if kind not in "biuf":
        return None
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    is_long = np.abs(values) >= WHOLE
    return Column(values, is_rounded=kind in "iu" and column[is_long].nunique() > len(np.unique(values[is_long])))


def _category(column: pd.Series, codes: np.ndarray, distinct: np.ndarray) -> Column:
    if hides_truths(column, distinct):
        values = column.to_numpy()
        return Column(
            np.array([None if code < 0 else as_text(v) for code, v in zip(codes, values, strict=True)], object)
        )
    names = np.array([*map(as_text, distinct), None], dtype=object)
    return Column(names[codes])


def _numbers(cells: Cells) -> Column:
    """Return the column as numbers; every text that is none is a gap."""
    is_gap = np.isnan(cells.numbers)
    gaps = [repr(str(value)) for value in cells.distinct[is_gap]]
    said = ", ".join(gaps[:5]) + (", …" if len(gaps) > 5 else "")
    note = f"{int(cells.counts[is_gap].sum()):,} × {said} counted as missing" if gaps else ""
    is_long = np.abs(cells.numbers) >= WHOLE
    long = [int(text) for value in cells.distinct[is_long] if DIGITS.fullmatch(text := str(value).strip())]
    is_rounded = len(set(long)) > len(set(map(float, long)))
    return Column(np.append(cells.numbers, np.nan)[cells.codes], note, is_rounded=is_rounded)


def _dates(cells: Cells, notation: str | None = None) -> Column | None:
    """Return the column as days where every text but the markers is a date, in that notation, else None."""
    dates = read_dates([str(value) for value in cells.distinct[cells.is_stray]], notation)
    if dates is None:
        return None
    values = np.full(len(cells.distinct) + 1, np.nan)
    values[:-1][cells.is_stray] = dates.days
    return Column(values[cells.codes], f"dates ({dates.said}), as days since 1970-01-01", dates.notation)


def _as_numbers(distinct: np.ndarray) -> np.ndarray:
    """Return the values (k,) as float64, NaN where one is no number."""
    import pandas as pd

    if all(isinstance(value, bool | np.bool_) for value in distinct):
        return distinct.astype(np.float64)
    numbers = pd.to_numeric(pd.Series(distinct, dtype=object), errors="coerce")
    return numbers.to_numpy(dtype=np.float64, na_value=np.nan)
