"""R networks of one shape on m columns each: forward propagation, back-propagation, and the buffers both need.

    Z[l] = W[l] A[l-1] + b[l]       A[l] = g[l](Z[l])                                A[0] = X
    dZ[l] = dA[l] * g[l]'(Z[l])     dW[l] = dZ[l] A[l-1]^T     db[l] = dZ[l] 1       dA[l-1] = W[l]^T dZ[l]

Every array has the network as its first axis, so R networks take R matrix products but one call. A row of ones under
A[l-1] turns [W[l] | b[l]] into one matrix that gives Z[l], and dZ[l] times that A transposed into [dW[l] | db[l]].
On request Z[l] is normalised before g, its result is thinned by dropout, and a residual layer adds it to A[l-1]:
A[l] = A[l-1] + s[l] g(Z[l]) (ReZero: Bachlechner et al. 2021).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dnnexp.network.activations import ACTIVATIONS
from dnnexp.network.architecture import Architecture
from dnnexp.network.dropout import Dropout
from dnnexp.network.losses import LOSSES, LossBuffers
from dnnexp.network.normalization import NORMALIZATIONS
from dnnexp.network.parameters import extra_views, layer_views

__all__ = ["Network"]

Array = npt.NDArray[Any]


class Network:
    """R networks and the buffers of one training step on m columns; nothing large is allocated in the step.

    `theta` and `gradient` are (R, P). The first `networks` rows are live; `bind` changes how many.
    """

    def __init__(
        self,
        architecture: Architecture,
        R: int,
        m: int,
        loss: str,
        dtype: npt.DTypeLike = np.float32,
        dropout: Dropout | None = None,
    ) -> None:
        n, L = architecture.n, architecture.L
        hidden = range(1, L)
        self.architecture, self.m, self.dropout = architecture, m, dropout
        self.theta = np.zeros((R, architecture.size), dtype)
        self.gradient = np.zeros((R, architecture.size), dtype)
        self._cost = LOSSES[loss].cost
        self._g = [ACTIVATIONS[name] for name in architecture.activations]
        self._normalization = NORMALIZATIONS.get(architecture.normalization)
        self._all_A1 = [np.ones((R, n[l] + 1, m), dtype) for l in hidden]  # A[l], and a row of ones
        is_residual = [architecture.is_residual(l) for l in hidden]
        self._all_F = [np.empty((R, n[l], m), dtype) if is_residual[l - 1] else None for l in hidden]  # g(Z[l])
        self._all_Z = [np.empty((R, n[l], m), dtype) if self._g[l - 1].keeps_Z else None for l in hidden]
        self._all_Zhat: list[Array] = []
        self._all_sd: list[Array] = []
        if self._normalization is not None:
            self._all_Zhat = [np.empty((R, n[l], m), dtype) for l in hidden]
            over_units = self._normalization.is_over_units
            self._all_sd = [np.empty((R, 1, m) if over_units else (R, n[l], 1), dtype) for l in hidden]
        self._all_Z_L = np.empty((R, n[L], m), dtype)
        self._all_dZ_L = np.empty((R, n[L], m), dtype)
        widest = R * max(n[1:L], default=0) * m
        self._dA_pool = np.empty((2, widest), dtype)  # dA[l] and dA[l-1]: no more than two are alive
        self._dF_pool = np.empty(widest if any(is_residual) else 0, dtype)
        self._scratch_pool = np.empty(widest, dtype)
        self._loss_buffers = LossBuffers(R, n[L], m, dtype)
        self.bind(R)

    def bind(self, networks: int) -> None:
        """Take the first `networks` rows of every array as the live networks from now on."""
        R, n, m, hidden = networks, self.architecture.n, self.m, range(1, self.architecture.L)
        self.networks = R
        self._Wb = layer_views(self.theta[:R], self.architecture)
        self._dWb = layer_views(self.gradient[:R], self.architecture)
        self._W_T = [Wb[..., :-1].swapaxes(-1, -2) for Wb in self._Wb]
        self.weights = [Wb[..., :-1] for Wb in self._Wb]
        self.weight_gradients = [dWb[..., :-1] for dWb in self._dWb]
        self._extras = extra_views(self.theta[:R], self.architecture)
        self._d_extras = extra_views(self.gradient[:R], self.architecture)
        self._A1 = [A1[:R] for A1 in self._all_A1]
        self._A1_T = [A1.swapaxes(-1, -2) for A1 in self._A1]
        self.A = [A1[:, :-1] for A1 in self._A1]
        self._F = [A if F is None else F[:R] for A, F in zip(self.A, self._all_F, strict=True)]
        self._Z = [F if Z is None else Z[:R] for F, Z in zip(self._F, self._all_Z, strict=True)]
        self._Zhat = [Zhat[:R] for Zhat in self._all_Zhat]
        self._sd = [sd[:R] for sd in self._all_sd]
        shapes = [(R, n[l], m) for l in hidden]
        sizes = [R * n[l] * m for l in hidden]
        layers = range(len(shapes))
        self._dA = [self._dA_pool[l % 2, : sizes[l]].reshape(shapes[l]) for l in layers]
        self._dF = [
            self._dA[l] if self._all_F[l] is None else self._dF_pool[: sizes[l]].reshape(shapes[l]) for l in layers
        ]
        self._scratch = [self._scratch_pool[: sizes[l]].reshape(shapes[l]) for l in layers]
        self.Z_L, self._dZ_L = self._all_Z_L[:R], self._all_dZ_L[:R]
        self._loss_part = self._loss_buffers.first(R)

    def move(self, target: int, source: int) -> None:
        """Copy parameters and gradient of network `source` to row `target`."""
        for array in (self.theta, self.gradient):
            array[target] = array[source]

    def forward(self, X1: Array, w: Array) -> Array:
        """Return Z[L] (R, n[L], m), a buffer, for inputs X1 (R, n[0] + 1, m) whose last row is ones.

        w (R, 1, m): the weights of the columns, for batch statistics.
        """
        A1_prev = X1
        for i, (Wb, Z, F, A1, g, scratch) in enumerate(
            zip(self._Wb, self._Z, self._F, self._A1, self._g, self._scratch, strict=False)
        ):
            if self._normalization is None:
                np.matmul(Wb, A1_prev, out=Z)
            else:
                np.matmul(Wb, A1_prev, out=self._Zhat[i])
                self._normalize(i, Z, w)
            g.forward(Z, F, scratch)
            if self.dropout is not None:
                np.multiply(F, self.dropout.masks[i], out=F)
            if F is not self.A[i]:
                np.multiply(F, self._extras[i].s, out=scratch)
                np.add(A1_prev[:, :-1], scratch, out=self.A[i])
            A1_prev = A1
        return np.matmul(self._Wb[-1], A1_prev, out=self.Z_L)

    def backward(self, X1: Array, dZ: Array, w: Array) -> None:
        """Write the gradient to `gradient` from dZ[L] (R, n[L], m), after `forward` on the same X1."""
        dA: Array | None = None  # dA[l] of the layer above, where that is a residual one
        for l in range(self.architecture.L - 1, 0, -1):
            np.matmul(dZ, self._A1_T[l - 1], out=self._dWb[l])
            dA_prev = self._dA[l - 1]
            np.matmul(self._W_T[l], dZ, out=dA_prev)
            if dA is not None:
                np.add(dA_prev, dA, out=dA_prev)
            dZ, dA = self._through_layer(l - 1, dA_prev, w)
        np.matmul(dZ, X1.swapaxes(-1, -2), out=self._dWb[0])

    def _through_layer(self, i: int, dA: Array, w: Array) -> tuple[Array, Array | None]:
        """Return dZ of hidden layer i + 1, and dA once more where it also goes round the layer."""
        dF, F, s = self._dF[i], self._F[i], self._extras[i].s
        is_residual = dF is not dA
        if is_residual:
            R = self.networks
            np.vecdot(dA.reshape(R, -1), F.reshape(R, -1), out=self._d_extras[i].s[:, 0, 0])
            np.multiply(dA, s, out=dF)
        if self.dropout is not None:
            np.multiply(dF, self.dropout.masks[i], out=dF)
            np.multiply(F, self.dropout.keep, out=F)  # as g left it, where it was not silent
        self._g[i].backward(dF, self._Z[i], F, self._scratch[i])
        if self._normalization is not None:
            self._unnormalize(i, dF, w)
        return dF, dA if is_residual else None

    def _normalize(self, i: int, N: Array, w: Array) -> None:
        extras = self._extras[i]
        assert self._normalization is not None
        self._normalization.forward(self._Zhat[i], w, extras, self._scratch[i], self._sd[i])
        np.multiply(self._Zhat[i], extras.scale, out=N)
        np.add(N, extras.shift, out=N)

    def _unnormalize(self, i: int, dN: Array, w: Array) -> None:
        d_extras, scratch = self._d_extras[i], self._scratch[i]
        assert self._normalization is not None
        np.multiply(dN, self._Zhat[i], out=scratch)
        np.sum(scratch, axis=-1, keepdims=True, out=d_extras.scale)
        np.sum(dN, axis=-1, keepdims=True, out=d_extras.shift)
        np.multiply(dN, self._extras[i].scale, out=dN)
        self._normalization.backward(dN, self._Zhat[i], w, scratch, self._sd[i])

    def cost_and_gradient(self, X1: Array, Y: Array, w: Array) -> Array:
        """Return J (R, 1, 1), a buffer, and leave its gradient in `gradient`.

        X1 (R, n[0] + 1, m) with a last row of ones, Y (R, n[L], m), column weights w (R, 1, m) that sum to 1.
        """
        J = self._cost(self.forward(X1, w), Y, w, self._dZ_L, self._loss_part)
        self.backward(X1, self._dZ_L, w)
        return J
