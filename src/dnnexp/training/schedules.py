"""Learning-rate schedules: the factor on the learning rate at step t of T, with t = 0 … T-1."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from dnnexp.errors import require, require_choice

__all__ = ["SCHEDULES", "ScheduleConfig", "factor"]


@dataclass
class ScheduleConfig:
    """A schedule by name; warm-up rises linearly to the full learning rate before it begins."""

    name: str = "constant"
    warmup: float = 0.0  # share of all steps, in [0, 1)
    final: float = 0.0  # factor at the last step, for the schedules that fall

    def __post_init__(self) -> None:
        require_choice("schedule.name", self.name, SCHEDULES)
        require(0 <= self.warmup < 1, "schedule.warmup", "0 <= warmup < 1 (share of all steps)", self.warmup)
        require(0 <= self.final <= 1, "schedule.final", "0 <= final <= 1 (factor on the learning rate)", self.final)


def _constant(progress: float, config: ScheduleConfig) -> float:
    """1."""
    return 1.0


def _cosine(progress: float, config: ScheduleConfig) -> float:
    """final + (1 - final) (1 + cos(pi progress)) / 2: Loshchilov & Hutter 2017, equation 5, without restarts."""
    return config.final + (1 - config.final) * (1 + math.cos(math.pi * progress)) / 2


SCHEDULES: dict[str, Callable[[float, ScheduleConfig], float]] = {"constant": _constant, "cosine": _cosine}


def factor(config: ScheduleConfig, t: int, T: int) -> float:
    """Return the factor on the learning rate at step t of T (t from 0), in [0, 1]."""
    warmup = round(config.warmup * T)
    if t < warmup:
        return (t + 1) / (warmup + 1)
    return SCHEDULES[config.name]((t - warmup) / max(1, T - warmup), config)
