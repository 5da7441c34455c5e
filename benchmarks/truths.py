"""Made-up data of which the truth is known: where depth helps, where it cannot, and as many fresh rows as one asks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from dnnexp.data.dataset import Dataset, assemble

__all__ = ["FLIPPED", "KINDS", "draw", "made_up"]

FLIPPED = 0.1  # share of the labels that are wrong: no network can have an accuracy above 1 - FLIPPED
COLUMNS = 3

Points = tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]


def permuted(m: int, rng: np.random.Generator) -> Points:
    """Return points and labels that have nothing to do with each other: every network is right half of the time."""
    X, y = linear(m, rng)
    return X, rng.permutation(y)


def linear(m: int, rng: np.random.Generator) -> Points:
    """Return normal points (m, 3) and on which side of a plane they are, always the same one."""
    X = rng.standard_normal((m, COLUMNS))
    return X, X @ (1.0, -0.7, 0.4) > 0


def sawtooth(m: int, rng: np.random.Generator) -> Points:
    """Return points of [0, 1] and whether m(m(x)) > 1/2, m(x) = 2 relu(x) - 4 relu(x - 1/2): two layers of two units.

    As the composition of twice the same simple thing it suits two layers; a single one has to place each of the four
    edges by itself (Telgarsky 2016).
    """
    x = rng.random(m)
    height = x
    for _ in range(2):
        height = 2 * height - 4 * np.maximum(height - 0.5, 0)
    return x[:, None], height > 0.5


KINDS: dict[str, Callable[[int, np.random.Generator], Points]] = {
    "permuted": permuted,
    "linear": linear,
    "sawtooth": sawtooth,
}


def draw(kind: str, m: int, rng: np.random.Generator) -> Points:
    """Return m rows, some of their labels turned round."""
    X, y = KINDS[kind](m, rng)
    return X, y ^ (rng.random(m) < FLIPPED)


def made_up(kind: str, X: npt.NDArray[np.float64], y: npt.NDArray[np.bool_]) -> Dataset:
    """Return the rows as data of two classes."""
    columns = [f"x{i}" for i in range(1, X.shape[1] + 1)]
    return assemble(kind, X, columns, y.astype(np.int64), ["y"], "binary", origin=kind)
