"""R networks of one shape on m columns each: forward propagation, back-propagation, and the buffers both need.

    Z[l] = W[l] A[l-1] + b[l]       A[l] = g[l](Z[l])                                A[0] = X
    dZ[l] = dA[l] * g[l]'(Z[l])     dW[l] = dZ[l] A[l-1]^T     db[l] = dZ[l] 1       dA[l-1] = W[l]^T dZ[l]

Every array has the network as its first axis, so R networks take R matrix products but one call. A row of ones under
A[l-1] turns [W[l] | b[l]] into one matrix that gives Z[l], and dZ[l] times that A transposed into [dW[l] | db[l]].
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from dnnexp.network.activations import ACTIVATIONS
from dnnexp.network.architecture import Architecture
from dnnexp.network.losses import LOSSES, OUTPUTS, LossBuffers
from dnnexp.network.parameters import layer_views

__all__ = ["Network", "hidden_activations", "logits", "outputs"]

Array = npt.NDArray[Any]
COLUMNS = 1 << 18  # units x columns of a layer that inference works on at a time


class Network:
    """R networks and the buffers of one training step on m columns; nothing is allocated in the step.

    `theta` and `gradient` are (R, P). The first `networks` rows are live; `bind` changes how many.
    """

    def __init__(self, architecture: Architecture, R: int, m: int, loss: str, dtype: npt.DTypeLike = np.float32) -> None:
        n, L = architecture.n, architecture.L
        self.architecture, self.m = architecture, m
        self.theta = np.zeros((R, architecture.parameters), dtype)
        self.gradient = np.zeros((R, architecture.parameters), dtype)
        self._cost = LOSSES[loss].cost
        self._g = [ACTIVATIONS[name] for name in architecture.activations]
        self._ones_below = [np.ones((R, n[l] + 1, m), dtype) for l in range(1, L)]  # A[l], and a row of ones
        self._kept_Z = [np.empty((R, n[l], m), dtype) if self._g[l - 1].keeps_Z else None for l in range(1, L)]
        self._Z_L = np.empty((R, n[L], m), dtype)
        self._dZ_L = np.empty((R, n[L], m), dtype)
        widest = max(n[1:L], default=0)
        self._dA_pool = np.empty((2, R * widest * m), dtype)  # dA[l] and dA[l-1]: no more than two are alive
        self._scratch_pool = np.empty(R * widest * m, dtype)
        self._loss_buffers = LossBuffers(R, n[L], m, dtype)
        self.bind(R)

    def bind(self, networks: int) -> None:
        """Take the first `networks` rows of every array as the live networks from now on."""
        R, n, m, L = networks, self.architecture.n, self.m, self.architecture.L
        self.networks = R
        self._Wb = layer_views(self.theta[:R], self.architecture)
        self._dWb = layer_views(self.gradient[:R], self.architecture)
        self._W_T = [Wb[..., :-1].swapaxes(-1, -2) for Wb in self._Wb]
        self.weights = [Wb[..., :-1] for Wb in self._Wb]
        self._A1 = [A1[:R] for A1 in self._ones_below]
        self._A1_T = [A1.swapaxes(-1, -2) for A1 in self._A1]
        self._A = [A1[:, :-1] for A1 in self._A1]
        self._Z = [A if Z is None else Z[:R] for A, Z in zip(self._A, self._kept_Z, strict=True)]
        shapes = [(R, n[l], m) for l in range(1, L)]
        sizes = [R * n[l] * m for l in range(1, L)]
        self._dA = [self._dA_pool[l % 2, : sizes[l]].reshape(shapes[l]) for l in range(L - 1)]
        self._scratch = [self._scratch_pool[: sizes[l]].reshape(shapes[l]) for l in range(L - 1)]
        self.Z_L, self._dZ = self._Z_L[:R], self._dZ_L[:R]
        self._loss_part = self._loss_buffers.first(R)

    def forward(self, X1: Array) -> Array:
        """Return Z[L] (R, n[L], m), a buffer, for inputs X1 (R, n[0] + 1, m) whose last row is ones."""
        A1_prev = X1
        for Wb, Z, A, A1, g, scratch in zip(
            self._Wb, self._Z, self._A, self._A1, self._g, self._scratch, strict=False
        ):
            np.matmul(Wb, A1_prev, out=Z)
            g.forward(Z, A, scratch)
            A1_prev = A1
        return np.matmul(self._Wb[-1], A1_prev, out=self.Z_L)

    def backward(self, X1: Array, dZ: Array) -> None:
        """Write [dW[l] | db[l]] of every layer to `gradient`, from dZ[L] (R, n[L], m), after `forward` on the same X1."""
        for l in range(self.architecture.L - 1, 0, -1):
            np.matmul(dZ, self._A1_T[l - 1], out=self._dWb[l])
            dA_prev = self._dA[l - 1]
            np.matmul(self._W_T[l], dZ, out=dA_prev)
            self._g[l - 1].backward(dA_prev, self._Z[l - 1], self._A[l - 1], self._scratch[l - 1])
            dZ = dA_prev
        np.matmul(dZ, X1.swapaxes(-1, -2), out=self._dWb[0])

    def cost_and_gradient(self, X1: Array, Y: Array, w: Array) -> Array:
        """Return J (R, 1, 1), a buffer, and leave its gradient in `gradient`.

        X1 (R, n[0] + 1, m) with a last row of ones, Y (R, n[L], m), column weights w (R, 1, m) that sum to 1.
        """
        J = self._cost(self.forward(X1), Y, w, self._dZ, self._loss_part)
        self.backward(X1, self._dZ)
        return J


def logits(theta: Array, architecture: Architecture, X1: Array, index: Array | None = None) -> Array:
    """Return Z[L] (R, n[L], m) for parameters theta (R, P).

    X1 (N, n[0] + 1) holds examples as rows, its last column ones; index (R, m) says which of them each network sees,
    None: all of them.
    """
    if index is None:
        index = np.broadcast_to(np.arange(len(X1)), (len(theta), len(X1)))
    R, m = index.shape
    Z = np.empty((R, architecture.n[-1], m), theta.dtype)
    columns = max(1, COLUMNS // max(architecture.n[1:]))
    for start in range(0, m, columns):
        part = slice(start, start + columns)
        for _, A1 in hidden_activations(theta, architecture, X1[index[:, part]].swapaxes(-1, -2)):
            last = A1
        np.matmul(layer_views(theta, architecture)[-1], last, out=Z[..., part])
    return Z


def hidden_activations(theta: Array, architecture: Architecture, X1: Array) -> Iterator[tuple[int, Array]]:
    """Yield l and A[l] with a row of ones below, (..., n[l] + 1, m), for l = 0 … L-1, where A[0] is the input X1."""
    A1 = X1
    yield 0, A1
    for l, (Wb, name) in enumerate(zip(layer_views(theta, architecture), architecture.activations, strict=False), 1):
        Z = np.matmul(Wb, A1)
        A1 = np.ones((*Z.shape[:-2], Z.shape[-2] + 1, Z.shape[-1]), Z.dtype)
        ACTIVATIONS[name].forward(Z, A1[..., :-1, :], np.empty_like(Z))
        yield l, A1


def outputs(Z_L: Array, architecture: Architecture) -> Array:
    """Return A[L] = g[L](Z[L]), probabilities or values, in place."""
    return OUTPUTS[architecture.output](Z_L)
