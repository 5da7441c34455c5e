"""Optimizers: rules that move one block of parameters, lifted over the flat parameter vectors of all networks.

A rule knows no layers. It sees a block theta, the gradient of the cost there (which it may destroy), its own state
vectors of that shape, the learning rates alpha, and its constants. These are arrays without axes: a ufunc takes half a
microsecond more to make one of a Python number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dnnexp.errors import require, require_choice

__all__ = ["OPTIMIZERS", "Optimizer", "OptimizerConfig"]

Array = npt.NDArray[Any]
BLOCK = 32_768  # elements of a block: theta, gradient and two state vectors in float32 stay in half of a 1 MiB cache

ADAMW_DECAY = 0.2
WITHOUT_DECAY = ("gradient_descent", "adam")  # by their definition: the textbook's update, and Adam's


@dataclass
class OptimizerConfig:
    """An optimizer by name and its constants; a constant the optimizer has no use for is not in its YAML file.

    weight_decay None: 0.2 for adamw, 0 for the others; any other value is refused where the name promises none. Of more
    than decay_rows training rows it is less, in proportion: an epoch of so many more steps then takes as much off a
    weight (Wang & Aitchison 2024, "How to set AdamW's weight decay as you scale model and dataset size").
    """

    name: str = "adamw"
    lr: float = 1e-2  # alpha
    momentum: float = 0.9
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float | None = None  # decoupled: W := W - alpha * weight_decay * W, never on biases; None: see above
    decay_rows: int | None = 2000  # rows that weight_decay is meant for; None: any number

    def __post_init__(self) -> None:
        require_choice("optimizer.name", self.name, OPTIMIZERS)
        require(0 < self.lr < math.inf, "optimizer.lr", "lr > 0", self.lr)
        require(0 <= self.momentum < 1, "optimizer.momentum", "0 <= momentum < 1", self.momentum)
        require(0 <= self.beta1 < 1, "optimizer.beta1", "0 <= beta1 < 1", self.beta1)
        require(0 <= self.beta2 < 1, "optimizer.beta2", "0 <= beta2 < 1", self.beta2)
        require(0 < self.epsilon < math.inf, "optimizer.epsilon", "epsilon > 0", self.epsilon)
        if self.weight_decay is None:
            self.weight_decay = ADAMW_DECAY if self.name == "adamw" else 0.0
        require(0 <= self.weight_decay < math.inf, "optimizer.weight_decay", "weight_decay >= 0", self.weight_decay)
        may_decay = self.weight_decay == 0 or self.name not in WITHOUT_DECAY
        require(may_decay, "optimizer.weight_decay", f"0 for {self.name} (adamw decays)", self.weight_decay)
        if self.decay_rows is not None:
            law = "decay_rows >= 1 (null: weight_decay as it is)"
            require(self.decay_rows >= 1, "optimizer.decay_rows", law, self.decay_rows)

    def decay(self, rows: int) -> float:
        """Return the weight decay of a network that trains on so many rows."""
        share = 1.0 if self.decay_rows is None else min(1.0, self.decay_rows / max(1, rows))
        return (self.weight_decay or 0.0) * share


Rule = Callable[[Array, Array, Sequence[Array], Array, Sequence[Array]], None]
Constants = Callable[[OptimizerConfig, int], tuple[float, ...]]


class OptimizerRule(NamedTuple):
    """`update(theta, gradient, state, alpha, constants)`; `states` vectors are zero at the start.

    `constants(config, t)` for step t = 1, 2, …: a factor that alpha comes multiplied with, then those of the rule.
    """

    update: Rule
    states: int
    constants: Constants


def _gradient_descent(
    theta: Array, gradient: Array, state: Sequence[Array], alpha: Array, constants: Sequence[Array]
) -> None:
    """theta := theta - alpha * gradient: the textbook's W := W - alpha dW, b := b - alpha db."""
    np.multiply(gradient, alpha, out=gradient)
    np.subtract(theta, gradient, out=theta)


def _momentum(theta: Array, gradient: Array, state: Sequence[Array], alpha: Array, constants: Sequence[Array]) -> None:
    """velocity := momentum * velocity + gradient; theta := theta - alpha * velocity (Polyak 1964)."""
    (velocity,), (momentum,) = state, constants
    np.multiply(velocity, momentum, out=velocity)
    np.add(velocity, gradient, out=velocity)
    np.multiply(velocity, alpha, out=gradient)
    np.subtract(theta, gradient, out=theta)


def _nesterov(theta: Array, gradient: Array, state: Sequence[Array], alpha: Array, constants: Sequence[Array]) -> None:
    """As momentum, moved by gradient + momentum * velocity: Sutskever et al. 2013, in the form torch uses."""
    (velocity,), (momentum,) = state, constants
    np.multiply(velocity, momentum, out=velocity)
    np.add(velocity, gradient, out=velocity)
    np.multiply(gradient, alpha, out=gradient)
    np.subtract(theta, gradient, out=theta)
    np.multiply(velocity, alpha, out=gradient)
    np.multiply(gradient, momentum, out=gradient)
    np.subtract(theta, gradient, out=theta)


def _rmsprop(theta: Array, gradient: Array, state: Sequence[Array], alpha: Array, constants: Sequence[Array]) -> None:
    """mean_square := beta2 * mean_square + (1 - beta2) gradient^2; step gradient / (sqrt(mean_square) + epsilon).

    Tieleman & Hinton 2012, lecture 6.5.
    """
    (mean_square, scaled), (beta2, rest, epsilon) = state, constants
    np.multiply(gradient, gradient, out=scaled)
    np.multiply(scaled, rest, out=scaled)
    np.multiply(mean_square, beta2, out=mean_square)
    np.add(mean_square, scaled, out=mean_square)
    np.sqrt(mean_square, out=scaled)
    np.add(scaled, epsilon, out=scaled)
    np.divide(gradient, scaled, out=gradient)
    np.multiply(gradient, alpha, out=gradient)
    np.subtract(theta, gradient, out=theta)


