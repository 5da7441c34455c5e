"""What the engine is to reach: least ratios of a peer's time to its own, on one thread."""

from __future__ import annotations

from typing import NamedTuple

from workloads import WORKLOADS

__all__ = ["BARS", "Bar", "own"]

_SMALL, _THREE, _HUNDRED, _WIDE, _WIDEST = WORKLOADS


class Bar(NamedTuple):
    """peer time / own time is to be at least `least`; an aim may be missed with a reason."""

    workload: str
    peer: str
    least: float
    is_aim: bool = False


BARS = (
    Bar(_SMALL, "sklearn", 14),
    Bar(_SMALL, "torch", 14),
    Bar(_SMALL, "jax", 1.6, is_aim=True),
    Bar(_SMALL, "jax-stack", 1.6, is_aim=True),
    Bar(_THREE, "sklearn", 8),
    Bar(_THREE, "torch", 6),
    Bar(_THREE, "jax", 0.95, is_aim=True),
    Bar(_THREE, "jax-stack", 0.95, is_aim=True),
    Bar(_HUNDRED, "sklearn", 3.8),
    Bar(_HUNDRED, "torch", 3.4),
    Bar(_HUNDRED, "jax", 0.9, is_aim=True),
    Bar(_WIDE, "sklearn", 3),
    Bar(_WIDE, "torch", 1.9),
    Bar(_WIDE, "jax", 1, is_aim=True),
    Bar(_WIDEST, "sklearn", 1.6),
    Bar(_WIDEST, "torch", 1.8),
    Bar(_WIDEST, "jax", 1.05, is_aim=True),
    Bar(_WIDEST, "products", 1 / 1.2),  # no more than 1.2 times the bare products
)


def own(workload: str) -> str:
    """Return which of the engine's own rows is compared: small networks train in a stack, as folds and seeds do."""
    return "dnnexp-stack" if workload in (_SMALL, _THREE) else "dnnexp"
