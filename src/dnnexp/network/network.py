"""R networks of one shape on m columns each: forward propagation, back-propagation, and the buffers both need.

    Z[l] = W[l] A[l-1] + b[l]       A[l] = g[l](Z[l])                                A[0] = X
    dZ[l] = dA[l] * g[l]'(Z[l])     dW[l] = dZ[l] A[l-1]^T     db[l] = dZ[l] 1       dA[l-1] = W[l]^T dZ[l]

Every array has the network as its first axis, so R networks take R matrix products but one call. A row of ones under
A[l-1] turns [W[l] | b[l]] into one matrix that gives Z[l], and dZ[l] times that A transposed into [dW[l] | db[l]].
On request Z[l] is normalised before g, its result is thinned by dropout, and a residual layer adds it to A[l-1]:
A[l] = A[l-1] + s[l] g(Z[l]) (ReZero: Bachlechner et al. 2021).

In the code an array with a 1 in its name has that row: A1, Z1, F1 = g(Z1), and dA1, dF1, where it is 0. Elementwise
work goes over whole arrays, row included, and the ones are put back: over a part of a stack NumPy would make copies.

Where the architecture's matrices alternate, those arrays are (R, m, n[l] + 1) in memory for odd l.
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

        is_residual = [architecture.is_residual(l) for l in hidden]
        self._by_columns = [architecture.is_by_columns(l) for l in hidden]

        def with_row(l: int) -> Array:
            return np.zeros((R, m, n[l] + 1) if self._by_columns[l - 1] else (R, n[l] + 1, m), dtype)

        self._all_A1 = [with_row(l) for l in hidden]
        self._all_F = [with_row(l) if is_residual[l - 1] else self._all_A1[l - 1] for l in hidden]  # g(Z[l])
        self._all_Z = [with_row(l) if self._g[l - 1].keeps_Z else self._all_F[l - 1] for l in hidden]
        self._all_Zhat: list[Array] = []
        self._all_sd: list[Array] = []
        if self._normalization is not None:
            self._all_Zhat = [np.empty((R, n[l], m), dtype) for l in hidden]
            over_units = self._normalization.is_over_units
            self._all_sd = [np.empty((R, 1, m) if over_units else (R, n[l], 1), dtype) for l in hidden]
        self._all_Z_L = np.empty((R, n[L], m), dtype)
        self._all_dZ_L = np.empty((R, n[L], m), dtype)
        # layers of equal width share what no two of them need at once: dA[l] and dA[l-1], and scratch
        widths = {n[l]: l for l in hidden}
        alternating = {(n[l], l % 2): l for l in hidden}
        pairs = {key: with_row(l) for key, l in alternating.items()}
        self._has_extras = self._normalization is not None or any(is_residual)
        zeros = {n[l]: with_row(l) for l in hidden if self._g[l - 1].takes_zeros}
        needed = [l for l in hidden if self._has_extras or not self._g[l - 1].takes_zeros]
        scratch = {units: with_row(l) for units, l in {n[l]: l for l in needed}.items()}
        branches = {units: with_row(l) for units, l in widths.items()} if any(is_residual) else {}
        self._all_dA = [pairs[n[l], l % 2] for l in hidden]
        self._all_dF = [branches[n[l]] if is_residual[l - 1] else self._all_dA[l - 1] for l in hidden]
        shapes = [A1.shape for A1 in self._all_A1]
        self._all_scratch = [(scratch if l in needed else zeros)[n[l]].reshape(shapes[l - 1]) for l in hidden]
        takes_zeros = [g.takes_zeros for g in self._g]
        self._all_zeros = [(zeros if takes_zeros[l - 1] else scratch)[n[l]].reshape(shapes[l - 1]) for l in hidden]
        self._loss_buffers = LossBuffers(R, n[L], m, dtype)
        self.bind(R)

    def bind(self, networks: int) -> None:
        """Take the first `networks` rows of every array as the live networks from now on."""
        R, layers = networks, range(self.architecture.depth)
        self.networks = R
        self._Wb = layer_views(self.theta[:R], self.architecture)
        self._dWb = layer_views(self.gradient[:R], self.architecture)
        self.weights = [Wb[..., :-1] for Wb in self._Wb]
        self.weight_gradients = [dWb[..., :-1] for dWb in self._dWb]
        if self._has_extras:
            self._extras = extra_views(self.theta[:R], self.architecture)
            self._d_extras = extra_views(self.gradient[:R], self.architecture)
        self._A1 = [A1[:R] for A1 in self._all_A1]
        A1_matrices = self._matrices(self._A1)
        ones = [A1[:, -1] for A1 in A1_matrices]
        self._is_residual = [self._all_F[i] is not self._all_A1[i] for i in layers]
        self._F1 = [F1[:R] if self._is_residual[i] else self._A1[i] for i, F1 in enumerate(self._all_F)]
        Z1 = [Z1[:R] if self._g[i].keeps_Z else self._F1[i] for i, Z1 in enumerate(self._all_Z)]
        self._Z = [Z1[:, :-1] for Z1 in self._matrices(Z1)]
        self._Zhat = [Zhat[:R] for Zhat in self._all_Zhat]
        self._sd = [sd[:R] for sd in self._all_sd]
        self._dA1 = [dA1[:R] for dA1 in self._all_dA]
        dA = [dA1[:, :-1] for dA1 in self._matrices(self._dA1)]
        self._dF1 = [dF1[:R] if self._is_residual[i] else self._dA1[i] for i, dF1 in enumerate(self._all_dF)]
        self._dZ = [dF1[:, :-1] for dF1 in self._matrices(self._dF1)]
        self._scratch = [scratch[:R] for scratch in self._all_scratch]
        zeros = [zeros[:R] for zeros in self._all_zeros]  # for those g that take it, else scratch
        handed = zip(self._g, zip(self._dF1, Z1, self._F1, zeros, strict=True), strict=True)
        bits = np.dtype(f"i{self.theta.itemsize}")
        handed_back = [[a.view(bits) for a in arrays] if g.on_bits else arrays for g, arrays in handed]
        # what a step takes of each layer, by layers: put together anew in each step it costs as much as a small product
        forwards, backwards = [g.forward for g in self._g], [g.backward for g in self._g]
        ahead = (forwards, self._Wb[:-1], self._Z, Z1, self._F1, zeros, A1_matrices, ones)
        A1_T = [A1.swapaxes(-1, -2) for A1 in A1_matrices]
        W_T = [W.swapaxes(-1, -2) for W in self.weights[1:]]
        back = (A1_T, self._dWb[1:], W_T, dA, backwards, handed_back, self._dZ)
        self._ahead: list[Any] = list(zip(*ahead, strict=True))
        self._back: list[Any] = list(zip(layers, *back, strict=True))[::-1]
        self.Z_L, self._dZ_L = self._all_Z_L[:R], self._all_dZ_L[:R]
        self._loss_part = self._loss_buffers.first(R)

    def _matrices(self, arrays: list[Array]) -> list[Array]:
        """Return each layer's array as (R, n[l] + 1, m), whatever its order in memory."""
        pairs = zip(arrays, self._by_columns, strict=True)
        return [array.swapaxes(-1, -2) if by_columns else array for array, by_columns in pairs]

    def move(self, target: int, source: int) -> None:
        """Copy parameters and gradient of network `source` to row `target`."""
        for array in (self.theta, self.gradient):
            array[target] = array[source]

    def forward(self, X1: Array, w: Array) -> Array:
        """Return Z[L] (R, n[L], m), a buffer, for inputs X1 (R, n[0] + 1, m) whose last row is ones.

        w (R, 1, m): the weights of the columns, for batch statistics.
        """
        A1_prev = X1
        for i, (apply, Wb, Z, Z1, F1, zeros, A1, ones) in enumerate(self._ahead):
            if self._normalization is None:
                np.matmul(Wb, A1_prev, out=Z)
            else:
                np.matmul(Wb, A1_prev, out=self._Zhat[i])
                self._normalize(i, w)
            apply(Z1, F1, zeros)
            if self.dropout is not None:
                np.multiply(F1, self.dropout.masks[i], out=F1)
            if self._is_residual[i]:
                np.multiply(F1, self._extras[i].s, out=self._scratch[i])
                np.add(self._A1[i - 1], self._scratch[i], out=self._A1[i])
            ones.fill(1)
            A1_prev = A1
        return np.matmul(self._Wb[-1], A1_prev, out=self.Z_L)

    def backward(self, X1: Array, dZ: Array, w: Array) -> None:
        """Write the gradient to `gradient` from dZ[L] (R, n[L], m), after `forward` on the same X1."""
        depth, is_residual = self.architecture.depth, self._is_residual
        for i, A1_T, dWb, W_T, dA, apply, handed, dZ_prev in self._back:
            np.matmul(dZ, A1_T, out=dWb)
            np.matmul(W_T, dZ, out=dA)
            if i + 1 < depth and is_residual[i + 1]:
                np.add(self._dA1[i], self._dA1[i + 1], out=self._dA1[i])  # what went round the layer above
            if is_residual[i] or self.dropout is not None:
                self._through_branch(i)
            apply(*handed)
            if self._normalization is not None:
                self._unnormalize(i, w)
            dZ = dZ_prev
        np.matmul(dZ, X1.swapaxes(-1, -2), out=self._dWb[0])

    def _through_branch(self, i: int) -> None:
        """Turn dA of hidden layer i + 1 into dF, of what its g gave, and write the gradient of s."""
        dA1, dF1, F1 = self._dA1[i], self._dF1[i], self._F1[i]
        if self._is_residual[i]:
            R = self.networks
            np.vecdot(dA1.reshape(R, -1), F1.reshape(R, -1), out=self._d_extras[i].s[:, 0, 0])
            np.multiply(dA1, self._extras[i].s, out=dF1)
        if self.dropout is not None:
            np.multiply(dF1, self.dropout.masks[i], out=dF1)
            np.multiply(F1, self.dropout.keep, out=F1)  # as g left it, where it was not silent

    def _normalize(self, i: int, w: Array) -> None:
        extras, scratch = self._extras[i], self._scratch[i][:, :-1]
        assert self._normalization is not None
        self._normalization.forward(self._Zhat[i], w, extras, scratch, self._sd[i])
        np.multiply(self._Zhat[i], extras.scale, out=scratch)
        np.add(scratch, extras.shift, out=self._Z[i])

    def _unnormalize(self, i: int, w: Array) -> None:
        d_extras, scratch, dN = self._d_extras[i], self._scratch[i][:, :-1], self._dZ[i]
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
