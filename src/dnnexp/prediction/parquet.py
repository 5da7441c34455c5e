"""New rows from Parquet files, by parts of row groups."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dnnexp.errors import DataError
from dnnexp.prediction.cells import model_inputs
from dnnexp.prediction.rows import Rows, Wanted, wanted_columns

__all__ = ["ParquetRows"]

BUFFER = 1 << 20  # bytes of a column that are read from the disk at a time


class ParquetRows:
    """Rows of a Parquet file; columns that are copied keep their types."""

    def __init__(self, path: Path, wanted: Wanted, rows: int) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._name, self._wanted, self._rows = path.name, wanted, rows
        self._trouble = (pa.ArrowException, OSError, ValueError)
        try:
            self._file = pq.ParquetFile(path, pre_buffer=False, buffer_size=BUFFER)
            columns = [str(name) for name in self._file.schema_arrow.names]
        except self._trouble as error:
            raise DataError(f"{path.name}: no readable Parquet file: {error}") from None
        self._all = max(1, int(self._file.metadata.num_rows))
        self._read = 0
        self.ignored = wanted_columns(columns, wanted, path.name)

    def share(self) -> float:
        """Return how much of the file has been read, in [0, 1]."""
        return self._read / self._all

    def __iter__(self) -> Iterator[Rows]:
        import pandas as pd

        batches = self._file.iter_batches(batch_size=self._rows, columns=self._wanted.columns, use_threads=False)
        while (batch := self._next(batches)) is not None:
            first = self._read
            self._read += len(batch)
            if not len(batch):
                continue
            kinds = self._wanted.kinds
            frame = pd.DataFrame({name: _cells(batch.column(name)) for name in kinds}, copy=False)
            kept = batch.select(list(self._wanted.kept)).to_pandas(types_mapper=pd.ArrowDtype)
            row_name = _Rows(first)
            yield Rows(model_inputs(frame, kinds, self._name, row_name), kept, row_name)

    def _next(self, batches: Iterator[Any]) -> Any:
        try:
            return next(batches, None)
        except self._trouble as error:
            raise DataError(f"{self._name}: damaged after row {self._read:,}: {error}") from None


class _Rows:
    """How an error names the i-th row after the `first`."""

    def __init__(self, first: int) -> None:
        self._first = first

    def __call__(self, i: int) -> str:
        return f"row {self._first + i + 1}"


def _cells(column: Any) -> Any:
    """Return an Arrow column as pandas has it, decimals as numbers and dictionaries as what they stand for."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_decimal(column.type):
        column = column.cast(pa.float64())
    return column.to_pandas()
