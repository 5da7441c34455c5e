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

__all__ = ["OPTIMIZERS", "OPTIMIZER_SETTINGS", "Optimizer", "OptimizerConfig", "usual_optimizer"]

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


OPTIMIZER_SETTINGS: dict[str, dict[str, float]] = {  # of each, as conf/optimizer/ says; the rest is OptimizerConfig's
    "gradient_descent": {"lr": 0.0075},
    "sgd": {"lr": 0.1},
    "momentum": {"lr": 0.02},
    "nesterov": {"lr": 0.02},
    "rmsprop": {"lr": 1e-3, "beta2": 0.99},
    "adam": {"lr": 1e-3},
    "adamw": {"lr": 1e-2},
}


def usual_optimizer(name: str, **given: float) -> OptimizerConfig:
    """Return the optimizer of that name with the settings that are given, and its usual ones for the others."""
    return OptimizerConfig(name, **{**OPTIMIZER_SETTINGS.get(name, {}), **given})  # type: ignore[arg-type]


class _Block(NamedTuple):
    """A part of the parameters, and what belongs to it: a vector, or some networks (rows, P) with own rates."""

    theta: Array
    gradient: Array
    state: list[Array]
    alpha: Array
    shrink: Array
    vector: Array  # theta
    undecayed: npt.NDArray[np.intp]  # places in the vector
    saved: Array  # what was there

    def decay(self) -> None:
        """Shrink all of it in one pass and put back, as it was, what is never decayed."""
        self.vector.take(self.undecayed, out=self.saved, mode="clip")  # "raise" would build the result aside first
        np.multiply(self.theta, self.shrink, out=self.theta)
        self.vector[self.undecayed] = self.saved


class Optimizer:
    """The state of one rule over the parameters of R networks, (R, P), walked in blocks that stay in the cache.

    undecayed: the places in a network's parameters that weight decay leaves alone, to the bit.
    """

    def __init__(
        self, config: OptimizerConfig, theta: Array, gradient: Array, undecayed: npt.NDArray[np.intp] | None = None
    ) -> None:
        self.config = config
        self.rule = OPTIMIZERS[config.name]
        self.state = np.zeros((self.rule.states, *theta.shape), theta.dtype)
        self._theta, self._gradient = theta, gradient
        self._undecayed = np.zeros(0, np.intp) if undecayed is None else undecayed
        self._alpha, self._shrink = np.zeros((2, len(theta), 1), theta.dtype)
        values = np.zeros(len(self.rule.constants(config, 1)) - 1, theta.dtype)
        self._constants = [values[i, ...] for i in range(len(values))]
        self.steps = 0
        self.bind(len(theta))

    def bind(self, networks: int) -> None:
        """Work on the first `networks` rows from now on."""
        self._networks = networks
        places = np.arange(networks)[:, None] * self._theta.shape[1] + self._undecayed
        self._shared_blocks = self._cut_across(places.reshape(-1))
        self._own_blocks = self._shared_blocks if networks == 1 else self._cut_by_rows(places.reshape(-1))

    def step(self, alpha: float | Array, weight_decay: float | Array = 0.0) -> None:
        """Move theta by one step, after theta := (1 - alpha * weight_decay) theta; destroys the gradient.

        alpha is one number for all networks, or (R, 1); weight_decay one number, or (R, 1) where alpha is. Products are
        in float64 and rounded once: the bits are the same either way.
        """
        self.steps += 1
        rate, *constants = self.rule.constants(self.config, self.steps)
        is_shared = not isinstance(alpha, np.ndarray)
        rows = slice(1 if is_shared else self._networks)
        self._alpha[rows] = alpha * rate
        for constant, value in zip(self._constants, constants, strict=True):
            constant[...] = value
        decays = isinstance(weight_decay, np.ndarray) or weight_decay > 0
        if decays:
            self._shrink[rows] = 1 - alpha * weight_decay
        update = self.rule.update
        for block in self._shared_blocks if is_shared else self._own_blocks:
            if decays:
                block.decay()
            update(block.theta, block.gradient, block.state, block.alpha, self._constants)

    def _cut_across(self, undecayed: npt.NDArray[np.intp]) -> list[_Block]:
        """Cut without regard to where a network ends: all have one learning rate."""
        end = self._networks * self._theta.shape[1]
        return [
            self._block(slice(start, min(start + BLOCK, end)), slice(0, 1), undecayed) for start in range(0, end, BLOCK)
        ]

    def _cut_by_rows(self, undecayed: npt.NDArray[np.intp]) -> list[_Block]:
        """Cut into whole networks, or parts of one."""
        P = self._theta.shape[1]
        rows = max(1, BLOCK // P)
        length = min(rows * P, BLOCK)
        stacks = [slice(r, min(r + rows, self._networks)) for r in range(0, self._networks, rows)]
        return [
            self._block(slice(start, min(start + length, stack.stop * P)), stack, undecayed)
            for stack in stacks
            for start in range(stack.start * P, stack.stop * P, length)
        ]

    def _block(self, part: slice, networks: slice, undecayed: npt.NDArray[np.intp]) -> _Block:
        """Return that part of all parameters one after another, of networks whose rates are in those rows."""
        vectors = [values[: self._networks].reshape(-1)[part] for values in (self._theta, self._gradient, *self.state)]
        if networks.stop - networks.start > 1:
            theta, gradient, *state = [vector.reshape(-1, self._theta.shape[1]) for vector in vectors]
            alpha, shrink = self._alpha[networks], self._shrink[networks]
        else:
            theta, gradient, *state = vectors
            alpha, shrink = self._alpha[networks.start, 0, ...], self._shrink[networks.start, 0, ...]
        places = undecayed[slice(*np.searchsorted(undecayed, (part.start, part.stop)))] - part.start
        return _Block(theta, gradient, state, alpha, shrink, vectors[0], places, np.empty(len(places), theta.dtype))

    def move(self, target: int, source: int) -> None:
        """Copy the state of network `source` to row `target`."""
        self.state[:, target] = self.state[:, source]
