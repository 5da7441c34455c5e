"""From a table whose columns play roles to a data set: one way for every format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnnexp.data.columns import dropping, listed
from dnnexp.data.sources.files import existing_file, plain_name
from dnnexp.data.sources.roles import Roles, target_names
from dnnexp.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

    from dnnexp.data.dataset import Dataset
    from dnnexp.data.schema import DataConfig
    from dnnexp.data.summary import Notes

__all__ = ["Reader", "Table", "dataset_of"]


class Table(NamedTuple):
    """Rows of a file, how an error names one, the part each column plays, and what was made of the file."""

    frame: pd.DataFrame
    origin: str
    row_name: Callable[[int], str]
    roles: Roles
    notes: tuple[str, ...] = ()
    notations: Mapping[str, str] = MappingProxyType({})  # of columns of numbers that are not written as usual


# of a file, of so many rows of it, with the notations of a table that it belongs to
Reader = Callable[["DataConfig", Path, int | None, Mapping[str, str]], Table]


def dataset_of(config: DataConfig, read: Reader) -> Dataset:
    """Return the data set of the file `data.path`, with `data.test_path` as its official test rows.

    Raises DataError, naming column and line, for a target that is missing or leaks, a column that cannot be read, and
    what the columns that divide and weigh the rows cannot hold.
    """
    path = existing_file(config)
    target_names(config)
    test_path = None if config.test_path is None else existing_file(config, "test_path")
    table = read(config, path, config.rows, {})
    is_test = np.zeros(len(table.frame), dtype=bool)
    if test_path is not None:
        table, is_test = _with_test(table, read(config, test_path, None, table.notations))

    from dnnexp.data.dataset import MIN_ROWS, assemble
    from dnnexp.data.sources.division import read_division, said_of
    from dnnexp.data.sources.examination import examined
    from dnnexp.data.sources.goals import read_goals
    from dnnexp.data.summary import Notes

    if len(table.frame) < MIN_ROWS:
        raise DataError(f"{table.origin}: need at least {MIN_ROWS} rows, got {len(table.frame)}")
    notes = Notes(made=list(table.notes))
    goals = read_goals(config, table.frame, table.roles.targets, table.origin, table.row_name)
    division = read_division(config, table.frame, ~goals.is_missing, table.origin, table.row_name)
    kept = ~goals.is_missing & division.is_weighed
    if goals.is_missing.any():
        notes.rows.append(f"{goals.is_missing.sum():,} left out, without a target")
    if not division.is_weighed.all():
        notes.rows.append(f"{(~division.is_weighed).sum():,} left out, of weight 0")
    rows = np.flatnonzero(kept)
    is_test = division.is_test[kept] if division.is_test is not None else is_test[kept]
    notes.rows += said_of(config, division, kept)

    X, dropped = _inputs(config, table, notes), config.drop or []
    if not kept.all():
        X = X.iloc[rows].reset_index(drop=True)
    targets = goals.frame.iloc[rows].reset_index(drop=True).infer_objects()
    if len(X) >= MIN_ROWS and targets.nunique().min() > 1:
        X = examined(config, X, targets, table.origin, notes, lambda names: f"with {dropping([*dropped, *names])}")
    return assemble(
        plain_name(path),
        X,
        [str(column) for column in X.columns],
        goals.values(targets),
        table.roles.targets,
        config.task,
        origin=table.origin,
        row_name=lambda i: table.row_name(int(rows[i])),
        test_rows=np.flatnonzero(is_test) if is_test.any() else None,
        weights=None if division.weights is None else division.weights[kept],
        groups=_recoded(division.groups, kept),
        order=_recoded(division.order, kept),
        notes=notes,
    )


def _with_test(table: Table, test: Table) -> tuple[Table, np.ndarray]:
    """Return both tables as one, and which of its rows are the official test's."""
    import pandas as pd

    names = list(table.roles.used)
    absent = [name for name in names if name not in test.frame.columns]
    if absent:
        raise DataError(f"data.test_path: {test.origin} lacks {listed(absent)}, which {table.origin} has")
    count = len(table.frame)

    def row_name(i: int) -> str:
        return table.row_name(i) if i < count else f"{test.origin}, {test.row_name(i - count)}"

    columns = {}
    for name in names:
        parts = [table.frame[name], test.frame[name]]
        if parts[0].dtype != parts[1].dtype and not all(part.dtype.kind in "iuf" for part in parts):
            parts = [part.astype(object) for part in parts]
        columns[name] = pd.concat(parts, ignore_index=True)
    frame = pd.DataFrame(columns)
    whole = Table(
        frame, table.origin, row_name, table.roles, tuple(dict.fromkeys(table.notes + test.notes)), table.notations
    )
    return whole, np.arange(len(frame)) >= count


def _inputs(config: DataConfig, table: Table, notes: Notes) -> pd.DataFrame:
    """Return the inputs of every row, each column as numbers or as a category; raise DataError where one is neither."""
    import pandas as pd

    from dnnexp.data.dates import CENTURIES, has_two_digit_years
    from dnnexp.data.kinds import CATEGORY, NUMBER, read_column, with_whole_names

    wanted = dict.fromkeys(config.numbers or [], NUMBER) | dict.fromkeys(config.categories or [], CATEGORY)
    columns, errors = {}, {}
    for name in table.roles.inputs:
        try:
            column = read_column(name, table.frame[name], wanted.get(name), table.origin, table.row_name)
        except DataError as error:
            errors[name] = str(error)
            continue
        column = with_whole_names(column)
        columns[name] = pd.Series(column.values, dtype=column.values.dtype)
        if column.note:
            notes.made.append(f"{name}: {column.note}")
        if notation := column.notation or (table.notations.get(name) if column.kind == NUMBER else None):
            notes.notations[name] = notation
        if column.is_rounded:
            notes.rounded.append(name)
    if guessed := [name for name, notation in notes.notations.items() if has_two_digit_years(notation)]:
        notes.warnings.append(
            f"{listed(guessed)}: years of two digits, {CENTURIES}; where that is wrong, write all four digits"
        )
    if errors:
        others = list(errors)[1:]
        also = f"; there is the like in {listed(others)}" if others else ""
        raise DataError(next(iter(errors.values())) + also)
    return pd.DataFrame(columns, index=pd.RangeIndex(len(table.frame)))


def _recoded(codes: np.ndarray | None, kept: np.ndarray) -> np.ndarray | None:
    """Return the codes of the rows that are kept, without gaps in their sequence."""
    return None if codes is None else np.unique(codes[kept], return_inverse=True)[1].astype(np.int64)
