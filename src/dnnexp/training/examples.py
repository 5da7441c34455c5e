"""Examples as the trainer reads them, and the members of a stack that train on them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Examples", "Member", "pad_rows"]

Array = npt.NDArray[Any]


class Examples(NamedTuple):
    """N examples as rows: X1 (N, n[0] + 1) with a last column of ones, targets Y (N, n[L])."""

    X1: Array
    Y: Array
    weights: Array | None = None  # (N,) how much each example counts in the cost; None: all alike
    score_weights: Array | None = None  # (N,) and in the metric that stops; None: all alike

    @classmethod
    def empty(cls, N: int, n_in: int, n_out: int, dtype: npt.DTypeLike) -> Examples:
        """Return N examples of that precision whose inputs and targets are yet to be written."""
        return cls(np.ones((N, n_in + 1), dtype), np.empty((N, n_out), dtype))

    def counted(self, index: npt.NDArray[np.intp], class_weights: Array | None) -> Array | None:
        """Return how much the rows `index` count in the cost of a member with those class weights; None: all alike."""
        own = None if self.weights is None else self.weights[index]
        if class_weights is None:
            return own
        factors: Array = np.where(self.Y[index] > 0.5, class_weights[1], class_weights[0]).sum(axis=-1)
        return (factors if own is None else own * factors).astype(self.Y.dtype)

    def scored(self, index: npt.NDArray[np.intp], weights: Array) -> Array:
        """Return how much the rows `index` (R, m) count in a metric, where padding among them has weight 0."""
        return weights if self.score_weights is None else weights * self.score_weights[index]


class Member(NamedTuple):
    """One network of a stack: its own rows, seed, learning rate, weight decay and dropout."""

    train: npt.NDArray[np.intp]  # row numbers of the examples it learns from
    stop: npt.NDArray[np.intp]  # row numbers that early stopping watches; none: it trains to the end
    seed: np.random.SeedSequence
    alpha: float
    weight_decay: float = 0.0
    dropout: float = 0.0  # probability in [0, 1) that a hidden unit is silent in a step
    class_weights: Array | None = None  # (2, n[L]) an example counts by, summed over its targets of 0 and 1; None: 1


def pad_rows(rows: list[npt.NDArray[np.intp]]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Return row lists of unequal length as one array (R, m), and weights (R, m): 1 for a row, 0 for padding."""
    m = max(len(r) for r in rows)
    padded = np.zeros((len(rows), m), np.intp)
    weights = np.zeros((len(rows), m))
    for r, numbers in enumerate(rows):
        padded[r, : len(numbers)] = numbers
        padded[r, len(numbers) :] = numbers[0]
        weights[r, : len(numbers)] = 1
    return padded, weights
