"""What trained networks say: forward propagation that keeps nothing for back-propagation."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from dnnexp.network.activations import ACTIVATIONS
from dnnexp.network.architecture import Architecture
from dnnexp.network.losses import OUTPUTS
from dnnexp.network.normalization import NORMALIZATIONS
from dnnexp.network.parameters import LayerExtras, extra_views, layer_views

__all__ = ["Buffers", "hidden_activations", "logits", "outputs"]

Array = npt.NDArray[Any]
Buffers = dict[str, Array]
COLUMNS = 1 << 18  # units x columns of a layer that is worked on at a time


def logits(
    theta: Array,
    architecture: Architecture,
    X1: Array,
    index: Array | None = None,
    out: Array | None = None,
    buffers: Buffers | None = None,
) -> Array:
    """Return Z[L] (R, n[L], m) for parameters theta (R, P).

    X1 (N, n[0] + 1) holds examples as rows, its last column ones; index (R, m) says which of them each network sees,
    None: all of them. X1 (R, m, n[0] + 1) holds each network's own. buffers: see `hidden_activations`.
    """
    m = X1.shape[-2] if index is None else index.shape[1]
    Z = np.empty((len(theta), architecture.n[-1], m), theta.dtype) if out is None else out
    buffers = {} if buffers is None else buffers
    W_L = layer_views(theta, architecture)[-1]
    columns = max(1, COLUMNS // max(architecture.n[1:]))
    for start in range(0, m, columns):
        part = slice(start, start + columns)
        rows = X1[..., part, :] if index is None else X1[index[:, part]]
        for _, A1 in hidden_activations(theta, architecture, rows.swapaxes(-1, -2), buffers):
            last = A1
        np.matmul(W_L, last, out=Z[..., part])
    return Z


def hidden_activations(
    theta: Array, architecture: Architecture, X1: Array, buffers: Buffers | None = None
) -> Iterator[tuple[int, Array]]:
    """Yield l and A[l] with a row of ones below, (..., n[l] + 1, m), for l = 0 … L-1, where A[0] is the input X1.

    An array is overwritten two layers on. buffers: a dict to keep the arrays in, for others of the same shapes.
    """
    A1 = X1
    yield 0, A1
    buffers = {} if buffers is None else buffers
    normalization = NORMALIZATIONS.get(architecture.normalization)
    extras = extra_views(theta, architecture)
    views = layer_views(theta, architecture)
    for l, (Wb, name) in enumerate(zip(views, architecture.activations, strict=False), start=1):
        g, own, A1_prev = ACTIVATIONS[name], extras[l - 1], A1
        shape = (*theta.shape[:-1], architecture.n[l] + 1, X1.shape[-1])
        A1 = _buffer(buffers, "A, odd l" if l % 2 else "A, even l", shape, theta.dtype)
        Z1 = _buffer(buffers, "Z", shape, theta.dtype) if g.keeps_Z else A1
        scratch = _buffer(buffers, "zeros" if g.takes_zeros else "scratch", shape, theta.dtype)
        Z = Z1[..., :-1, :]
        np.matmul(Wb, A1_prev, out=Z)
        if normalization is not None:
            normalization.infer(Z, own)
            np.multiply(Z, own.scale, out=Z)
            np.add(Z, own.shift, out=Z)
        Z1[..., -1, :] = 1  # g works over whole arrays, that row included
        g.forward(Z1, A1, scratch)
        _add_residual(A1, A1_prev, own)
        A1[..., -1, :] = 1
        yield l, A1


def _buffer(buffers: Buffers, name: str, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
    """Return an array of that shape, zeros at first, in the memory that the dict has for the name."""
    size = math.prod(shape)
    if name not in buffers or buffers[name].size < size:
        buffers[name] = np.zeros(size, dtype)
    return buffers[name][:size].reshape(shape)


def _add_residual(A1: Array, A1_prev: Array, extras: LayerExtras) -> None:
    if extras.s.size:
        A1[..., :-1, :] *= extras.s
        A1[..., :-1, :] += A1_prev[..., :-1, :]


def outputs(Z_L: Array, architecture: Architecture) -> Array:
    """Return A[L] = g[L](Z[L]), probabilities or values, in place."""
    return OUTPUTS[architecture.output](Z_L)
