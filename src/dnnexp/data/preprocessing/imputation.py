"""What stands where a number is missing, and which columns say that it was."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["Imputation"]


class Imputation(NamedTuple):
    """The median of each number column, and whether any was missing in the training rows."""

    median: np.ndarray  # (columns,), 0 where all are missing
    has_gaps: np.ndarray  # (columns,) of bool: the column has an indicator feature

    @classmethod
    def fit(cls, values: np.ndarray) -> Imputation:
        """Return the imputation of values (rows, columns); a column that is all missing has no indicator."""
        is_missing = np.isnan(values)
        has_any, has_all = is_missing.any(axis=0), is_missing.all(axis=0)
        median = np.zeros(values.shape[1])
        median[~has_any] = 2 * np.median(0.5 * values[:, ~has_any], axis=0)  # halves: two large numbers are averaged
        for i in np.flatnonzero(has_any & ~has_all):
            median[i] = 2 * np.median(0.5 * values[~is_missing[:, i], i])
        return cls(median, has_any & ~has_all)

    def fill(self, values: np.ndarray, is_missing: np.ndarray) -> np.ndarray:
        """Return values (rows, columns) with the median in the place of what is missing."""
        return np.where(is_missing, self.median, values) if is_missing.any() else values
