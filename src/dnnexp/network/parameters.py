"""The parameters of R networks as one array (R, P), with what each layer owns as views of it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dnnexp.network.architecture import Architecture
from dnnexp.network.initializers import AUTO, draw_weights

__all__ = [
    "LayerExtras", "extra_views", "initialize", "layer_views", "rearranged", "undecayed", "weights_and_biases",
]  # fmt: skip

Array = npt.NDArray[Any]


class LayerExtras(NamedTuple):
    """What a hidden layer may own beside W and b, each (..., n[l], 1) but s (..., 1, 1); empty where it has none."""

    scale: Array
    shift: Array
    s: Array
    running_mean: Array
    running_variance: Array


def layer_views(theta: Array, architecture: Architecture) -> list[Array]:
    """Return [W[l] | b[l]] for l = 1 … L, views (..., n[l], n[l-1] + 1) of theta (..., P).

    The bias is the last column, the weight of an input that is always 1: one matrix product then gives W A + b, and
    one gives dW and db.
    """
    views, start = [], 0
    for l in range(1, architecture.L + 1):
        n_prev, n = architecture.n[l - 1], architecture.n[l]
        stop = start + n * (n_prev + 1)
        part, stack = theta[..., start:stop], theta.shape[:-1]
        if architecture.has_weights_by_columns(l):
            views.append(part.reshape(*stack, n_prev + 1, n).swapaxes(-1, -2))
        else:
            views.append(part.reshape(*stack, n, n_prev + 1))
        start = stop
    return views


def rearranged(theta: Array, source: Architecture, target: Architecture) -> Array:
    """Return parameters theta (..., P) in the memory order of an architecture that differs in nothing else."""
    theta_target = theta.copy()
    for Wb, Wb_target in zip(layer_views(theta, source), layer_views(theta_target, target), strict=True):
        Wb_target[...] = Wb
    return theta_target


def extra_views(theta: Array, architecture: Architecture) -> list[LayerExtras]:
    """Return what hidden layers 1 … L-1 own beside W and b, as views of theta (..., P), which has it behind them."""
    n, L = architecture.n, architecture.L
    start = sum(n[l] * (n[l - 1] + 1) for l in range(1, L + 1))

    def take(units: int) -> Array:
        nonlocal start
        start += units
        return theta[..., start - units : start, None]

    has_scale, has_running = architecture.normalization != "none", architecture.normalization == "batch"
    trained = [
        (take(n[l] * has_scale), take(n[l] * has_scale), take(int(architecture.is_residual(l)))) for l in range(1, L)
    ]
    running = [(take(n[l] * has_running), take(n[l] * has_running)) for l in range(1, L)]
    return [LayerExtras(*own, *kept) for own, kept in zip(trained, running, strict=True)]


def weights_and_biases(theta: Array, architecture: Architecture) -> tuple[list[Array], list[Array]]:
    """Return W[l] (..., n[l], n[l-1]) and b[l] (..., n[l], 1) for l = 1 … L, views of theta (..., P)."""
    views = layer_views(theta, architecture)
    return [view[..., :-1] for view in views], [view[..., -1:] for view in views]


def undecayed(architecture: Architecture) -> npt.NDArray[np.intp]:
    """Return the places in theta (P,) of all that weight decay leaves alone: whatever is not in a W[l]."""
    is_kept = np.ones(architecture.size, bool)
    W, _ = weights_and_biases(is_kept, architecture)
    for W_l in W:
        W_l[...] = False
    return np.flatnonzero(is_kept)


def initialize(
    architecture: Architecture,
    rng: np.random.Generator,
    initializer: str = AUTO,
    gain: float | None = None,
    out: Array | None = None,
) -> Array:
    """Return the initial parameters of one network, shape (P,), float64: weights by the initializer, biases 0.

    Normalisations start at scale 1 and shift 0, residual scales s at 0: each residual layer begins as the identity.
    out: where to write them to instead, rounded to its precision.
    """
    theta = np.empty(architecture.size) if out is None else out
    theta[:] = 0
    W, _ = weights_and_biases(theta, architecture)
    for l, activation in enumerate((*architecture.activations, "identity")):
        draw_weights(W[l], activation, architecture.depth, rng, initializer, gain)
    for extras in extra_views(theta, architecture):
        extras.scale[:] = 1
        extras.running_variance[:] = 1
    return theta
