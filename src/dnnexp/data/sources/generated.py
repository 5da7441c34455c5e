"""Data made to a formula, from `data.seed`: the same seed is the same data, whatever the seed of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dnnexp.data.dataset import Dataset, assemble
from dnnexp.errors import require

if TYPE_CHECKING:
    from dnnexp.data.schema import DataConfig

__all__ = ["circles", "friedman1", "moons", "parity", "planar_flower", "sawtooth", "spirals"]


def planar_flower(config: DataConfig) -> Dataset:
    """Return a flower with petals of two colours: radius 4 sin(4 angle), each colour one half of the turn.

    Noise is the standard deviation of angle (radians) and radius. The introductory course's example: 400 points, 0.2.
    """
    rng = np.random.default_rng(config.seed)
    colours = _two_classes(_examples(config, 400))
    noise = _noise(config, 0.2)
    angle = np.concatenate([np.linspace(j * 3.12, (j + 1) * 3.12, np.count_nonzero(colours == j)) for j in (0, 1)])
    angle += noise * rng.standard_normal(len(colours))
    radius = 4 * np.sin(4 * angle) + noise * rng.standard_normal(len(colours))
    return _plane(config, radius * np.sin(angle), radius * np.cos(angle), colours)


def moons(config: DataConfig) -> Dataset:
    """Return two half circles that reach into each other; noise is the standard deviation of both coordinates."""
    rng = np.random.default_rng(config.seed)
    moon = _two_classes(_examples(config, 400))
    angle = np.pi * rng.random(len(moon))
    x1 = np.where(moon == 0, np.cos(angle), 1 - np.cos(angle))
    x2 = np.where(moon == 0, np.sin(angle), 0.5 - np.sin(angle))
    jitter = _noise(config, 0.2) * rng.standard_normal((2, len(moon)))
    return _plane(config, x1 + jitter[0], x2 + jitter[1], moon)


def circles(config: DataConfig) -> Dataset:
    """Return a circle of radius 1 and one of radius 1/2 in it; noise is the standard deviation of both coordinates."""
    rng = np.random.default_rng(config.seed)
    is_inner = _two_classes(_examples(config, 400))
    angle = 2 * np.pi * rng.random(len(is_inner))
    radius = np.where(is_inner == 1, 0.5, 1.0)
    jitter = _noise(config, 0.1) * rng.standard_normal((2, len(is_inner)))
    return _plane(config, radius * np.cos(angle) + jitter[0], radius * np.sin(angle) + jitter[1], is_inner)


def spirals(config: DataConfig) -> Dataset:
    """Return two spirals of one and a half turns, half a turn apart, out to radius 1.

    Noise is the standard deviation of both coordinates.
    """
    rng = np.random.default_rng(config.seed)
    arm = _two_classes(_examples(config, 400))
    turned = np.sqrt(rng.random(len(arm)))  # the root spreads the points evenly along the arm
    angle = 3 * np.pi * turned + np.pi * arm
    jitter = _noise(config, 0.03) * rng.standard_normal((2, len(arm)))
    return _plane(config, turned * np.cos(angle) + jitter[0], turned * np.sin(angle) + jitter[1], arm)


def parity(config: DataConfig) -> Dataset:
    """Return every pattern of `bits` zeros and ones once, in random order, and whether its ones are odd in number."""
    rng = np.random.default_rng(config.seed)
    count = 8 if config.bits is None else config.bits
    numbers = rng.permutation(2**count)
    bits = numbers[:, None] >> np.arange(count) & 1
    names = [f"bit_{i}" for i in range(count)]
    return assemble(
        config.name, bits, names, bits.sum(axis=1) % 2, ["odd"], config.task, origin=f"{config.name} of {count} bits"
    )


def sawtooth(config: DataConfig) -> Dataset:
    """Return m(m(…m(x))) on x in [0, 1], m(x) = 2 relu(x) - 4 relu(x - 1/2): 2^compositions linear pieces.

    Regression by default, where noise is the standard deviation of the target; `data.task=binary` asks whether the
    noisy value is above 1/2. Telgarsky 2016.
    """
    rng = np.random.default_rng(config.seed)
    count = 3 if config.compositions is None else config.compositions
    x = rng.random(_examples(config, 1000))
    height = x
    for _ in range(count):
        height = 2 * np.maximum(height, 0) - 4 * np.maximum(height - 0.5, 0)
    height = height + _noise(config, 0.0) * rng.standard_normal(len(x))
    is_regression = config.task in (None, "regression")
    return assemble(
        config.name,
        x[:, None],
        ["x"],
        height if is_regression else (height > 0.5).astype(np.int64),
        ["height" if is_regression else "high"],
        config.task,
        origin=f"{config.name} of {2**count} pieces",
    )


def friedman1(config: DataConfig) -> Dataset:
    """Return 10 sin(π x1 x2) + 20 (x3 - 1/2)² + 10 x4 + 5 x5 of columns in [0, 1], all others of which are noise.

    Noise is the standard deviation of the target. The numbers are those of scikit-learn's make_friedman1 for that seed.
    Friedman 1991, section 4.3.
    """
    from sklearn.datasets import make_friedman1

    require(config.seed < 2**32, "data.seed", f"seed < {2**32} for data={config.name}", config.seed)
    count = 50 if config.columns is None else config.columns
    X, y = make_friedman1(_examples(config, 400), count, noise=_noise(config, 1.0), random_state=config.seed)
    names = [f"x{i}" for i in range(1, count + 1)]
    return assemble(config.name, X, names, y, ["y"], config.task, origin=f"{config.name} of {count} columns")


def _examples(config: DataConfig, usual: int) -> int:
    return usual if config.examples is None else config.examples


def _noise(config: DataConfig, usual: float) -> float:
    return usual if config.noise is None else config.noise


def _two_classes(examples: int) -> np.ndarray:
    """Return class numbers (examples,): the first half 0, the second 1; an odd one out is 0."""
    return (np.arange(examples) >= (examples + 1) // 2).astype(np.int64)


def _plane(config: DataConfig, x1: np.ndarray, x2: np.ndarray, classes: np.ndarray) -> Dataset:
    points = np.stack([x1, x2], axis=1)
    return assemble(config.name, points, ["x1", "x2"], classes, ["class"], config.task, origin=config.name)
