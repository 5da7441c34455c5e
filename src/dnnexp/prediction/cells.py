"""Cells of new rows as the types that a model reads: finite numbers, NaN for a gap, or categories, None for one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from dnnexp.data.kinds import CATEGORY, conform
from dnnexp.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["model_inputs"]


def model_inputs(
    frame: pd.DataFrame,
    kinds: Mapping[str, str],
    notations: Mapping[str, str],
    origin: str,
    row_name: Callable[[int], str],
) -> pd.DataFrame:
    """Return the columns that a model reads, in its order.

    kinds: column -> NUMBER or CATEGORY; notations: of those that were dates in texts, how they were written.
    Raises DataError that names column, row and value for a text where a number must be, and for an infinity.
    """
    X = conform(frame[list(kinds)], kinds, notations, origin, row_name)
    for name, kind in kinds.items():
        infinite = np.zeros(0, bool) if kind == CATEGORY else np.isinf(X[name].to_numpy())
        if infinite.any():
            raise DataError(
                f"{origin}: column {name!r}, {row_name(int(infinite.argmax()))}: an infinite value; "
                "need a finite number, or an empty cell for one that is missing"
            )
    return X
