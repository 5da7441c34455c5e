"""The training loop: R networks of one shape, each on its own rows, step by step together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from dnnexp.metrics import Metric
from dnnexp.network.architecture import Architecture
from dnnexp.network.initializers import AUTO
from dnnexp.network.losses import LOSSES, LossBuffers
from dnnexp.network.network import Network, logits, outputs
from dnnexp.network.optimizers import Optimizer, OptimizerConfig
from dnnexp.network.parameters import initialize
from dnnexp.training.batches import Batches
from dnnexp.training.divergence import Divergence, locate
from dnnexp.training.examples import Examples, Member, pad_rows
from dnnexp.training.schedules import ScheduleConfig, factor
from dnnexp.training.schema import TrainerConfig
from dnnexp.training.seeds import generator

__all__ = ["EpochNews", "Fit", "Length", "Lockstep", "OnEpoch"]

Array = npt.NDArray[Any]


class EpochNews(NamedTuple):
    """What a callback is told after each epoch; means over the networks still training."""

    epoch: int  # from 1
    epochs: int  # at most
    training: int  # networks still training
    train_loss: float  # of the steps of this epoch
    stop_loss: float  # NaN without rows to stop by
    stop_metric: float
    best_metric: float  # mean over all networks that have not diverged, of the best of each


OnEpoch = Callable[[EpochNews], bool]  # True ends the run


class Length(NamedTuple):
    """How many steps to take, and how many the schedule is stretched over."""

    steps: int
    schedule_steps: int


@dataclass
class Fit:
    """What became of one network."""

    theta: Array  # (P,) best by the rows to stop by, else the last
    state: str  # "finished", "stopped" (early), "ended" (by the callback) or "diverged"
    best_epoch: int  # from 1; 0: the initial parameters
    best_step: int
    best_metric: float  # on the rows to stop by; NaN without them
    divergence: Divergence | None
    curves: dict[str, list[float]]  # train/loss, stop/loss, stop/metric: one value for each epoch


class Lockstep:
    """One run of R networks in lockstep. `run()` returns one Fit for each member, in the order of the members."""

    def __init__(
        self,
        examples: Examples,
        architecture: Architecture,
        loss: str,
        members: Sequence[Member],
        optimizer: OptimizerConfig,
        schedule: ScheduleConfig,
        trainer: TrainerConfig,
        metric: Metric,
        initializer: str = AUTO,
        gain: float | None = None,
        length: Length | None = None,
    ) -> None:
        dtype = examples.X1.dtype
        R = len(members)
        self._examples, self._architecture, self._loss, self._metric = examples, architecture, loss, metric
        self._schedule, self._trainer = schedule, trainer
        self._batches = Batches(examples, members, trainer.batch_size)
        steps = trainer.epochs * self._batches.steps
        self._length = length or Length(steps, steps)
        self._epochs = -(-self._length.steps // self._batches.steps)
        self._network = Network(architecture, R, self._batches.columns, loss, dtype)
        self._rngs = []
        for r, member in enumerate(members):
            self._network.theta[r] = initialize(architecture, generator(member.seed, 0), initializer, gain)
            self._rngs.append(generator(member.seed, 1))
        self._optimizer = Optimizer(optimizer, self._network.theta, self._network.gradient)
        self._alpha = np.array([[member.alpha] for member in members], dtype)
        self._decay = np.array([[[member.weight_decay]] for member in members], dtype)
        self._has_stop_rows = all(len(member.stop) for member in members)
        self._stop = [member.stop for member in members]
        self._best = self._network.theta.copy() if self._has_stop_rows else self._network.theta
        self._best_metric = np.full(R, np.nan)
        self._best_loss = np.full(R, np.nan)
        self._waited = np.zeros(R, int)
        self._norms = np.empty(R, dtype)
        self._live = list(range(R))  # which member is in each row of the stack
        empty = np.zeros(0, dtype)
        self._fits = [Fit(empty, "finished", 0, 0, np.nan, None, _no_curves()) for _ in members]
        self._epoch, self._step = 0, 0

    @property
    def schedule_steps(self) -> int:
        """Steps that the schedule is stretched over."""
        return self._length.schedule_steps

    def run(self, on_epoch: OnEpoch | None = None) -> list[Fit]:
        """Train to the end, to early stopping, to divergence, or until the callback returns True."""
        with threadpool_limits(self._trainer.threads, "blas"), np.errstate(all="ignore"):
            while self._live and self._epoch < self._epochs:
                self._epoch += 1
                train_loss = self._run_epoch()
                if self._live and self._end_epoch(train_loss, on_epoch):
                    self._leave(range(len(self._live)), "ended")
            self._leave(range(len(self._live)), "finished")
        return self._fits

    def _run_epoch(self) -> npt.NDArray[np.float64]:
        """Take the steps of one epoch; return the mean cost of each live network over them."""
        batches, network = self._batches, self._network
        batches.shuffle(self._rngs)
        total, taken = np.zeros(len(self._alpha)), 0
        for s in range(batches.steps):
            if self._step == self._length.steps:
                break
            X1, Y, w = batches.batch(s)
            J = network.cost_and_gradient(X1, Y, w)[:, 0, 0]
            gradient = network.gradient[: network.networks]
            norms = np.vecdot(gradient, gradient, out=self._norms[: network.networks])
            norms += J
            if not np.isfinite(norms).all():
                total = self._drop_diverged(J, X1, total)
                if not self._live:
                    break
                J = J[: len(self._live)]
            total[: len(J)] += J
            taken += 1
            self._move()
        return total[: len(self._live)] / max(taken, 1)

    def _move(self) -> None:
        """W := W - alpha dW, b := b - alpha db, or whatever the optimizer makes of it, after weight decay."""
        live = len(self._live)
        alpha = self._alpha[:live] * factor(self._schedule, self._step, self._length.schedule_steps)
        if self._decay[:live].any():
            shrink = 1 - alpha[:, :, None] * self._decay[:live]
            for W in self._network.weights:
                np.multiply(W, shrink, out=W)
        self._optimizer.step(alpha)
        self._step += 1

    def _drop_diverged(self, J: Array, X1: Array, total: Array) -> Array:
        """Let go of the networks whose cost or gradient is not finite; return the totals of the rest."""
        gradient = self._network.gradient
        rows = [r for r in range(len(self._live)) if not (np.isfinite(J[r]) and np.isfinite(gradient[r]).all())]
        for r in rows:
            layer, quantity = locate(self._network.theta[r], gradient[r], self._architecture, X1[r])
            self._fits[self._live[r]].divergence = Divergence(self._epoch, self._step + 1, layer, quantity)
        for carried in (J, total):
            _swap_out(carried, rows, len(self._live))
        self._leave(rows, "diverged")
        return total

    def _end_epoch(self, train_loss: npt.NDArray[np.float64], on_epoch: OnEpoch | None) -> bool:
        """Score the rows to stop by, keep the best parameters, let the patient leave; True: the callback ends it."""
        for r, member in enumerate(self._live):
            self._fits[member].curves["train/loss"].append(float(train_loss[r]))
        loss, metric = self._score_stop_rows() if self._has_stop_rows else (np.array([np.nan]), np.array([np.nan]))
        out_of_patience = []
        if self._has_stop_rows:
            for r, member in enumerate(self._live):
                fit = self._fits[member]
                fit.curves["stop/loss"].append(float(loss[r]))
                fit.curves["stop/metric"].append(float(metric[r]))
                if self._has_improved(r, float(loss[r]), float(metric[r])):
                    self._best[r] = self._network.theta[r]
                    self._best_loss[r], self._best_metric[r] = loss[r], metric[r]
                    fit.best_epoch, fit.best_step, fit.best_metric = self._epoch, self._step, float(metric[r])
                    self._waited[r] = 0
                else:
                    self._waited[r] += 1
                    if self._trainer.patience is not None and self._waited[r] >= self._trainer.patience:
                        out_of_patience.append(r)
        best = [fit.best_metric for fit in self._fits if fit.divergence is None]
        news = EpochNews(
            self._epoch, self._epochs, len(self._live), float(train_loss.mean()), float(loss.mean()),
            float(metric.mean()), float(np.mean(best)) if best else np.nan,
        )  # fmt: skip
        self._leave(out_of_patience, "stopped")
        return on_epoch is not None and on_epoch(news)

    def _has_improved(self, r: int, loss: float, metric: float) -> bool:
        """A better metric, or the same metric at a lower loss (few rows make ties frequent)."""
        if not (np.isfinite(loss) and np.isfinite(metric)):
            return False
        best = self._best_metric[r]
        if np.isnan(best):
            return True
        is_better = metric > best if self._metric.greater_is_better else metric < best
        return bool(is_better or (metric == best and loss < self._best_loss[r]))

    def _score_stop_rows(self) -> tuple[Array, Array]:
        """Return cost (R,) and metric (R,) of the live networks on the rows each stops by."""
        index, weights = pad_rows(self._stop[: len(self._live)])
        dtype = self._examples.X1.dtype
        Y = self._examples.Y[index].swapaxes(-1, -2).copy()
        theta = self._network.theta[: len(self._live)]
        Z = logits(theta, self._architecture, self._examples.X1, index)
        w = (weights / weights.sum(axis=1, keepdims=True)).astype(dtype)[:, None]
        A = outputs(Z.copy(), self._architecture)
        J = LOSSES[self._loss].cost(Z, Y, w, np.empty_like(Z), LossBuffers(*Z.shape, dtype))
        return J[:, 0, 0], self._metric.function(A, Y, weights)

    def _leave(self, rows: Sequence[int], state: str) -> None:
        """Take networks out of the stack: each keeps its best parameters and its place goes to the last row."""
        for r in sorted(rows, reverse=True):
            fit = self._fits[self._live[r]]
            fit.theta, fit.state = self._best[r].copy(), state
            if not self._has_stop_rows:
                fit.best_epoch, fit.best_step = self._epoch, self._step
            last = len(self._live) - 1
            if r != last:
                self._move_row(r, last)
            self._live.pop()
        if rows and self._live:
            for part in (self._network, self._optimizer, self._batches):
                part.bind(len(self._live))

    def _move_row(self, target: int, source: int) -> None:
        for part in (self._optimizer, self._batches):
            part.move(target, source)
        arrays = (self._network.theta, self._network.gradient, self._alpha, self._decay)
        for array in (*arrays, self._best_metric, self._best_loss, self._waited, *self._own_best()):
            array[target] = array[source]
        for listed in (self._live, self._rngs, self._stop):
            listed[target] = listed[source]  # type: ignore[index]

    def _own_best(self) -> tuple[Array, ...]:
        return (self._best,) if self._has_stop_rows else ()


def _no_curves() -> dict[str, list[float]]:
    return {"train/loss": [], "stop/loss": [], "stop/metric": []}


def _swap_out(values: Array, rows: Sequence[int], live: int) -> None:
    """Do to values (R,) what leaving does to the rows of the stack."""
    for r in sorted(rows, reverse=True):
        live -= 1
        values[r] = values[live]
