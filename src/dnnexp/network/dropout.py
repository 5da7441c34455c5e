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

    def __init__(self, rates: Array, units: Sequence[int], m: int, dtype: npt.DTypeLike) -> None:
        self._keep = (1 - np.asarray(rates, dtype))[:, None, None]
        self._masks = [np.ones((len(rates), n + 1, m), dtype) for n in units]  # the row of ones is never silent
        self._m = m
        self.bind(len(rates))

    def bind(self, networks: int) -> None:
        """Serve the first `networks` networks from now on."""
        self.keep = self._keep[:networks]
        self.masks = [mask[:networks] for mask in self._masks]

    def draw(self, rngs: Sequence[np.random.Generator], columns: Sequence[int]) -> None:
        """Draw all masks, each network from its own generator, for that many of its columns (the rest are padding)."""
        for mask in self.masks:
            for r, used in enumerate(columns):
                if used == self._m:
                    rngs[r].random(out=mask[r, :-1], dtype=mask.dtype)
                else:
                    mask[r, :-1, :used] = rngs[r].random((mask.shape[1] - 1, used), dtype=mask.dtype)
            np.less(mask, self.keep, out=mask, casting="unsafe")
            np.divide(mask, self.keep, out=mask)
            mask[:, -1] = 1

    def move(self, target: int, source: int) -> None:
        """Give network `target` the rate of network `source`."""
        self._keep[target] = self._keep[source]
