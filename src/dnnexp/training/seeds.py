"""One integer seed, and a stream of its own for everything that draws: the same path gives the same stream."""

from __future__ import annotations

import numpy as np

__all__ = ["child", "generator"]


def child(seed: np.random.SeedSequence, *path: int) -> np.random.SeedSequence:
    """Return the seed at that path below; unlike SeedSequence.spawn it keeps no count of what was spawned before."""
    return np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, *path))


def generator(seed: np.random.SeedSequence, *path: int) -> np.random.Generator:
    """Return a generator seeded at that path below."""
    return np.random.default_rng(child(seed, *path))
