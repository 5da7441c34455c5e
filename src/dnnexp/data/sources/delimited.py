"""Tables of text with a header line, cells separated by commas, semicolons, tabs …: read strictly, named by line."""

from __future__ import annotations

import csv as text
import io
from array import array
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from dnnexp.data.numerals import DECIMAL_COMMA, holds, is_numeral, require_written_so, with_points
from dnnexp.data.sources.files import PARQUET, encoding_remedy, text_codec, unpacked
from dnnexp.data.sources.roles import read_roles
from dnnexp.data.sources.table import Table, dataset_of
from dnnexp.errors import DataError

if TYPE_CHECKING:
    from _csv import Reader

    import pandas as pd

    from dnnexp.data.dataset import Dataset
    from dnnexp.data.schema import DataConfig

__all__ = ["SEPARATORS", "csv", "is_blank"]

SEPARATORS = (",", ";", "\t", "|")  # that are recognised; of equals the first
HEAD = 1 << 16  # characters that they are recognised by
RECORDS = 20


def csv(config: DataConfig) -> Dataset:
    """Return the data set of a text file with a header, packed or not: `data.target`, and the other columns as inputs.

    Raises DataError for a missing, empty or ragged file, another encoding than `data.encoding`, a column that is absent
    or doubled, and whatever `dataset_of` refuses, naming column and line.
    """
    return dataset_of(config, _read)


def _read(config: DataConfig, path: Path, rows: int | None, known: Mapping[str, str]) -> Table:
    """Return the table of a file, of its first `rows` rows; it is checked before pandas is imported.

    known: how numbers are written in the file that this one belongs to.
    """
    content = _decoded(path, config.encoding)
    separator = config.delimiter or _separator(content)
    stream = io.StringIO(content, newline="")
    try:
        reader = text.reader(stream, delimiter=separator)
        columns = _header(path, reader)
        roles = read_roles(config, columns, path.name)
        lines = _line_numbers(path, reader, len(columns), rows, separator)
    except text.Error as error:
        raise DataError(f"{path.name}: no readable CSV: {error}") from error
    stream.seek(0)
    frame = _table(path, stream, separator, columns, config.categories or [], lines, rows)
    if config.missing_target is not None:
        for name in roles.targets:
            frame[name] = _target(content, separator, columns, name, config.missing_target, rows)

    def texts_of(names: list[str]) -> pd.DataFrame:
        texts = io.StringIO(content, newline="")
        return _table(path, texts, separator, columns, columns, lines, rows)[names]

    def row_name(i: int) -> str:
        return f"line {lines[i]}"

    notations: dict[str, str] = {}
    notes: list[str] = []
    if separator != ",":
        free = [name for name in columns if name not in (config.categories or [])]
        notations, notes = _read_numerals(frame, free, texts_of, path.name, row_name, known)
    return Table(frame, path.name, row_name, roles, tuple(notes), notations)


def _decoded(path: Path, encoding: str | None) -> str:
    content = unpacked(path)
    if content.startswith(PARQUET):
        raise DataError(f"{path.name}: this is a Parquet file: say data=parquet")
    known = text_codec(encoding)
    try:
        return content.decode(known)
    except UnicodeDecodeError as error:
        said = "UTF-8" if known == "utf-8-sig" else encoding
        line = content.count(b"\n", 0, error.start) + 1
        fault = f"line {line}: {error.reason} at byte {error.start}"
        raise DataError(f"{path.name}: not {said} text ({fault}): {encoding_remedy(error, known)}") from error


def _separator(content: str) -> str:
    """Return the separator that gives most of the first records as many cells as the header, more than one."""
    head = content[:HEAD]

    def evenness(separator: str) -> tuple[float, int]:
        try:
            records = [cells for cells in islice(text.reader(io.StringIO(head), delimiter=separator), RECORDS) if cells]
        except text.Error:
            return 0.0, 0
        widths = [len(cells) for cells in records]
        if not widths or widths[0] < 2:
            return 0.0, 0
        return widths.count(widths[0]) / len(widths), widths[0]

    return max(SEPARATORS, key=evenness)


