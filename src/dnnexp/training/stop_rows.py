"""The rows that the networks of a stack stop by: cost and metric there, after each epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dnnexp.metrics import Metric
from dnnexp.network.architecture import Architecture
from dnnexp.network.inference import Buffers, logits, outputs
from dnnexp.network.losses import LOSSES, LossBuffers
from dnnexp.training.examples import Examples, Member, pad_rows

__all__ = ["StopRows"]

Array = npt.NDArray[Any]
KEPT = 1 << 20  # bytes of a layer, or of the inputs, up to which rows and buffers are kept from epoch to epoch


class _Rows(NamedTuple):
    """Rows of R networks side by side, shorter lists filled up with columns of weight 0, and buffers."""

    X1: Array | None  # (R, m, n[0] + 1); None: too large to be kept
    numbers: npt.NDArray[np.intp]  # (R, m)
    Y: Array  # (R, n[L], m)
    w: Array  # (R, 1, m) that sum to 1
    counts: Array  # (R, m) weights in the metric
    Z: Array  # (R, n[L], m), and alike:
    A: Array
    dZ: Array
    loss: LossBuffers
    hidden: Buffers


class StopRows:
    """Scores the live networks of a stack; units (R, n[L], 1): what outputs and targets are multiplied by for it."""

    def __init__(
        self,
        examples: Examples,
        members: Sequence[Member],
        architecture: Architecture,
        loss: str,
        metric: Metric,
        units: Array | None,
    ) -> None:
        self._examples, self._architecture, self._loss, self._metric = examples, architecture, loss, metric
        self._rows = [member.stop for member in members]
        self._class_weights = [member.class_weights for member in members]
        self._units = None if units is None else units.copy()
        self.bind(len(members))

    def bind(self, networks: int) -> None:
        """Score the first `networks` networks from now on."""
        self._networks = networks
        self._kept: _Rows | None = None

    def move(self, target: int, source: int) -> None:
        """Give network `target` the rows of network `source`."""
        self._rows[target] = self._rows[source]
        self._class_weights[target] = self._class_weights[source]
        if self._units is not None:
            self._units[target] = self._units[source]

    def score(self, theta: Array) -> tuple[Array, Array]:
        """Return cost (R,) and metric (R,) of the live networks with parameters theta (R, P)."""
        rows = self._kept or self._gather()
        X1, index = (self._examples.X1, rows.numbers) if rows.X1 is None else (rows.X1, None)
        Z = logits(theta, self._architecture, X1, index, rows.Z, rows.hidden)
        np.copyto(rows.A, Z)
        A, Y = outputs(rows.A, self._architecture), rows.Y
        J = LOSSES[self._loss].cost(Z, Y, rows.w, rows.dZ, rows.loss)
        if self._units is not None:
            A, Y = (values * self._units[: self._networks] for values in (A, Y))
        return J[:, 0, 0], self._metric.function(A, Y, rows.counts)

    def _gather(self) -> _Rows:
        examples, n = self._examples, self._architecture.n
        numbers, weights = pad_rows(self._rows[: self._networks])
        counts = weights
        for r, class_weights in enumerate(self._class_weights[: self._networks]):
            counted = examples.counted(numbers[r], class_weights)
            if counted is not None:
                counts = weights.copy() if counts is weights else counts
                counts[r] *= counted
        dtype = examples.X1.dtype
        Y = examples.Y[numbers].swapaxes(-1, -2).copy()
        is_small = numbers.size * (max(n) + 1) * dtype.itemsize <= KEPT
        rows = _Rows(
            X1=examples.X1[numbers] if is_small else None,
            numbers=numbers,
            Y=Y,
            w=(counts / counts.sum(axis=1, keepdims=True)).astype(dtype)[:, None],
            counts=examples.scored(numbers, weights),
            Z=np.empty_like(Y),
            A=np.empty_like(Y),
            dZ=np.empty_like(Y),
            loss=LossBuffers(Y.shape[0], Y.shape[1], Y.shape[2], dtype),
            hidden={},
        )
        self._kept = rows if is_small else None
        return rows
