"""What leaving does to the rows of a stack: the last takes the place of each that leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

__all__ = ["close_ranks", "close_ranks_of_list"]


def close_ranks(values: npt.NDArray[Any], rows: Sequence[int]) -> None:
    """Do to values (R,) what the stack does when those rows leave it."""
    last = len(values)
    for r in sorted(rows, reverse=True):
        last -= 1
        values[r] = values[last]


def close_ranks_of_list(listed: list[Any], r: int, last: int) -> None:
    """Give place r of the list to its last item, which has the place `last`."""
    listed[r] = listed[last]
    listed.pop()