def _header(path: Path, reader: Reader) -> list[str]:
    """Return the column names; a column without one is named as pandas does it, "Unnamed: 0"."""
    for cells in reader:
        if not is_blank(cells):
            return [cell or f"Unnamed: {i}" for i, cell in enumerate(cells)]
    raise DataError(f"{path.name}: the file has no text in it")


def _line_numbers(path: Path, reader: Reader, width: int, most: int | None, separator: str) -> Sequence[int]:
    """Return the line each row starts in, from 1; raise DataError for a row that is not `width` cells long."""
    lines = array("q")
    start = reader.line_num + 1
    for cells in reader:
        if len(cells) == width and (width > 1 or cells[0].strip()):
            lines.append(start)
            if len(lines) == most:
                break
        elif not is_blank(cells):
            between = f" (separated by {separator!r})"
            raise DataError(f"{path.name}: line {start} has {len(cells)} cells, the header has {width}{between}")
        start = reader.line_num + 1
    return lines


def is_blank(cells: list[str]) -> bool:
    """Whether the cells are those of a line that is passed over."""
    return not cells or (len(cells) == 1 and not cells[0].strip())


def _table(
    path: Path,
    stream: io.StringIO,
    separator: str,
    columns: list[str],
    categories: list[str],
    lines: Sequence[int],
    most: int | None,
) -> pd.DataFrame:
    """Return the cells of the rows that begin in those lines: numbers as numbers, categories as they are written."""
    import pandas as pd

    try:
        frame = pd.read_csv(
            stream,
            sep=separator,
            header=0,
            names=columns,
            index_col=False,
            low_memory=False,
            nrows=most,
            dtype=dict.fromkeys(categories, str),
        )
    except (ValueError, OverflowError) as error:  # ParserError and EmptyDataError are ValueErrors
        raise DataError(f"{path.name}: no readable CSV: {error}") from error
    if frame.shape != (len(lines), len(columns)):
        raise DataError(f"{path.name}: {len(lines)} rows can be read as {len(frame)} too: check the quotation marks")
    return frame


def _target(
    content: str, separator: str, columns: list[str], name: str, missing: list[str], most: int | None
) -> pd.Series:
    """Return a column in which no text but those, and an empty one, is missing."""
    import pandas as pd

    return pd.read_csv(
        io.StringIO(content, newline=""), sep=separator, header=0, names=columns, index_col=False, low_memory=False,
        nrows=most, usecols=[name], keep_default_na=False, na_values=["", *missing],
    )[name]  # fmt: skip


def _read_numerals(
    frame: pd.DataFrame,
    names: list[str],
    texts_of: Callable[[list[str]], pd.DataFrame],
    origin: str,
    row_name: Callable[[int], str],
    known: Mapping[str, str],
) -> tuple[dict[str, str], list[str]]:
    """Turn those columns of `frame` into numbers that are written with decimal commas, where there are such.

    A point is then between thousands in each column where all of them can be. Returns the notation of each column of
    numbers that is written so, or may be, and what is to be said. texts_of: gives columns as they are written; known:
    the notations of a file that this one belongs to.
    """
    import pandas as pd

    cells = {name: frame[name] for name in names if frame[name].dtype.kind not in "biuf"}
    commas = [name for name, texts in cells.items() if is_numeral(texts) and holds(",", texts)]
    if not commas and not known:
        return {}, []
    floats = [name for name in names if frame[name].dtype.kind == "f"]
    if floats:
        as_written = texts_of(floats)
        cells |= {name: as_written[name].where(frame[name].notna()) for name in floats}  # a gap is one already
    thousands = []
    notations = {name: DECIMAL_COMMA for name in names if frame[name].dtype.kind in "iu"}
    for name, texts in cells.items():
        if name in known:
            require_written_so(texts, origin, row_name)
        if not is_numeral(texts):
            continue
        notations[name] = DECIMAL_COMMA
        if holds(".", texts):
            thousands.append(name)
        if holds(".", texts) or name in commas:
            plain = with_points(texts)
            numbers = pd.to_numeric(plain, errors="coerce")
            frame[name] = plain if (numbers.isna() & plain.notna()).any() else numbers
    said = [f"decimal commas in {', '.join(commas)}"] if commas else []
    if thousands:
        said.append(f"points between thousands, as commas are before decimals: {', '.join(thousands)}")
    return notations, said
