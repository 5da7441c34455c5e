"""Normalisation of Z[l]: mean 0 and variance 1, over the units of a layer or over the columns of a batch.

    Zhat = (Z - mean) / sqrt(variance + epsilon)          N = scale * Zhat + shift

Each rule works in place on buffers of its layer: Z becomes Zhat, which back-propagation needs, and N is what the
activation sees.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dnnexp.network.parameters import LayerExtras

__all__ = ["NORMALIZATIONS", "Normalization"]

Array = npt.NDArray[Any]
EPSILON = 1e-5
KEPT = 0.9  # share of the running statistics that a batch leaves as they are


class Normalization(NamedTuple):
    """`forward(Z, w, extras, scratch, sd)` makes Z into Zhat; `backward(dN, Zhat, w, scratch, sd)` makes dN into dZ.

    w (R, 1, m) are the column weights, sd the buffer of standard deviations: (R, 1, m) over units, (R, n, 1) over
    columns. `infer(Z, extras)` makes Z into Zhat for a trained network.
    """

    forward: Callable[[Array, Array, LayerExtras, Array, Array], None]
    backward: Callable[[Array, Array, Array, Array, Array], None]
    infer: Callable[[Array, LayerExtras], None]
    is_over_units: bool


def _layer(Z: Array, w: Array, extras: LayerExtras, scratch: Array, sd: Array) -> None:
    """Over the n[l] units of each column: Ba et al. 2016, equation 3."""
    np.mean(Z, axis=-2, keepdims=True, out=sd)
    np.subtract(Z, sd, out=Z)
    np.multiply(Z, Z, out=scratch)
    np.mean(scratch, axis=-2, keepdims=True, out=sd)
    np.add(sd, EPSILON, out=sd)
    np.sqrt(sd, out=sd)
    np.divide(Z, sd, out=Z)


def _layer_backward(dN: Array, Zhat: Array, w: Array, scratch: Array, sd: Array) -> None:
    """dZ = (dZhat - mean(dZhat) - Zhat mean(dZhat Zhat)) / sd, means over the units; dN holds dZhat."""
    np.multiply(dN, Zhat, out=scratch)
    projection = scratch.mean(axis=-2, keepdims=True)
    np.subtract(dN, dN.mean(axis=-2, keepdims=True), out=dN)
    np.multiply(Zhat, projection, out=scratch)
    np.subtract(dN, scratch, out=dN)
    np.divide(dN, sd, out=dN)


def _layer_infer(Z: Array, extras: LayerExtras) -> None:
    _layer(Z, Z, extras, np.empty_like(Z), np.empty_like(Z[..., :1, :]))


def _batch(Z: Array, w: Array, extras: LayerExtras, scratch: Array, sd: Array) -> None:
    """Over the columns of the batch, by their weights: Ioffe & Szegedy 2015, Algorithm 1; running statistics move."""
    w_T = w.swapaxes(-1, -2)
    mean = Z @ w_T
    np.subtract(Z, mean, out=Z)
    np.multiply(Z, Z, out=scratch)
    np.matmul(scratch, w_T, out=sd)
    spread = 1 - np.square(w).sum(axis=-1, keepdims=True)  # (m - 1) / m for m equal weights
    _move(extras.running_mean, mean)
    _move(extras.running_variance, sd / np.maximum(spread, EPSILON))
    np.add(sd, EPSILON, out=sd)
    np.sqrt(sd, out=sd)
    np.divide(Z, sd, out=Z)


def _move(running: Array, batch: Array) -> None:
    running *= KEPT
    running += (1 - KEPT) * batch


def _batch_backward(dN: Array, Zhat: Array, w: Array, scratch: Array, sd: Array) -> None:
    """dZ = (dZhat - w (sum(dZhat) + Zhat sum(dZhat Zhat))) / sd, sums over the columns; dN holds dZhat."""
    np.multiply(dN, Zhat, out=scratch)
    projection = scratch.sum(axis=-1, keepdims=True)
    np.multiply(Zhat, projection, out=scratch)
    np.add(scratch, dN.sum(axis=-1, keepdims=True), out=scratch)
    np.multiply(scratch, w, out=scratch)
    np.subtract(dN, scratch, out=dN)
    np.divide(dN, sd, out=dN)


def _batch_infer(Z: Array, extras: LayerExtras) -> None:
    """With the running statistics, so that a prediction does not depend on what else is predicted."""
    Z -= extras.running_mean
    Z /= np.sqrt(extras.running_variance + Z.dtype.type(EPSILON))


NORMALIZATIONS: dict[str, Normalization] = {
    "layer": Normalization(_layer, _layer_backward, _layer_infer, True),
    "batch": Normalization(_batch, _batch_backward, _batch_infer, False),
}