def _adam(theta: Array, gradient: Array, state: Sequence[Array], alpha: Array, constants: Sequence[Array]) -> None:
    """Step alpha * mhat / (sqrt(vhat) + epsilon): Kingma & Ba 2015, Algorithm 1.

    The moments are kept divided by (1 - beta): first := beta1 * first + gradient, and second alike with its square.
    Those factors and the bias corrections go into the step's constants, which saves two of twelve passes.
    """
    (first_moment, second_moment), (beta1, beta2, epsilon) = state, constants
    np.multiply(first_moment, beta1, out=first_moment)
    np.add(first_moment, gradient, out=first_moment)
    np.multiply(gradient, gradient, out=gradient)
    np.multiply(second_moment, beta2, out=second_moment)
    np.add(second_moment, gradient, out=second_moment)
    np.sqrt(second_moment, out=gradient)
    np.add(gradient, epsilon, out=gradient)
    np.divide(first_moment, gradient, out=gradient)
    np.multiply(gradient, alpha, out=gradient)
    np.subtract(theta, gradient, out=theta)


def _no_constants(config: OptimizerConfig, t: int) -> tuple[float, ...]:
    return (1.0,)


def _momentum_constants(config: OptimizerConfig, t: int) -> tuple[float, ...]:
    return 1.0, config.momentum


def _rmsprop_constants(config: OptimizerConfig, t: int) -> tuple[float, ...]:
    return 1.0, config.beta2, 1 - config.beta2, config.epsilon


def _adam_constants(config: OptimizerConfig, t: int) -> tuple[float, ...]:
    root = math.sqrt((1 - config.beta2) / (1 - config.beta2**t))  # sqrt(vhat) = root * sqrt(second_moment)
    rate = (1 - config.beta1) / (1 - config.beta1**t) / root
    return rate, config.beta1, config.beta2, config.epsilon / root


OPTIMIZERS: dict[str, OptimizerRule] = {
    "gradient_descent": OptimizerRule(_gradient_descent, 0, _no_constants),
    "sgd": OptimizerRule(_gradient_descent, 0, _no_constants),
    "momentum": OptimizerRule(_momentum, 1, _momentum_constants),
    "nesterov": OptimizerRule(_nesterov, 1, _momentum_constants),
    "rmsprop": OptimizerRule(_rmsprop, 2, _rmsprop_constants),
    "adam": OptimizerRule(_adam, 2, _adam_constants),
    "adamw": OptimizerRule(_adam, 2, _adam_constants),
}


class _Block(NamedTuple):
    theta: Array
    gradient: Array
    state: list[Array]
    alpha: Array


class Optimizer:
    """The state of one rule over the parameters of R networks, (R, P), walked in blocks that stay in the cache."""

    def __init__(self, config: OptimizerConfig, theta: Array, gradient: Array) -> None:
        self.config = config
        self.rule = OPTIMIZERS[config.name]
        self.state = np.zeros((self.rule.states, *theta.shape), theta.dtype)
        self._theta, self._gradient = theta, gradient
        self._alpha = np.zeros((len(theta), 1), theta.dtype)
        values = np.zeros(len(self.rule.constants(config, 1)) - 1, theta.dtype)
        self._constants = [values[i, ...] for i in range(len(values))]
        self.steps = 0
        self.bind(len(theta))

    def bind(self, networks: int) -> None:
        """Work on the first `networks` rows from now on."""
        self._networks = networks
        self._shared_blocks = self._cut_across()
        self._own_blocks = self._shared_blocks if networks == 1 else self._cut_by_rows()

    def step(self, alpha: Array) -> None:
        """Move theta by one step at learning rates alpha (R, 1), or (1, 1) for all; destroys the gradient."""
        self.steps += 1
        rate, *constants = self.rule.constants(self.config, self.steps)
        np.multiply(alpha, rate, out=self._alpha[: len(alpha)])
        for constant, value in zip(self._constants, constants, strict=True):
            constant[...] = value
        for block in self._shared_blocks if len(alpha) == 1 else self._own_blocks:
            self.rule.update(*block, self._constants)

    def _cut_across(self) -> list[_Block]:
        """Cut without regard to where a network ends: all have one learning rate."""
        vectors = [vector[: self._networks].reshape(-1) for vector in (self._theta, self._gradient, *self.state)]
        parts = [slice(start, start + BLOCK) for start in range(0, len(vectors[0]), BLOCK)]
        return [self._block([vector[part] for vector in vectors], self._alpha[0, 0, ...]) for part in parts]

    def _cut_by_rows(self) -> list[_Block]:
        """Cut into whole networks, or parts of one."""
        P = self._theta.shape[1]
        rows, columns = max(1, BLOCK // P), min(P, BLOCK)
        blocks = []
        for r in range(0, self._networks, rows):
            for p in range(0, P, columns):
                part = (slice(r, min(r + rows, self._networks)), slice(p, p + columns))
                vectors = [vector[part] for vector in (self._theta, self._gradient, *self.state)]
                blocks.append(self._block(vectors, self._alpha[part[0]] if rows > 1 else self._alpha[r, 0, ...]))
        return blocks

    def _block(self, vectors: list[Array], alpha: Array) -> _Block:
        theta, gradient, *state = vectors
        return _Block(theta, gradient, state, alpha)

    def move(self, target: int, source: int) -> None:
        """Copy the state of network `source` to row `target`."""
        self.state[:, target] = self.state[:, source]
