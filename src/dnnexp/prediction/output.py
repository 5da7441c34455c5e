"""Files of predictions: which can be, and how they are written, some rows at a time and there only when whole."""

from __future__ import annotations

import bz2
import gzip
import lzma
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

from dnnexp.errors import ConfigError
from dnnexp.user_path import user_path
from dnnexp.whole_file import whole_file

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["STDOUT", "Output", "open_output", "require_output"]

STDOUT = "-"
COMPRESSIONS: dict[str, Callable[[IO[bytes]], Any]] = {
    ".gz": lambda file: gzip.GzipFile("", "wb", 6, file, 0),  # no time in it: the same rows give the same bytes
    ".bz2": lambda file: bz2.BZ2File(file, "wb"),
    ".xz": lambda file: lzma.LZMAFile(file, "wb"),  # noqa: SIM115
}
TABLES = (".csv", ".tsv")
PARQUET = (".parquet", ".pq")


class Output(Protocol):
    """Where predictions go."""

    def write(self, frame: pd.DataFrame) -> None:
        """Append rows; every frame has the same columns."""


def require_output(output: str, source: str | None) -> Path | None:
    """Return the file that predictions go to, None for standard output.

    source: the file the rows come from. Raises ConfigError for a kind of file that is not written, a folder that is not
    there, what is no plain file, and for the source itself.
    """
    if output == STDOUT:
        return None
    path = user_path("output", output)
    suffixes = [suffix.lower() for suffix in path.suffixes]
    kind = suffixes[-2:-1] if suffixes and suffixes[-1] in COMPRESSIONS else suffixes[-1:]
    known = bool(kind) and kind[0] in (*TABLES, *(() if suffixes[-1] in COMPRESSIONS else PARQUET))
    if not known:
        raise ConfigError(
            f"output: need a file ending in .csv, .tsv (both also .gz, .bz2, .xz) or .parquet, or -, got {output!r}"
        )
    if not path.parent.is_dir():
        raise ConfigError(f"output: no folder {path.parent}, make it first")
    if path.exists() and not path.is_file():
        raise ConfigError(f"output: {output} is there and no plain file; - writes to standard output")
    rows = None if source is None else user_path("data.path", source)
    if rows is not None and rows.exists() and path.exists() and path.samefile(rows):
        raise ConfigError(f"output: {output} is data.path itself, which would be lost; need another file")
    return path


@contextmanager
def open_output(path: Path | None) -> Iterator[Output]:
    """Open the output that the file's name says: Parquet, or text, packed or not; None: text to standard output.

    An error inside leaves what was there before.
    """
    if path is None:
        try:
            yield _Printed()
        finally:
            sys.stdout.flush()
        return
    with whole_file(path) as file:
        output = _ParquetFile(file) if path.suffix.lower() in PARQUET else _TextFile(file, path)
        yield output
        output.finish()


class _Printed:
    """Comma-separated text on standard output."""

    def __init__(self) -> None:
        self._has_header = False

    def write(self, frame: pd.DataFrame) -> None:
        frame.to_csv(sys.stdout, index=False, header=not self._has_header, lineterminator="\n")
        self._has_header = True


class _TextFile:
    """Separated text in UTF-8 with a header line: tabs for .tsv, else commas."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        suffixes = [suffix.lower() for suffix in path.suffixes]
        self._file = file
        self._pack = COMPRESSIONS.get(suffixes[-1])
        self._separator = "\t" if ".tsv" in suffixes[-2:] else ","
        self._stream: Any = None

    def write(self, frame: pd.DataFrame) -> None:
        is_first = self._stream is None
        if is_first:
            self._stream = self._file if self._pack is None else self._pack(self._file)
        text = frame.to_csv(None, sep=self._separator, index=False, header=is_first, lineterminator="\n")
        self._stream.write(text.encode())

    def finish(self) -> None:
        """Write what the format puts at its end."""
        if self._pack is not None and self._stream is not None:
            self._stream.close()


class _ParquetFile:
    """Parquet, a row group for each write."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._writer: Any = None

    def write(self, frame: pd.DataFrame) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = None if self._writer is None else self._writer.schema
        table = pa.Table.from_pandas(frame, schema=schema, preserve_index=False).replace_schema_metadata(None)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._file, table.schema)
        self._writer.write_table(table)

    def finish(self) -> None:
        """Write what the format puts at its end."""
        if self._writer is not None:
            self._writer.close()
