"""Parquet files: columns with types of their own, read by pyarrow."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnnexp.data.sources.roles import read_roles
from dnnexp.data.sources.table import Table, dataset_of
from dnnexp.errors import DataError

if TYPE_CHECKING:
    from dnnexp.data.dataset import Dataset
    from dnnexp.data.schema import DataConfig

__all__ = ["parquet"]

PANDAS_INDEX = r"__index_level_\d+__"  # row numbers that pandas has written along


def parquet(config: DataConfig) -> Dataset:
    """Return the data set of a Parquet file: `data.target`, and the other columns as inputs.

    Raises DataError for a missing or damaged file, a column that is absent, doubled or nested, and whatever
    `dataset_of` refuses, naming column and row.
    """
    return dataset_of(config, _read)


def _read(config: DataConfig, path: Path, rows: int | None, known: Mapping[str, str]) -> Table:
    """Return the table of a file, of its first `rows` rows; later row groups are not read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from dnnexp.data.dataset import row_number

    try:
        with pq.ParquetFile(path) as file:
            names = [name for name in file.schema_arrow.names if not re.fullmatch(PANDAS_INDEX, name)]
            roles = read_roles(config, names, path.name)
            columns = list(roles.used)
            if rows is None:
                table = file.read(columns)
            else:
                batches = []
                for batch in file.iter_batches(min(rows, 1 << 16), columns=columns):
                    batches.append(batch)
                    if sum(len(part) for part in batches) >= rows:
                        break
                schema = pa.schema([file.schema_arrow.field(name) for name in columns])
                table = pa.Table.from_batches(batches, schema=schema).slice(0, rows)
        frame = _plain(path, table).to_pandas(ignore_metadata=True, date_as_object=False)
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:  # damaged metadata are no text, no JSON
        raise DataError(f"{path.name}: no readable Parquet file: {' '.join(str(error).split())}") from error
    return Table(frame, path.name, row_number, roles)


def _plain(path: Path, table: Any) -> Any:
    """Return the table with decimals as floats; raise DataError for a column of lists, structures or bytes."""
    import pyarrow as pa
    from pyarrow import types

    for i, field in enumerate(table.schema):
        if types.is_nested(field.type) or types.is_binary(field.type) or types.is_large_binary(field.type):
            raise DataError(f"{path.name}: column {field.name!r} holds {field.type}, need numbers, texts or dates")
        if types.is_decimal(field.type):
            table = table.set_column(i, field.name, table.column(i).cast(pa.float64()))
    return table
