"""Inputs as a person would look at them first: what is of no use is left out, what is odd is said or refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dnnexp.data.columns import listed, naming
from dnnexp.data.dataset import MIN_ROWS
from dnnexp.data.dates import NOTATIONS
from dnnexp.data.suspicion import WRITE_DATES, WRITE_NUMBERS, examine
from dnnexp.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

    from dnnexp.data.schema import DataConfig
    from dnnexp.data.summary import Notes

__all__ = ["examined", "examined_numbers"]

MOST_CELLS = 10_000_000  # of an array that is looked at: half a second


def examined(
    config: DataConfig,
    X: pd.DataFrame,
    targets: pd.DataFrame,
    origin: str,
    notes: Notes,
    without: Callable[[list[str]], str],
) -> pd.DataFrame:
    """Return the inputs that are of use, with notes on the others; raise DataError where one is the target.

    without: says how columns are left out, "with data.drop=[…]".
    """
    found = examine(X, targets)
    if found.leaks:
        names = list(dict.fromkeys(name for name, _ in found.leaks))
        name, target = found.leaks[0]
        also = f" (and so {'does' if len(names) == 2 else 'do'} {listed(names[1:])})" if names[1:] else ""
        said = f"column {name!r} says the same as the target {target!r} in every row{also}"
        if not config.allow_leaks:
            raise DataError(
                f"{origin}: {said}: a network would learn nothing else; leave it out "
                f"{without(names)}, or keep it with data.allow_leaks=true"
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
            f"{listed(list(unread))}: read as texts, but {listed(list(unread.values()))} look like numbers; "
            f"{WRITE_NUMBERS}; if they are categories, say "
            f"{naming('data.categories', [*(config.categories or []), *unread])}"
        )
    dates = {name: text for name, text in found.date_texts.items() if name not in (config.categories or [])}
    if dates:
        looks.append(
            f"{listed(list(dates))}: read as texts, but {listed(list(dates.values()))} look like dates; {WRITE_DATES}; "
            f"if they are categories, say {naming('data.categories', [*(config.categories or []), *dates])}"
        )
    notes.warnings += looks
    if found.row_texts:
        notes.unused.append(f"{listed(found.row_texts)}: another text in every row, so no category repeats")
    if row_numbers := [name for name in found.row_numbers if notes.notations.get(name) not in NOTATIONS]:
        notes.warnings.append(
            f"{listed(row_numbers)}: another whole number in every row; if it only names the rows, leave it out "
            f"{without(row_numbers)}"
        )
    for name, distinct in found.rare_texts.items():
        notes.warnings.append(f"{name!r}: {distinct:,} texts in {len(X):,} rows, most of them rare")
    if found.doubled_rows:
        notes.warnings.append(
            f"{found.doubled_rows:,} of {len(X):,} rows {'is' if found.doubled_rows == 1 else 'are'} the same as an "
            "earlier one, target included: the test may hold rows that were trained on"
        )
    useless = {*found.constants, *found.row_texts}
    if useless and len(useless) == len(X.columns):
        raise DataError(f"{origin}: no input column is of use: {'; '.join([*notes.unused, *looks])}")
    return X[[column for column in X.columns if column not in useless]] if useless else X


def examined_numbers(
    config: DataConfig,
    values: np.ndarray,
    columns: Sequence[str],
    target: np.ndarray,
    target_names: Sequence[str],
    origin: str,
    notes: Notes,
) -> pd.DataFrame:
    """Return numbers (rows, columns) as a table of what is of use, as `examined` does.

    An array of MOST_CELLS and more is not looked at: all of it is returned.
    """
    import pandas as pd

    X = pd.DataFrame(np.asarray(values, dtype=np.float64), columns=pd.Index(list(columns)), copy=False)
    targets = pd.DataFrame(target.reshape(len(target), -1), columns=pd.Index(list(target_names)))
    is_small = len(values) >= MIN_ROWS and values.size < MOST_CELLS
    if not is_small or target.dtype.kind not in "biufU" or targets.nunique().min() < 2:
        return X
    return examined(config, X, targets, origin, notes, lambda names: "of X")
