"""Where a training begins that goes on from another, and where it ends."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy.typing as npt

from dnnexp.network.architecture import Architecture
from dnnexp.network.network import Network
from dnnexp.network.parameters import rearranged
from dnnexp.training.descent import Descent

__all__ = ["Start", "begin", "end"]

Array = npt.NDArray[Any]


class Start(NamedTuple):
    """Parameters of R networks in the place of fresh ones, in the order of memory of the architecture handed in."""

    theta: Array  # (R, P)
    moments: Array | None = None  # (state vectors, R, P) of the optimizer; None: zero
    steps: int = 0  # that the moments and the average have seen
    average: Array | None = None  # (R, P) of the weights; None: as theta is


def begin(start: Start, given: Architecture, network: Network, descent: Descent) -> None:
    """Put what `start` holds, in the given architecture's order, into a network and its descent."""
    optimizer = descent.optimizer
    network.theta[:] = rearranged(start.theta, given, network.architecture)
    if descent.average is not None:
        average = start.theta if start.average is None else start.average
        descent.average[:] = rearranged(average, given, network.architecture)
    if start.moments is not None:
        optimizer.state[:] = rearranged(start.moments, given, network.architecture)
        optimizer.steps = start.steps


def end(given: Architecture, network: Network, descent: Descent) -> Start:
    """Return what a network and its descent hold, in the given architecture's order."""
    own, optimizer = network.architecture, descent.optimizer
    average = None if descent.average is None else rearranged(descent.average, own, given)
    theta, moments = (rearranged(array, own, given) for array in (network.theta, optimizer.state))
    return Start(theta, moments, optimizer.steps, average)
