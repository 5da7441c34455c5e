"""Losses, computed from the logits Z[L] so that no logarithm meets a 0, and their gradients dZ[L].

A loss sees Z and Y (R, n[L], m) and column weights w (R, 1, m) that already hold the 1 / (number of examples): the
cost is J = sum over columns of w times the column's loss. Columns of weight 0 do not count. A row meets a matrix as a
copy of full size: what NumPy does by itself allocates one, and takes longer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["LOSSES", "OUTPUTS", "Loss", "LossBuffers", "suited_losses"]

Array = npt.NDArray[Any]
HUBER_DELTA = 1.0  # in standard deviations of the target


class LossBuffers:
    """What a loss needs beside its arguments, for R networks with n_L outputs and m columns."""

    def __init__(self, R: int, n_L: int, m: int, dtype: npt.DTypeLike) -> None:
        self.scratch = np.empty((R, n_L, m), dtype)
        self.row = np.empty((R, 1, m), dtype)
        self.total = np.empty((R, 1, m), dtype)
        self.ones = np.ones((1, n_L), dtype)
        self.J = np.empty((R, 1, 1), dtype)
        self.target = np.empty(R, dtype)
        self._flatten()

    def _flatten(self) -> None:
        R = len(self.J)
        self.flat_scratch, self.flat_J = self.scratch.reshape(R, -1), self.J.reshape(R)

    def first(self, R: int) -> LossBuffers:
        """The same buffers for the first R networks."""
        if len(self.J) == R:
            return self
        part = object.__new__(LossBuffers)
        part.scratch, part.row, part.total, part.J = self.scratch[:R], self.row[:R], self.total[:R], self.J[:R]
        part.ones, part.target = self.ones, self.target[:R]
        part._flatten()
        return part


class Loss(NamedTuple):
    """`cost(Z, Y, w, dZ, buffers) -> J (R, 1, 1)`, dZ[L] written to dZ; Z may be destroyed."""

    cost: Callable[[Array, Array, Array, Array, LossBuffers], Array]
    output: str  # Z[L] to A[L], one of OUTPUTS
    tasks: tuple[str, ...]  # that it suits

    def classes(self, n_L: int) -> int:
        """Return how many classes exclude each other: all n[L] under softmax, else yes and no of each output."""
        return n_L if self.output == "softmax" else 2


def _weigh(columns: Array, w: Array, J: Array) -> Array:
    """Return J (R, 1, 1) = sum over the m columns of w times the column's loss (both (R, 1, m))."""
    np.vecdot(columns, w, out=J[..., 0])
    return J


def _softmax_cross_entropy(Z: Array, Y: Array, w: Array, dZ: Array, buffers: LossBuffers) -> Array:
    """Loss log sum_j exp(Z_j) - sum_k Y_k Z_k; dZ = w softmax(Z) - w Y, for columns of Y that sum to 1."""
    scratch, row, total, J = buffers.scratch, buffers.row, buffers.total, buffers.J
    np.maximum.reduce(Z, axis=-2, keepdims=True, out=row)
    np.copyto(scratch, row)
    np.subtract(Z, scratch, out=Z)  # subtract the max: exp overflows beyond 88 in float32
    np.exp(Z, out=dZ)
    np.matmul(buffers.ones, dZ, out=total)
    np.divide(w, total, out=row)
    np.copyto(scratch, row)
    np.multiply(dZ, scratch, out=dZ)
    np.copyto(scratch, w)
    np.multiply(scratch, Y, out=scratch)
    np.subtract(dZ, scratch, out=dZ)
    np.log(total, out=total)
    np.vecdot(buffers.flat_scratch, Z.reshape(len(J), -1), out=buffers.target)
    _weigh(total, w, J)
    np.subtract(buffers.flat_J, buffers.target, out=buffers.flat_J)
    return J


