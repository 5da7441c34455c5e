"""New rows from tables of separated text, compressed or not: read strictly, some lines at a time."""

from __future__ import annotations

import csv as text
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from dnnexp.data.kinds import NUMBER
from dnnexp.data.numerals import require_written_so, with_commas_read, with_points
from dnnexp.data.sources.delimited import SEPARATORS, is_blank
from dnnexp.data.sources.files import UNREADABLE, encoding_remedy, text_codec, unpacking
from dnnexp.errors import DataError
from dnnexp.prediction.cells import model_inputs
from dnnexp.prediction.rows import Rows, Wanted, wanted_columns

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DelimitedRows"]

LONGEST = 1 << 24  # characters of a line


class DelimitedRows:
    """Rows of a table of text with a header line, each as wide as the header; blank lines are passed over."""

    def __init__(self, path: Path, wanted: Wanted, rows: int, separator: str | None, encoding: str | None) -> None:
        self._path, self._wanted, self._rows = path, wanted, rows
        self._encoding = text_codec(encoding)
        self._size = max(1, path.stat().st_size)
        self._raw: IO[bytes] | None = None
        self._share = 0.0
        with self._opened() as stream:
            header = next((line for line in _lines(stream, path) if line.strip()), None)
        if header is None:
            raise DataError(f"{path.name}: the file has no text in it")
        self._separator = separator or _separator(header, wanted)
        with self._opened() as stream:
            reader = text.reader(_lines(stream, path), delimiter=self._separator)
            self._columns = next(cells for cells in reader if not is_blank(cells))
        self.ignored = wanted_columns(self._columns, wanted, path.name)

    def share(self) -> float:
        """Return how much of the file has been read, in [0, 1]."""
        if self._raw is not None and not self._raw.closed:
            self._share = min(1.0, self._raw.tell() / self._size)
        return self._share

    def __iter__(self) -> Iterator[Rows]:
        with self._opened() as stream:
            held: list[str] = []  # lines of the rows that are read together
            starts: list[int] = []  # the line that each of them starts in
            reader = text.reader(_held(_lines(stream, self._path), held), delimiter=self._separator)
            is_header, start, before = True, 1, 0
            for cells in reader:
                if is_header or is_blank(cells):
                    is_header = is_header and is_blank(cells)
                    del held[before:]
                elif len(cells) != len(self._columns):
                    width = len(self._columns)
                    raise DataError(f"{self._path.name}: line {start} has {len(cells)} cells, the header has {width}")
                else:
                    starts.append(start)
                start, before = reader.line_num + 1, len(held)
                if len(starts) == self._rows:
                    yield self._parsed("".join(held), starts)
                    held.clear()
                    starts, before = [], 0
            if starts:
                yield self._parsed("".join(held), starts)

    def _parsed(self, lines: str, starts: list[int]) -> Rows:
        import pandas as pd

        name, wanted = self._path.name, self._wanted
        numerals = [] if self._separator == "," else wanted.numerals
        at = {self._columns.index(column): column for column in wanted.columns}
        as_text = {i: str for i, column in at.items() if wanted.kinds.get(column) != NUMBER or column in numerals}
        try:
            frame = pd.read_csv(
                io.StringIO(lines), sep=self._separator, header=None, names=list(range(len(self._columns))),
                usecols=list(at), dtype=as_text, index_col=False, low_memory=False,
            )  # fmt: skip
        except (ValueError, OverflowError) as error:  # ParserError is a ValueError
            raise DataError(f"{name}: lines {starts[0]} to {starts[-1]}: no readable table: {error}") from None
        if len(frame) != len(starts):
            raise DataError(
                f"{name}: lines {starts[0]} to {starts[-1]} can be read as {len(frame)} rows or as {len(starts)}: "
                "check the quotation marks"
            )
        frame = frame.rename(columns=at)

        def row_name(i: int) -> str:
            return f"line {starts[i]}"

        if self._separator != ",":
            _read_decimal_commas(frame, wanted, name, row_name)
        kept = pd.DataFrame(index=frame.index)
        if wanted.kept:
            cells = list(text.reader(io.StringIO(lines, newline=""), delimiter=self._separator))
            for column in wanted.kept:
                i = self._columns.index(column)
                kept[column] = pd.Series([row[i] for row in cells], dtype=object)
        return Rows(model_inputs(frame, wanted.kinds, wanted.notations, name, row_name), kept, row_name)

    @contextmanager
    def _opened(self) -> Iterator[io.TextIOWrapper]:
        """Open the file as text; whatever is wrong with it on the way becomes a DataError."""
        name = self._path.name
        try:
            with (
                self._path.open("rb") as self._raw,
                io.TextIOWrapper(unpacking(self._raw), encoding=self._encoding, newline="") as stream,
            ):
                yield stream
        except text.Error as error:
            raise DataError(f"{name}: no readable table: {error}") from None
        except UnicodeError as error:
            said = self._encoding.removesuffix("-sig").upper()
            remedy = encoding_remedy(error, self._encoding)
            raise DataError(f"{name}: not {said} text ({error}): {remedy}") from None
        except UNREADABLE as error:
            raise DataError(f"{name}: cannot be read: {error}") from None


def _read_decimal_commas(frame: pd.DataFrame, wanted: Wanted, origin: str, row_name: Callable[[int], str]) -> None:
    """Turn the comma of cells like 1,5 in columns of numbers, which then are texts, into a point.

    Points are between thousands in those columns only that training has read with decimal commas; in any other a point
    is before decimals, as in rows where no cell makes the column one of texts.
    """
    for name, kind in wanted.kinds.items():
        if name in wanted.numerals:
            require_written_so(frame[name], origin, row_name)
            frame[name] = with_points(frame[name])
        elif kind == NUMBER and frame[name].dtype.kind not in "biuf":
            frame[name] = with_commas_read(frame[name])


def _lines(stream: io.TextIOWrapper, path: Path) -> Iterator[str]:
    """Yield the lines with their ends; raise DataError where one is so long that it is none."""
    for number, line in enumerate(iter(lambda: stream.readline(LONGEST), ""), 1):
        if len(line) == LONGEST:
            raise DataError(f"{path.name}: line {number} has more than {LONGEST:,} characters: this is no table")
        yield line


def _held(lines: Iterator[str], held: list[str]) -> Iterator[str]:
    """Yield the lines, each after it was added to `held`."""
    for line in lines:
        held.append(line)
        yield line


def _separator(header: str, wanted: Wanted) -> str:
    """Return the separator by which most of the wanted columns are found in the header, a comma if none is."""
    names = set(wanted.columns)

    def found(separator: str) -> int:
        return len(names & set(next(text.reader([header], delimiter=separator), [])))

    return max(SEPARATORS, key=found)
