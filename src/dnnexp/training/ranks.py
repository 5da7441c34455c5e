"""The rows of a stack when networks leave it: the last row takes the place of each that leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["close_ranks", "close_ranks_of_list"]


def close_ranks(values: npt.NDArray[np.generic], rows: Sequence[int]) -> None:
    """Move what is left of values (R,) together, in place, after the networks in those rows have left."""
    last = len(values)
    for r in sorted(rows, reverse=True):
        last -= 1
        values[r] = values[last]


def close_ranks_of_list(listed: list[Any], r: int, last: int) -> None:
    """Put the last item in the place of item r and shorten the list."""
    listed[r] = listed[last]
    listed.pop()
