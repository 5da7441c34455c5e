"""Where a training begins that goes on from another, and where it ends."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy.typing as npt

from dnnexp.network.architecture import Architecture
from dnnexp.network.network import Network
from dnnexp.network.optimizers import Optimizer
from dnnexp.network.parameters import rearranged

__all__ = ["Start", "begin", "end"]

Array = npt.NDArray[Any]


class Start(NamedTuple):
    """Parameters of R networks in the place of fresh ones, in the order of memory of the architecture handed in."""

    theta: Array  # (R, P)
    moments: Array | None = None  # (state vectors, R, P) of the optimizer; None: zero
    steps: int = 0  # that the moments have seen


def begin(start: Start, given: Architecture, network: Network, optimizer: Optimizer) -> None:
    """Put what `start` holds, in the given architecture's order, into network and optimizer."""
    network.theta[:] = rearranged(start.theta, given, network.architecture)
    if start.moments is not None:
        optimizer.state[:] = rearranged(start.moments, given, network.architecture)
        optimizer.steps = start.steps


def end(given: Architecture, network: Network, optimizer: Optimizer) -> Start:
    """Return what network and optimizer hold, in the given architecture's order."""
    theta, moments = (rearranged(array, network.architecture, given) for array in (network.theta, optimizer.state))
    return Start(theta, moments, optimizer.steps)
