"""Number columns of any size brought to the size that a network's weights expect."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dnnexp.data.moments import LIMIT, moments, standardised

__all__ = ["SCALERS", "Scaler"]

RAW_LIMIT = 1e30  # unscaled values: float32 ends at 3e38
SMOOTH_LIMIT = 3.0  # of robust scaling: no value gets further than this
BEND = 4.0  # standard deviations: what is further out counts by its logarithm


class Scaler(NamedTuple):
    """The centre and the scale of each number column; scale 0 marks a constant column."""

    kind: str
    centre: np.ndarray  # (columns,)
    scale: np.ndarray  # (columns,)

    @classmethod
    def fit(cls, kind: str, values: np.ndarray) -> Scaler:
        """Return the scaler of values (rows, columns), finite numbers, at least one row."""
        centre, scale = SCALERS[kind](values)
        if kind != "none":
            scale = np.where(values.min(axis=0) == values.max(axis=0), 0.0, scale)
        return cls(kind, centre, scale)

    def transform(self, values: np.ndarray) -> np.ndarray:
        """Return (x - centre) / scale, 0 in a constant column, always finite and within ±LIMIT.

        Standard scaling goes on from 4 as 4 + log(1 + x - 4), in both directions: a network that has met no such value
        would follow its slope to anywhere. Robust scaling bends all to x / sqrt(1 + (x / 3)^2), which no outlier
        carries beyond 3 (Holzmüller, Grinsztajn & Steinwart 2024, section 3).
        """
        limit = RAW_LIMIT if self.kind == "none" else LIMIT
        x = standardised(values, self.centre, self.scale, limit)
        if self.kind == "standard":
            beyond = np.abs(x) - BEND
            is_far = beyond > 0
            x[is_far] = np.copysign(BEND + np.log1p(beyond[is_far]), x[is_far])
        return x / np.sqrt(1 + np.square(x / SMOOTH_LIMIT)) if self.kind == "robust" else x


def as_read(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return centre 0 and scale 1 for each column."""
    return np.zeros(values.shape[1]), np.ones(values.shape[1])


def pooled(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and the standard deviation of all columns together, for each of them."""
    if not values.size:
        return as_read(values)
    mean, scale = (np.repeat(moment, values.shape[1]) for moment in moments(values.reshape(-1, 1)))
    return mean, scale


def quartiles(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the median and the distance of the quartiles of each column, half its range where they are equal."""
    half = 0.5 * values  # differences of numbers near the largest float stay finite
    low, middle, high = np.quantile(half, [0.25, 0.5, 0.75], axis=0)
    distance = np.where(high > low, high - low, 0.5 * (half.max(axis=0) - half.min(axis=0)))
    with np.errstate(over="ignore"):
        return 2 * middle, np.minimum(2 * distance, np.finfo(np.float64).max)


SCALERS: dict[str, Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]] = {
    "standard": moments,
    "robust": quartiles,
    "global": pooled,
    "none": as_read,
}
