"""Reduce on plateau: a network whose cost has stopped falling goes on with smaller steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Plateau"]

Array = npt.NDArray[Any]
THRESHOLD = 1e-4  # a cost must fall by this share to count as falling


class Plateau:
    """Factors (R, 1) on the learning rates of R networks, each by its own training cost.

    After `wait` epochs in which the cost has not fallen below its lowest by a share of 1e-4, the factor is multiplied
    by `drop`.
    """

    def __init__(self, R: int, drop: float, wait: int) -> None:
        self.factor = np.ones((R, 1))
        self.lowest = np.full(R, np.inf)
        self.waited = np.zeros(R, int)
        self._drop, self._wait = drop, wait

    def end_epoch(self, cost: npt.NDArray[np.float64]) -> None:
        """Take note of the mean cost (R,) of an epoch of the live networks."""
        live = len(cost)
        has_fallen = cost < self.lowest[:live] * (1 - THRESHOLD)
        self.lowest[:live] = np.minimum(cost, self.lowest[:live])
        self.waited[:live] = np.where(has_fallen, 0, self.waited[:live] + 1)
        is_over = self.waited[:live] >= self._wait
        self.factor[:live, 0] *= np.where(is_over, self._drop, 1.0)
        self.waited[:live][is_over] = 0

    def move(self, target: int, source: int) -> None:
        """Copy what belongs to network `source` to row `target`."""
        for array in (self.factor, self.lowest, self.waited):
            array[target] = array[source]
