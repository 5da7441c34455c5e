"""From a table whose columns play roles to a data set: one way for every format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnnexp.data.columns import dropping, listed, naming
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


Reader = Callable[["DataConfig", Path, int | None], Table]  # of a file, of so many rows of it


def dataset_of(config: DataConfig, read: Reader) -> Dataset:
    """Return the data set of the file `data.path`, with `data.test_path` as its official test rows.

    Raises DataError, naming column and line, for a target that is missing or leaks, a column that cannot be read, and
    what the columns that divide and weigh the rows cannot hold.
    """
    path = existing_file(config)
    target_names(config)
    test_path = None if config.test_path is None else existing_file(config, "test_path")
    table = read(config, path, config.rows)
    is_test = np.zeros(len(table.frame), dtype=bool)
    if test_path is not None:
        table, is_test = _with_test(table, read(config, test_path, None))

    from dnnexp.data.dataset import MIN_ROWS, assemble
    from dnnexp.data.sources.division import read_division, said_of
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

    X = _inputs(config, table, notes)
    if not kept.all():
        X = X.iloc[rows].reset_index(drop=True)
    targets = goals.frame.iloc[rows].reset_index(drop=True).infer_objects()
    if len(X) >= MIN_ROWS and targets.nunique().min() > 1:
        X = _examined(config, X, targets, table.origin, notes)
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
    whole = Table(frame, table.origin, row_name, table.roles, tuple(dict.fromkeys(table.notes + test.notes)))
    return whole, np.arange(len(frame)) >= count


def _inputs(config: DataConfig, table: Table, notes: Notes) -> pd.DataFrame:
    """Return the inputs of every row, each column as numbers or as a category; raise DataError where one is neither."""
    import pandas as pd

    from dnnexp.data.kinds import CATEGORY, NUMBER, read_column

    wanted = dict.fromkeys(config.numbers or [], NUMBER) | dict.fromkeys(config.categories or [], CATEGORY)
    columns, errors = {}, {}
    for name in table.roles.inputs:
        try:
            column = read_column(name, table.frame[name], wanted.get(name), table.origin, table.row_name)
        except DataError as error:
            errors[name] = str(error)
            continue
        columns[name] = pd.Series(column.values, dtype=column.values.dtype)
        if column.note:
            notes.made.append(f"{name}: {column.note}")
        if column.notation:
            notes.notations[name] = column.notation
        if column.is_rounded:
            notes.rounded.append(name)
    if errors:
        others = list(errors)[1:]
        also = f"; there is the like in {listed(others)}" if others else ""
        raise DataError(next(iter(errors.values())) + also)
    return pd.DataFrame(columns, index=pd.RangeIndex(len(table.frame)))


def _examined(config: DataConfig, X: pd.DataFrame, targets: pd.DataFrame, origin: str, notes: Notes) -> pd.DataFrame:
    """Return the inputs that are of use, with notes on the others; raise DataError where one is the target."""
    from dnnexp.data.suspicion import examine

    found = examine(X, targets)
    dropped = list(config.drop or [])
    if found.leaks:
        names = list(dict.fromkeys(name for name, _ in found.leaks))
        name, target = found.leaks[0]
        also = f" (and so {'does' if len(names) == 2 else 'do'} {listed(names[1:])})" if names[1:] else ""
        said = f"column {name!r} says the same as the target {target!r} in every row{also}"
        if not config.allow_leaks:
            raise DataError(
                f"{origin}: {said}: a network would learn nothing else; leave it out with "
                f"{dropping([*dropped, *names])}, or keep it with data.allow_leaks=true"
            )
        notes.warnings.append(f"{said}: kept, as data.allow_leaks asks")
    if constants := [name for name in found.constants if name not in notes.rounded]:
        notes.unused.append(f"{listed(constants)}: the same in every row")
    if alike := [name for name in found.constants if name in notes.rounded]:
        notes.unused.append(f"{listed(alike)}: the same in every row but for digits beyond the 15 that numbers keep")
    looks = []
    if notes.rounded:
        looks.append(
            f"{listed(notes.rounded)}: different whole numbers that are the same in the 15 digits that numbers keep; "
            f"if they name something, say {naming('data.categories', [*(config.categories or []), *notes.rounded])}"
        )
    unread = {name: text for name, text in found.number_texts.items() if name not in (config.categories or [])}
    if unread:
        looks.append(
            f"{listed(list(unread))}: read as texts, but {listed(list(unread.values()))} look like numbers; write them "
            "in digits with a point for decimals only, as in 1234.5; if they are categories, say "
            f"{naming('data.categories', [*(config.categories or []), *unread])}"
        )
    notes.warnings += looks
    if found.row_texts:
        notes.unused.append(f"{listed(found.row_texts)}: another text in every row, so no category repeats")
    if row_numbers := [name for name in found.row_numbers if name not in notes.notations]:
        notes.warnings.append(
            f"{listed(row_numbers)}: another whole number in every row; if it only names the rows, leave it out "
            f"with {dropping([*dropped, *row_numbers])}"
        )
    for name, distinct in found.rare_texts.items():
        notes.warnings.append(f"{name!r}: {distinct:,} texts in {len(X):,} rows, most of them rare")
    if found.doubled_rows:
        notes.warnings.append(
            f"{found.doubled_rows:,} of {len(X):,} rows {'is' if found.doubled_rows == 1 else 'are'} the same as an "
            "earlier one, target included: the test may "
            "hold rows that were trained on"
        )
    useless = {*found.constants, *found.row_texts}
    if useless and len(useless) == len(X.columns):
        raise DataError(f"{origin}: no input column is of use: {'; '.join([*notes.unused, *looks])}")
    return X[[column for column in X.columns if column not in useless]] if useless else X


def _recoded(codes: np.ndarray | None, kept: np.ndarray) -> np.ndarray | None:
    """Return the codes of the rows that are kept, without gaps in their sequence."""
    return None if codes is None else np.unique(codes[kept], return_inverse=True)[1].astype(np.int64)
