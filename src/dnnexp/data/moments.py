"""Mean and standard deviation of columns without overflow, and values measured in them."""

from __future__ import annotations

import numpy as np

__all__ = ["LIMIT", "moments", "relative", "standardised"]

LIMIT = 1e6  # standard deviations; n values are never further than sqrt(n) from their own mean


def moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation (columns,) of values (examples, columns), without overflow.

    The mean of a constant column is its value and the standard deviation 0, not what rounding makes of them.
    """
    exponent = np.frexp(np.abs(values).max(axis=0))[1]
    unit = np.ldexp(values, -exponent)  # within (-1, 1), exactly: a power of two is taken out
    lowest, highest = values.min(axis=0), values.max(axis=0)
    mean = np.where(lowest == highest, unit[0], unit.mean(axis=0))
    deviation = np.sqrt(np.square(unit - mean).mean(axis=0))
    scale = np.ldexp(deviation, exponent)
    is_constant = (lowest == highest) | (scale < np.finfo(np.float64).tiny)
    return np.ldexp(mean, exponent), np.where(is_constant, 0.0, scale)


def relative(weights: np.ndarray) -> np.ndarray:
    """Return weights (rows,), finite numbers not below 0, in units of their mean, which may be beyond floats."""
    unit = np.ldexp(weights, -np.frexp(weights.max())[1])  # within (0, 1), exactly
    shares: np.ndarray = unit / unit.mean()
    return shares


def standardised(values: np.ndarray, mean: np.ndarray, scale: np.ndarray, limit: float) -> np.ndarray:
    """Return (values - mean) / scale within ±limit, 0 where the scale is 0; contiguous rows."""
    result = np.zeros(values.shape)
    with np.errstate(over="ignore"):
        # halves are exact and keep the difference of two numbers near the largest float finite
        np.divide(0.5 * values - 0.5 * mean, 0.5 * scale, out=result, where=scale > 0)
    return np.clip(result, -limit, limit, out=result)
