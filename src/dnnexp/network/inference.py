"""What trained networks say: forward propagation that keeps nothing for back-propagation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from dnnexp.network.activations import ACTIVATIONS
from dnnexp.network.architecture import Architecture
from dnnexp.network.losses import OUTPUTS
from dnnexp.network.normalization import NORMALIZATIONS
from dnnexp.network.parameters import LayerExtras, extra_views, layer_views

__all__ = ["hidden_activations", "logits", "outputs"]

Array = npt.NDArray[Any]
COLUMNS = 1 << 18  # units x columns of a layer that is worked on at a time


def logits(theta: Array, architecture: Architecture, X1: Array, index: Array | None = None) -> Array:
    """Return Z[L] (R, n[L], m) for parameters theta (R, P).

    X1 (N, n[0] + 1) holds examples as rows, its last column ones; index (R, m) says which of them each network sees,
    None: all of them.
    """
    if index is None:
        index = np.broadcast_to(np.arange(len(X1)), (len(theta), len(X1)))
    R, m = index.shape
    Z = np.empty((R, architecture.n[-1], m), theta.dtype)
    W_L = layer_views(theta, architecture)[-1]
    columns = max(1, COLUMNS // max(architecture.n[1:]))
    for start in range(0, m, columns):
        part = slice(start, start + columns)
        for _, A1 in hidden_activations(theta, architecture, X1[index[:, part]].swapaxes(-1, -2)):
            last = A1
        np.matmul(W_L, last, out=Z[..., part])
    return Z


def hidden_activations(theta: Array, architecture: Architecture, X1: Array) -> Iterator[tuple[int, Array]]:
    """Yield l and A[l] with a row of ones below, (..., n[l] + 1, m), for l = 0 … L-1, where A[0] is the input X1."""
    A1 = X1
    yield 0, A1
    normalization = NORMALIZATIONS.get(architecture.normalization)
    extras = extra_views(theta, architecture)
    views = layer_views(theta, architecture)
    for l, (Wb, name) in enumerate(zip(views, architecture.activations, strict=False), start=1):
        Z = np.matmul(Wb, A1)
        own = extras[l - 1]
        if normalization is not None:
            normalization.infer(Z, own)
            Z = Z * own.scale + own.shift
        A1_prev, A1 = A1, np.ones((*Z.shape[:-2], Z.shape[-2] + 1, Z.shape[-1]), Z.dtype)
        ACTIVATIONS[name].forward(Z, A1[..., :-1, :], np.zeros_like(Z))
        _add_residual(A1, A1_prev, own)
        yield l, A1


def _add_residual(A1: Array, A1_prev: Array, extras: LayerExtras) -> None:
    if extras.s.size:
        A1[..., :-1, :] *= extras.s
        A1[..., :-1, :] += A1_prev[..., :-1, :]


def outputs(Z_L: Array, architecture: Architecture) -> Array:
    """Return A[L] = g[L](Z[L]), probabilities or values, in place."""
    return OUTPUTS[architecture.output](Z_L)