def _sigmoid_cross_entropy(Z: Array, Y: Array, w: Array, dZ: Array, buffers: LossBuffers) -> Array:
    """Loss sum_k max(Z_k, 0) - Z_k Y_k + log(1 + exp(-|Z_k|)); dZ = (sigmoid(Z) - Y) w."""
    scratch, row = buffers.scratch, buffers.row
    np.multiply(Z, 0.5, out=dZ)
    np.tanh(dZ, out=dZ)
    np.multiply(dZ, 0.5, out=dZ)
    np.add(dZ, 0.5, out=dZ)
    np.subtract(dZ, Y, out=dZ)
    np.copyto(scratch, w)
    np.multiply(dZ, scratch, out=dZ)
    np.abs(Z, out=scratch)
    np.negative(scratch, out=scratch)
    np.exp(scratch, out=scratch)
    np.log1p(scratch, out=scratch)
    np.matmul(buffers.ones, scratch, out=row)
    np.multiply(Z, Y, out=scratch)
    np.maximum(Z, 0, out=Z)
    np.subtract(Z, scratch, out=Z)
    np.matmul(buffers.ones, Z, out=buffers.total)
    np.add(row, buffers.total, out=row)
    return _weigh(row, w, buffers.J)


def _squared_error(Z: Array, Y: Array, w: Array, dZ: Array, buffers: LossBuffers) -> Array:
    """Loss sum_k (Z_k - Y_k)^2 / 2; dZ = (Z - Y) w."""
    np.subtract(Z, Y, out=Z)
    np.copyto(dZ, w)
    np.multiply(Z, dZ, out=dZ)
    np.multiply(Z, Z, out=Z)
    np.matmul(buffers.ones, Z, out=buffers.row)
    np.multiply(buffers.row, 0.5, out=buffers.row)
    return _weigh(buffers.row, w, buffers.J)


def _absolute_error(Z: Array, Y: Array, w: Array, dZ: Array, buffers: LossBuffers) -> Array:
    """Loss sum_k |Z_k - Y_k|; dZ = sign(Z - Y) w."""
    np.subtract(Z, Y, out=Z)
    np.sign(Z, out=dZ)
    np.copyto(buffers.scratch, w)
    np.multiply(dZ, buffers.scratch, out=dZ)
    np.abs(Z, out=Z)
    np.matmul(buffers.ones, Z, out=buffers.row)
    return _weigh(buffers.row, w, buffers.J)


def _huber(Z: Array, Y: Array, w: Array, dZ: Array, buffers: LossBuffers) -> Array:
    """Loss sum_k c (|e| - c / 2) with e = Z_k - Y_k, c = min(|e|, 1); dZ = clip(e, -1, 1) w (Huber 1964).

    Quadratic up to one standard deviation of the target, linear beyond.
    """
    np.subtract(Z, Y, out=Z)
    np.clip(Z, -HUBER_DELTA, HUBER_DELTA, out=dZ)
    np.multiply(dZ, -0.5, out=buffers.scratch)
    np.add(buffers.scratch, Z, out=Z)
    np.multiply(Z, dZ, out=Z)  # e c' - c'^2 / 2 with c' = clip(e): the same number, sign for sign
    np.matmul(buffers.ones, Z, out=buffers.row)
    np.copyto(buffers.scratch, w)
    np.multiply(dZ, buffers.scratch, out=dZ)
    return _weigh(buffers.row, w, buffers.J)


def _softmax(Z: Array) -> Array:
    """exp(Z_k) / sum_j exp(Z_j) over the outputs, in place."""
    Z -= Z.max(axis=-2, keepdims=True)
    np.exp(Z, out=Z)
    Z /= Z.sum(axis=-2, keepdims=True)
    return Z


def _sigmoid(Z: Array) -> Array:
    """1 / (1 + exp(-Z)), in place."""
    Z *= 0.5
    np.tanh(Z, out=Z)
    Z *= 0.5
    Z += 0.5
    return Z


def _identity(Z: Array) -> Array:
    return Z


OUTPUTS: dict[str, Callable[[Array], Array]] = {"softmax": _softmax, "sigmoid": _sigmoid, "identity": _identity}

LOSSES: dict[str, Loss] = {
    "softmax_cross_entropy": Loss(_softmax_cross_entropy, "softmax", ("multiclass",)),
    "sigmoid_cross_entropy": Loss(_sigmoid_cross_entropy, "sigmoid", ("binary", "multilabel")),
    "squared_error": Loss(_squared_error, "identity", ("regression",)),
    "absolute_error": Loss(_absolute_error, "identity", ("regression",)),
    "huber": Loss(_huber, "identity", ("regression",)),
}


def suited_losses(task: str) -> tuple[str, ...]:
    """Return the names of the losses that suit a task; the first, as LOSSES lists them, is its default."""
    return tuple(name for name, loss in LOSSES.items() if task in loss.tasks)
