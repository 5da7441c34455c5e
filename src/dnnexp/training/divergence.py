"""Where a network's numbers stopped being finite."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dnnexp.network.architecture import Architecture
from dnnexp.network.inference import hidden_activations
from dnnexp.network.parameters import layer_views

__all__ = ["STOP_ROWS", "Divergence", "locate", "of_parameters"]

Array = npt.NDArray[Any]
STOP_ROWS = "the loss or the metric of the rows to stop by"  # in every epoch: looked at when training is over


class Divergence(NamedTuple):
    """The first NaN or Inf of a run: in which epoch (from 1), step (from 1), layer (0, the input, … L) and quantity."""

    epoch: int
    step: int
    layer: int
    quantity: str
    is_initial: bool = False  # of fresh weights, before any step was taken

    def __str__(self) -> str:
        return (
            f"diverged in epoch {self.epoch}, step {self.step}: layer {self.layer} has a NaN or Inf in {self.quantity}"
        )


def of_parameters(theta: Array, architecture: Architecture, epoch: int, step: int) -> Divergence | None:
    """Return what the last step has made of theta (P,) where that is not finite: no step follows that would see it."""
    for l, Wb in enumerate(layer_views(theta, architecture), start=1):
        if not np.isfinite(Wb).all():
            return Divergence(epoch, step, l, f"W[{l}] or b[{l}]")
    return None


def locate(theta: Array, gradient: Array, architecture: Architecture, X1: Array) -> tuple[int, str]:
    """Return (layer, quantity) of the first value that is not finite, in the order a step computes them.

    theta and gradient (P,) of one network, and its batch X1 (n[0] + 1, m): parameters first, then activations from the
    input on, then the cost, then gradients from the output back.
    """
    for l, Wb in enumerate(layer_views(theta, architecture), start=1):
        if not np.isfinite(Wb).all():
            return l, f"W[{l}] or b[{l}]"
    for l, A1 in hidden_activations(theta, architecture, X1):
        if not np.isfinite(A1).all():
            return l, f"A[{l}]"
    if not np.isfinite(np.matmul(layer_views(theta, architecture)[-1], A1)).all():
        return architecture.L, f"Z[{architecture.L}]"
    dWb = layer_views(gradient, architecture)
    for l in range(architecture.L, 0, -1):
        if not np.isfinite(dWb[l - 1]).all():
            return l, f"dW[{l}] or db[{l}]"
    return architecture.L, "the cost"
