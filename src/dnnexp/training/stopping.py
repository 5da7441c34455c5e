"""Early stopping: the best parameters of each network so far, and how long ago that was."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Stopping"]

Array = npt.NDArray[Any]


class Stopping:
    """The best of R networks by their rows to stop by: parameters (R, P), metric and loss (R,), epochs waited (R,)."""

    def __init__(self, theta: Array, greater_is_better: bool, patience: int | None) -> None:
        """theta (R, P): the initial parameters, which are kept until some are better."""
        R = len(theta)
        self.theta = theta.copy()
        self.metric = np.full(R, np.nan)
        self.loss = np.full(R, np.nan)
        self.waited = np.zeros(R, int)
        self._greater_is_better, self._patience = greater_is_better, patience

    def consider(self, r: int, theta: Array, loss: float, metric: float) -> bool:
        """Return whether network r is better than before; if so keep its parameters theta (P,)."""
        if not self._has_improved(r, loss, metric):
            self.waited[r] += 1
            return False
        self.theta[r], self.metric[r], self.loss[r], self.waited[r] = theta, metric, loss, 0
        return True

    def is_without(self, r: int) -> bool:
        """Network r has never had a finite loss with a metric that is not infinite: there is nothing to keep."""
        return bool(np.isnan(self.loss[r]))

    def is_over(self, r: int) -> bool:
        """Network r has waited for longer than it has patience."""
        return self._patience is not None and bool(self.waited[r] >= self._patience)

    def _has_improved(self, r: int, loss: float, metric: float) -> bool:
        """A better metric, or the same metric at a lower loss (few rows make ties frequent).

        Where the rows do not define the metric (a ranking of one class) the loss decides.
        """
        if not np.isfinite(loss) or np.isinf(metric):
            return False
        if np.isnan(self.loss[r]):
            return True
        best = self.metric[r]
        if np.isnan(metric) or np.isnan(best):
            return bool(loss < self.loss[r])
        is_better = metric > best if self._greater_is_better else metric < best
        return bool(is_better or (metric == best and loss < self.loss[r]))

    def bind(self, networks: int) -> None:
        """Nothing here depends on how many networks are live."""

    def move(self, target: int, source: int) -> None:
        """Copy what belongs to network `source` to row `target`."""
        for array in (self.theta, self.metric, self.loss, self.waited):
            array[target] = array[source]
