"""The parameters of R networks as one array (R, P), with the weights and biases of each layer as views of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dnnexp.network.architecture import Architecture
from dnnexp.network.initializers import AUTO, initial_weights

__all__ = ["initialize", "layer_views", "weights_and_biases"]

Array = npt.NDArray[Any]


def layer_views(theta: Array, architecture: Architecture) -> list[Array]:
    """Return [W[l] | b[l]] for l = 1 … L, views (..., n[l], n[l-1] + 1) of theta (..., P).

    The bias is the last column, the weight of an input that is always 1: one matrix product then gives W A + b, and
    one gives dW and db.
    """
    views, start = [], 0
    for n_prev, n in zip(architecture.n, architecture.n[1:], strict=False):
        stop = start + n * (n_prev + 1)
        views.append(theta[..., start:stop].reshape(*theta.shape[:-1], n, n_prev + 1))
        start = stop
    return views


def weights_and_biases(theta: Array, architecture: Architecture) -> tuple[list[Array], list[Array]]:
    """Return W[l] (..., n[l], n[l-1]) and b[l] (..., n[l], 1) for l = 1 … L, views of theta (..., P)."""
    views = layer_views(theta, architecture)
    return [view[..., :-1] for view in views], [view[..., -1:] for view in views]


def initialize(
    architecture: Architecture, rng: np.random.Generator, initializer: str = AUTO, gain: float | None = None
) -> Array:
    """Return the initial parameters of one network, shape (P,), float64: weights by the initializer, biases 0."""
    theta = np.zeros(architecture.parameters)
    W, _ = weights_and_biases(theta, architecture)
    for l, activation in enumerate((*architecture.activations, "identity")):
        n_out, n_in = W[l].shape
        W[l][:] = initial_weights(n_out, n_in, activation, architecture.depth, rng, initializer, gain)
    return theta
