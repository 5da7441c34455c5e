"""Files of predictions: written aside, some rows at a time, and there only when they are whole."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Output", "open_output"]

COMPRESSIONS: dict[str, Callable[[IO[bytes]], Any]] = {
    ".gz": lambda file: gzip.GzipFile("", "wb", 6, file, 0),  # no time in it: the same rows give the same bytes
    ".bz2": lambda file: bz2.BZ2File(file, "wb"),
    ".xz": lambda file: lzma.LZMAFile(file, "wb"),  # noqa: SIM115
}
PARQUET = (".parquet", ".pq")


class Output(Protocol):
    """Where predictions go; a context manager. An error inside leaves what was there before."""

    def write(self, frame: pd.DataFrame) -> None:
        """Append rows; every frame has the same columns."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def open_output(path: Path | None) -> Output:
    """Return the output that the file's name says: Parquet, or text, packed or not; None: text to standard output."""
    if path is None:
        return _Printed()
    return _ParquetFile(path) if path.suffix.lower() in PARQUET else _TextFile(path)


class _Printed:
    """Comma-separated text on standard output."""

    def __init__(self) -> None:
        self._has_header = False

    def write(self, frame: pd.DataFrame) -> None:
        frame.to_csv(sys.stdout, index=False, header=not self._has_header, lineterminator="\n")
        self._has_header = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.stdout.flush()


class _Aside:
    """A file beside the one that is meant, which takes its place when nothing went wrong."""

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()  # of a link, what it points to is replaced
        self._partial = self._path.with_name(f".{self._path.name}.{os.getpid()}.partial")
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        self._file = self._partial.open("wb")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._file is not None
        try:
            if kind is None:
                self._finish()
                self._file.flush()
                os.fsync(self._file.fileno())
                self._file.close()
                self._partial.replace(self._path)
        finally:
            with suppress(OSError):  # a full disk: what could not be flushed is removed anyway
                self._file.close()
            self._partial.unlink(missing_ok=True)

    def _finish(self) -> None:
        """Write what the format puts at its end."""


class _TextFile(_Aside):
    """Separated text in UTF-8 with a header line: tabs for .tsv, else commas."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        suffixes = [suffix.lower() for suffix in path.suffixes]
        self._pack = COMPRESSIONS.get(suffixes[-1])
        self._separator = "\t" if ".tsv" in suffixes[-2:] else ","
        self._stream: Any = None

    def write(self, frame: pd.DataFrame) -> None:
        is_first = self._stream is None
        if is_first:
            self._stream = self._file if self._pack is None else self._pack(self._file)  # type: ignore[arg-type]
        text = frame.to_csv(None, sep=self._separator, index=False, header=is_first, lineterminator="\n")
        self._stream.write(text.encode())

    def _finish(self) -> None:
        if self._pack is not None and self._stream is not None:
            self._stream.close()


class _ParquetFile(_Aside):
    """Parquet, a row group for each write."""

    _writer: Any = None

    def write(self, frame: pd.DataFrame) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = None if self._writer is None else self._writer.schema
        table = pa.Table.from_pandas(frame, schema=schema, preserve_index=False).replace_schema_metadata(None)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._file, table.schema)
        self._writer.write_table(table)

    def _finish(self) -> None:
        if self._writer is not None:
            self._writer.close()
