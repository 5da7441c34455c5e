"""The cost of a network that has learned nothing but the shares of the classes, or the mean of the target."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dnnexp.network.losses import LOSSES, LossBuffers
from dnnexp.training.examples import Examples

__all__ = ["constant_cost"]

LEAST = 1e-12  # share of a class that has no rows: its logarithm is finite, its part of the cost 0


def constant_cost(
    examples: Examples,
    rows: npt.NDArray[np.intp],
    loss: str,
    label_smoothing: float = 0.0,
    class_weights: npt.NDArray[Any] | None = None,
) -> float:
    """Return J on those rows of the constant output that is their weighted mean target.

    No constant has a lower cross-entropy or squared error (of absolute errors it is the median that has).
    label_smoothing s: class targets become (1 - s) Y + s / classes, as in training; a label has two, yes and no.
    class_weights (2, n[L]): of the network whose cost this is compared with.
    """
    Y = examples.Y[rows].astype(np.float64)
    if label_smoothing:
        Y = (1 - label_smoothing) * Y + label_smoothing / LOSSES[loss].classes(Y.shape[1])
    counts = examples.counted(rows, class_weights)
    weights = np.ones(len(rows)) if counts is None else counts.astype(np.float64)
    w = weights / weights.sum()
    mean = w @ Y
    output = LOSSES[loss].output
    if output != "identity":
        p = np.clip(mean, LEAST, 1 - LEAST)
        mean = np.log(p) if output == "softmax" else np.log(p / (1 - p))
    Z = np.repeat(mean[None, :, None], len(rows), axis=2)
    buffers = LossBuffers(1, Y.shape[1], len(rows), np.float64)
    return float(LOSSES[loss].cost(Z, Y.T[None].copy(), w[None, None], np.empty_like(Z), buffers)[0, 0, 0])
