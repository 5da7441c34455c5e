"""Learning-rate schedules: the factor on the learning rate at step t of T, with t = 0 … T-1."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from dnnexp.errors import require, require_choice

__all__ = ["PLATEAU", "SCHEDULES", "SCHEDULE_SETTINGS", "ScheduleConfig", "factor", "usual_schedule"]

ONE_CYCLE_START = 1 / 25
PLATEAU = "reduce_on_plateau"


@dataclass
class ScheduleConfig:
    """A schedule by name; warm-up rises linearly to the full learning rate before it begins."""

    name: str = "cosine"
    warmup: float = 0.05  # share of all steps, in [0, 1)
    final: float = 0.0  # factor after the last step: cosine, exponential, one_cycle
    drop: float = 0.1  # step and reduce_on_plateau: factor at each drop
    drops: int = 3  # step: how many, evenly spaced
    wait: int = 5  # reduce_on_plateau: epochs in which the training cost does not fall before a drop
    rise: float = 0.3  # one_cycle: share of the steps in which the learning rate rises

    def __post_init__(self) -> None:
        require_choice("schedule.name", self.name, SCHEDULES)
        require(0 <= self.warmup < 1, "schedule.warmup", "0 <= warmup < 1 (share of all steps)", self.warmup)
        require(0 <= self.final <= 1, "schedule.final", "0 <= final <= 1 (factor on the learning rate)", self.final)
        if self.name == "exponential":
            require(self.final > 0, "schedule.final", "final > 0 for an exponential schedule", self.final)
        require(0 < self.drop <= 1, "schedule.drop", "0 < drop <= 1", self.drop)
        require(self.drops >= 1, "schedule.drops", "drops >= 1", self.drops)
        require(self.wait >= 1, "schedule.wait", "wait >= 1 (epochs)", self.wait)
        require(0 < self.rise < 1, "schedule.rise", "0 < rise < 1 (share of all steps)", self.rise)


def _constant(progress: float, config: ScheduleConfig) -> float:
    """1."""
    return 1.0


def _cosine(progress: float, config: ScheduleConfig) -> float:
    """final + (1 - final) (1 + cos(pi progress)) / 2: Loshchilov & Hutter 2017, equation 5, without restarts."""
    return config.final + (1 - config.final) * (1 + math.cos(math.pi * progress)) / 2


def _step(progress: float, config: ScheduleConfig) -> float:
    """drop^k after k of the drops, which part the run into drops + 1 equal stretches."""
    return float(config.drop ** math.floor(progress * (config.drops + 1)))


def _exponential(progress: float, config: ScheduleConfig) -> float:
    """final^progress: the same share less at each step."""
    return float(config.final**progress)


def _one_cycle(progress: float, config: ScheduleConfig) -> float:
    """Up from 1/25 along a cosine, then down to final: Smith & Topin 2018, with cosine slopes."""
    if progress < config.rise:
        start, end, part = ONE_CYCLE_START, 1.0, progress / config.rise
    else:
        start, end, part = 1.0, config.final, (progress - config.rise) / (1 - config.rise)
    return end + (start - end) * (1 + math.cos(math.pi * part)) / 2


SCHEDULES: dict[str, Callable[[float, ScheduleConfig], float]] = {
    "constant": _constant,
    "cosine": _cosine,
    "step": _step,
    "exponential": _exponential,
    "one_cycle": _one_cycle,
    PLATEAU: _constant,  # the factor that follows the cost is each network's own
}


SCHEDULE_SETTINGS: dict[str, dict[str, float]] = {  # of each, as conf/schedule/ says; the rest is ScheduleConfig's
    "constant": {"warmup": 0.0},
    "cosine": {"warmup": 0.05},
    "step": {"warmup": 0.0},
    "exponential": {"warmup": 0.0, "final": 0.01},
    "one_cycle": {"warmup": 0.0},
    PLATEAU: {"warmup": 0.0},
}


def usual_schedule(name: str) -> ScheduleConfig:
    """Return the schedule of that name with its usual settings."""
    return ScheduleConfig(name, **SCHEDULE_SETTINGS.get(name, {}))  # type: ignore[arg-type]


def factor(config: ScheduleConfig, t: int, T: int) -> float:
    """Return the factor on the learning rate at step t of T (t from 0), in [0, 1]."""
    warmup = round(config.warmup * T)
    if t < warmup:
        return (t + 1) / (warmup + 1)
    return SCHEDULES[config.name]((t - warmup) / max(1, T - warmup), config)
