"""Initial weights: rules for one layer's W[l] of shape (n_out, n_in); biases start at zero.

A rule's weights have the variance named in its docstring times gain^2. They are drawn in float64, some rows of W[l] at
a time, and written to it in its own precision.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from dnnexp.network.activations import ACTIVATIONS

__all__ = ["AUTO", "INITIALIZERS", "draw_weights"]

Array = npt.NDArray[Any]
Rule = Callable[[Array, float, np.random.Generator], None]

AUTO = "auto"
PLAIN_SIGMA = 0.01
DRAWN = 1024  # numbers drawn at a time, about
DEEP = 10  # hidden layers from which `auto` takes orthogonal weights for saturating activations


def _parts(W: Array) -> Iterator[Array]:
    """Yield W (n_out, n_in) some rows at a time: what is drawn for one after another is what is drawn for all."""
    rows = max(1, DRAWN // W.shape[1])
    return (W[start : start + rows] for start in range(0, len(W), rows))


def _normal(variance: Callable[[int, int], float]) -> Rule:
    def rule(W: Array, gain: float, rng: np.random.Generator) -> None:
        sigma = gain * math.sqrt(variance(*W.shape))
        for part in _parts(W):
            np.multiply(rng.standard_normal(part.shape), sigma, out=part)

    return rule


def _uniform(variance: Callable[[int, int], float]) -> Rule:
    def rule(W: Array, gain: float, rng: np.random.Generator) -> None:
        limit = gain * math.sqrt(3 * variance(*W.shape))  # U(-a, a) has variance a^2 / 3
        for part in _parts(W):
            part[...] = rng.uniform(-limit, limit, part.shape)

    return rule


def _glorot(n_out: int, n_in: int) -> float:
    """2 / (n_in + n_out): Glorot & Bengio 2010, equation 16."""
    return 2 / (n_in + n_out)


def _he(n_out: int, n_in: int) -> float:
    """2 / n_in: He et al. 2015, equation 10."""
    return 2 / n_in


def _lecun(n_out: int, n_in: int) -> float:
    """1 / n_in: LeCun et al. 1998, section 4.6."""
    return 1 / n_in


def _plain(n_out: int, n_in: int) -> float:
    """0.01^2, whatever the layer's size."""
    return PLAIN_SIGMA**2


def _orthogonal(W: Array, gain: float, rng: np.random.Generator) -> None:
    """W with orthonormal rows or columns (whichever are fewer) times gain: Saxe et al. 2014."""
    n_out, n_in = W.shape
    square, triangular = np.linalg.qr(rng.standard_normal((max(n_out, n_in), min(n_out, n_in))))
    square *= np.sign(np.diag(triangular))  # uniform over the orthogonal group: Mezzadri 2007
    np.multiply(square if n_out >= n_in else square.T, gain, out=W)


INITIALIZERS: dict[str, Rule] = {
    "normal": _normal(_plain),
    "glorot_normal": _normal(_glorot),
    "glorot_uniform": _uniform(_glorot),
    "he_normal": _normal(_he),
    "he_uniform": _uniform(_he),
    "lecun_normal": _normal(_lecun),
    "lecun_uniform": _uniform(_lecun),
    "orthogonal": _orthogonal,
}


def _choose(activation: str, depth: int) -> str:
    """Return the rule that suits the activation in a network of that many hidden layers."""
    return "orthogonal" if depth >= DEEP else ACTIVATIONS[activation].initializer


def draw_weights(
    W: Array,
    activation: str,
    depth: int,
    rng: np.random.Generator,
    initializer: str = AUTO,
    gain: float | None = None,
) -> None:
    """Write W[l] (n_out, n_in) of a layer with that activation in a network of that depth.

    `auto`: the activation's own (He for rectifiers, LeCun for selu, Glorot for others), orthogonal from 10 hidden
    layers on.
    gain None: the activation's own for orthogonal weights, else 1 (He, Glorot and LeCun bring theirs).
    """
    name = _choose(activation, depth) if initializer == AUTO else initializer
    if gain is None:
        gain = ACTIVATIONS[activation].gain if name == "orthogonal" else 1.0
    INITIALIZERS[name](W, gain, rng)
