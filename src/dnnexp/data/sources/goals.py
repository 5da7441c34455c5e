"""The target columns of a table: their values, and the rows that have none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnnexp.data.kinds import MARKERS, WHOLE, as_text
from dnnexp.errors import DataError, shown

if TYPE_CHECKING:
    import pandas as pd

    from dnnexp.data.schema import DataConfig

__all__ = ["Goals", "read_goals"]

CLASSES = ("binary", "multiclass", "multilabel")


class Goals(NamedTuple):
    """The targets of every row: booleans, whole numbers, floats or texts; and the rows where one of them is missing."""

    frame: pd.DataFrame  # (rows, targets)
    is_missing: np.ndarray  # (rows,)

    @staticmethod
    def values(frame: pd.DataFrame) -> np.ndarray:
        """Return complete targets as one array: (rows,) of a single one, (rows, targets) of several."""
        arrays = [frame[name].to_numpy() for name in frame.columns]
        if len(arrays) == 1:
            return arrays[0]
        is_text = any(array.dtype.kind not in "biuf" for array in arrays)
        return np.stack([array.astype(object) for array in arrays] if is_text else arrays, axis=1)


def read_goals(
    config: DataConfig, frame: pd.DataFrame, targets: Sequence[str], origin: str, row_name: Callable[[int], str]
) -> Goals:
    """Return the targets. Raises DataError for a row without one unless `data.drop_missing_target` leaves it out."""
    import pandas as pd

    columns = {name: _target(config, name, frame[name], origin, row_name) for name in targets}
    missing = {name: column.isna().to_numpy() for name, column in columns.items()}
    for name, is_missing in missing.items():
        if is_missing.any() and not config.drop_missing_target:
            is_usual = config.missing_target is None
            unless = "; if a text like NA or None is a class of its own, say data.missing_target=[]" * is_usual
            raise DataError(
                f"{origin}: target {name!r}, {row_name(int(is_missing.argmax()))}: the value is missing "
                f"({is_missing.sum():,} in all); fill it in, or leave such rows out with data.drop_missing_target=true"
                f"{unless}"
            )
    together = np.logical_or.reduce(list(missing.values()))
    if together.all():
        raise DataError(f"{origin}: no row has a value in target {', '.join(map(repr, targets))}")
    return Goals(pd.DataFrame(columns), together)


def _target(config: DataConfig, name: str, column: pd.Series, origin: str, row_name: Callable[[int], str]) -> pd.Series:
    """Return the target, NaN or None where it is missing; raise DataError for texts among what are numbers mostly."""
    import pandas as pd

    if config.missing_target:
        column = column.mask(np.array([as_text(value).strip() in config.missing_target for value in column], bool))
    kind = getattr(column.dtype, "kind", "O")
    if isinstance(column.dtype, np.dtype) and kind in "biufmMc":
        return _whole_again(column) if kind == "f" else column
    if kind in "biuf":  # types that know gaps
        return column.astype(object).where(column.notna(), None)
    is_missing = column.isna().to_numpy()
    cells = column.astype(object)
    present = cells[~is_missing]
    if all(isinstance(value, bool | np.bool_) for value in present):
        return cells.where(~is_missing, None)
    numbers = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    is_number = ~np.isnan(numbers)
    texts = np.array([as_text(value) for value in present], dtype=object)
    is_marker = np.zeros(len(column), dtype=bool)
    is_marker[~is_missing] = [config.missing_target is None and text.strip().lower() in MARKERS for text in texts]
    is_stray = ~is_missing & ~is_number & ~is_marker
    if is_number.any() and not is_stray.any():
        return _whole_again(pd.Series(numbers))
    if is_number.sum() > is_stray.sum() and config.task not in CLASSES:
        i = int(is_stray.argmax())
        raise DataError(
            f"{origin}: target {name!r}, {row_name(i)}: {shown(cells.iloc[i])} is no number, as most are; "
            "correct it, or say data.task=multiclass if these are classes"
        )
    named = np.full(len(column), None, dtype=object)
    named[~is_missing] = texts
    return pd.Series(named, dtype=object)


def _whole_again(column: pd.Series) -> pd.Series:
    """Return floats that a gap has made of whole numbers as whole numbers, None for a gap."""
    import pandas as pd

    present = column.dropna()
    if len(present) == len(column) or not (np.floor(present) == present).all() or present.abs().max() >= WHOLE:
        return column
    numbers = [None if np.isnan(value) else int(value) for value in column]
    return pd.Series(numbers, dtype=object)
