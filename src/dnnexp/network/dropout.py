"""Inverted dropout: a unit is silent for a step with probability p, and the others speak 1 / (1 - p) times as loud."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Dropout"]

Array = npt.NDArray[Any]


class Dropout:
    """The masks of R networks with own rates (R,), drawn anew at each step (Srivastava et al. 2014, section 4)."""

    def __init__(
        self, rates: Array, units: Sequence[int], m: int, dtype: npt.DTypeLike, by_columns: Sequence[bool] | None = None
    ) -> None:
        """by_columns: of which layers the network has A[l] by columns in memory (none)."""
        R, self._by_columns = len(rates), by_columns or [False] * len(units)
        self._keep = (1 - np.asarray(rates, dtype))[:, None, None]
        self._masks = [  # the row of ones is never silent
            np.ones((R, m, n + 1) if columns else (R, n + 1, m), dtype)
            for n, columns in zip(units, self._by_columns, strict=True)
        ]
        self._drawn = np.empty(max(units, default=0) * m, dtype)
        self.bind(len(rates))

    def bind(self, networks: int) -> None:
        """Serve the first `networks` networks from now on."""
        self.keep = self._keep[:networks]
        self.masks = [mask[:networks] for mask in self._masks]

    def draw(self, rngs: Sequence[np.random.Generator], columns: Sequence[int]) -> None:
        """Draw all masks, each network from its own generator, for that many of its columns (the rest are padding)."""
        for mask, by_columns in zip(self.masks, self._by_columns, strict=True):
            matrices = mask.swapaxes(-1, -2) if by_columns else mask
            n = matrices.shape[1] - 1
            for r, used in enumerate(columns):
                drawn = self._drawn[: n * used].reshape(n, used)
                rngs[r].random(out=drawn, dtype=mask.dtype)
                matrices[r, :-1, :used] = drawn
            np.less(mask, self.keep, out=mask, casting="unsafe")
            np.divide(mask, self.keep, out=mask)
            matrices[:, -1] = 1

    def move(self, target: int, source: int) -> None:
        """Give network `target` the rate of network `source`."""
        self._keep[target] = self._keep[source]
