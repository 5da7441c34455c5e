"""A stack of networks of one configuration: what shape they have, which rows each sees, and what became of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from dnnexp.errors import ConfigError
from dnnexp.evaluation.class_weights import balanced
from dnnexp.evaluation.configuration import Configuration
from dnnexp.evaluation.protocol import Prepared, Protocol
from dnnexp.network.architecture import Architecture
from dnnexp.network.losses import LOSSES
from dnnexp.network.schema import ModelConfig
from dnnexp.training.checkpoint import Checkpoints
from dnnexp.training.examples import Member
from dnnexp.training.fit import Fit, Length, OnEpoch
from dnnexp.training.health import untrainable_reason
from dnnexp.training.lockstep import Lockstep
from dnnexp.training.schema import TrainerConfig

__all__ = [
    "architecture_of", "first_step_trouble", "make_member", "mean_curves", "mean_health", "network_shape",
    "require_suited", "train_stack",
]  # fmt: skip

Array = npt.NDArray[Any]
Rows = npt.NDArray[np.intp]


def architecture_of(model: ModelConfig, n_in: int, n_out: int, loss: str) -> Architecture:
    """Return the network's shape for that many inputs and outputs."""
    hidden = model.hidden
    n = (n_in, *(units for units, _ in hidden), n_out)
    activations = tuple(activation for _, activation in hidden)
    return Architecture(n, activations, LOSSES[loss].output, model.normalization, model.residual)


def network_shape(configuration: Configuration, protocol: Protocol) -> Architecture:
    """Return the shape of the network that a configuration makes on the protocol's data."""
    prepared = protocol.prepare(
        configuration.preprocessing, [protocol.split.development], configuration.trainer.precision
    )
    n_in, n_out = prepared.examples.X1.shape[1] - 1, prepared.examples.Y.shape[1]
    return architecture_of(configuration.model, n_in, n_out, protocol.loss(configuration.trainer.loss))


def first_step_trouble(configuration: Configuration, protocol: Protocol) -> str:
    """Return why the configuration's network will hardly train, as far as its first step shows; "" if it does not."""
    rows, model = protocol.split.development, configuration.model
    prepared = protocol.prepare(configuration.preprocessing, [rows], configuration.trainer.precision)
    member = make_member(configuration, rows, rows[:0], protocol.refit_seed(0))
    loss, shape = protocol.loss(configuration.trainer.loss), network_shape(configuration, protocol)
    return untrainable_reason(prepared.examples, shape, loss, member, model.initializer, model.gain)


def require_suited(trainer: TrainerConfig, protocol: Protocol) -> None:
    """Raise ConfigError for a loss that does not suit the task of the data, and for class weights without classes."""
    protocol.loss(trainer.loss)
    if trainer.class_weight == "balanced" and protocol.dataset.task == "regression":
        raise ConfigError("trainer.class_weight: a regression has no classes, need none, got 'balanced'")


def make_member(configuration: Configuration, train: Rows, stop: Rows, seed: np.random.SeedSequence) -> Member:
    """Return a network of that configuration, its own rows and its own seed."""
    optimizer, model = configuration.optimizer, configuration.model
    return Member(train, stop, seed, optimizer.lr, optimizer.decay(len(train)), model.dropout)


def train_stack(
    configuration: Configuration,
    protocol: Protocol,
    prepared: Prepared,
    members: list[Member],
    length: Length | None = None,
    on_epoch: OnEpoch | None = None,
    checkpoints: Checkpoints | None = None,
) -> tuple[Architecture, list[Fit], int]:
    """Train one network for each member; return their shape, what became of them, and the schedule's steps."""
    require_suited(configuration.trainer, protocol)
    n_in, n_out = prepared.examples.X1.shape[1] - 1, prepared.examples.Y.shape[1]
    loss = protocol.loss(configuration.trainer.loss)
    architecture = architecture_of(configuration.model, n_in, n_out, loss)
    trainer = configuration.trainer
    if protocol.dataset.task == "regression":
        trainer = replace(trainer, label_smoothing=0.0)  # there are no labels to smooth
    lockstep = Lockstep(
        prepared.examples, architecture, loss, balanced(trainer, prepared.examples, members, architecture.output),
        configuration.optimizer, configuration.schedule, trainer, protocol.metric, configuration.model.initializer,
        configuration.model.gain, length, units(protocol, prepared, len(members)),
    )  # fmt: skip
    return architecture, lockstep.run(on_epoch, checkpoints), lockstep.schedule_steps


def units(protocol: Protocol, prepared: Prepared, members: int) -> Array | None:
    """Return (members, n[L], 1): the size of a standardised target's unit, 1 of a constant one, for metrics in its own.

    None where the metric has no unit. One fitting for each member, or one that all share.
    """
    if not protocol.metric.in_units:
        return None
    scales = np.stack([code.scale for code in prepared.codes])[:, :, None]
    return np.broadcast_to(np.where(scales > 0, scales, 1.0), (members, *scales.shape[1:]))


def mean_curves(fits: list[Fit], metric_name: str) -> dict[str, npt.NDArray[np.float64]]:
    """Return the curves by epoch, means over the networks; one that has left counts with its last value."""
    names = {"train/loss": "train/loss", "stop/loss": "val/loss", "stop/metric": f"val/{metric_name}"}
    curves = {}
    for key, name in names.items():
        length = max(len(fit.curves[key]) for fit in fits)
        padded = [
            np.pad(fit.curves[key], (0, length - len(fit.curves[key])), "edge") for fit in fits if fit.curves[key]
        ]
        if padded:
            curves[name] = np.mean(padded, axis=0)
    return curves


def mean_health(fits: list[Fit]) -> dict[str, npt.NDArray[np.float64]]:
    """Return what was measured of each layer by epoch, means over the networks that were still training then."""
    names = dict.fromkeys(name for fit in fits for name in fit.curves if name.startswith("health/"))
    means = {}
    for name in names:
        measured = [fit.curves[name] for fit in fits if name in fit.curves]
        total, networks = np.zeros((2, max(map(len, measured))))
        for values in measured:
            total[: len(values)] += values
            networks[: len(values)] += 1
        means[name] = total / networks
    return means
