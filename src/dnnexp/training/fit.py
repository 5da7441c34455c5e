"""What is told of a run while it lasts, and what becomes of each of its networks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy.typing as npt

from dnnexp.training.divergence import Divergence

__all__ = ["EpochNews", "Fit", "Length", "OnEpoch"]

Array = npt.NDArray[Any]


class EpochNews(NamedTuple):
    """What a callback is told after each epoch; means over the networks still training."""

    epoch: int  # from 1
    train_loss: float  # of the steps of this epoch
    stop_metric: float  # NaN without rows to stop by
    best_metric: float  # mean over all networks that have not diverged, of the best of each


OnEpoch = Callable[[EpochNews], bool | None]  # True ends the run


class Length(NamedTuple):
    """How many steps to take, and how many the schedule is stretched over."""

    steps: int
    schedule_steps: int


def no_curves() -> dict[str, list[float]]:
    """Return the curves that every run has, yet without a value."""
    return {"train/loss": [], "stop/loss": [], "stop/metric": []}


@dataclass
class Fit:
    """What became of one network."""

    theta: (
        Array  # (P,) best by the rows to stop by, the initial ones where none were better; without such rows the last
    )
    state: str = "finished"  # or "stopped" (early), "ended" (by the callback), "diverged"
    best_epoch: int = 0  # from 1; 0: the initial parameters, of a network that diverged before there were better ones
    best_step: int = 0
    best_metric: float = math.nan  # on the rows to stop by; NaN without them
    divergence: Divergence | None = None
    curves: dict[str, list[float]] = field(default_factory=no_curves)  # by epoch; on request health/… too

    def note(self, values: Mapping[str, float]) -> None:
        """Add each value to the curve of its name."""
        for name, value in values.items():
            self.curves.setdefault(name, []).append(value)
