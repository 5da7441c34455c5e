"""Places below a study's seed: whatever draws has a stream of its own.

The numbers are part of every result that was ever drawn with them: a new place takes a new number, none is changed.
"""

from __future__ import annotations

__all__ = [
    "BASELINE_TREES", "CONFIRMATION", "DIVIDED", "FOLDS", "FRESH_FOLDS", "FRESH_MEMBERS", "LIMITED", "MEMBERS",
    "RANGE_ROWS", "RANGE_WEIGHTS", "REFIT", "SELECTION", "SPLIT", "STOPPED",
]  # fmt: skip

SPLIT, FOLDS, MEMBERS, REFIT, SELECTION, FRESH_FOLDS, FRESH_MEMBERS, CONFIRMATION = range(8)
RANGE_ROWS, RANGE_WEIGHTS = (SELECTION, 0), (SELECTION, 1)  # of the range test, below where SELECTION draws itself
BASELINE_TREES = 101

DIVIDED, STOPPED, LIMITED = range(
    3
)  # below FOLDS, FRESH_FOLDS and RANGE_ROWS; LIMITED: which of too many rows are used
