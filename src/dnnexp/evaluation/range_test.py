"""The learning-rate range test: one network for each rate of a ladder, side by side for a few steps, and a proposal.

Smith 2017 (section 3.3) lets the rate of a single network rise from step to step, so that each rate is judged on what
lower ones have left behind. Here every rate has a network of its own, with the initial weights, rows and batches of the
others, so that nothing but the rate tells them apart.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dnnexp.evaluation.class_weights import balanced
from dnnexp.evaluation.configuration import Configuration
from dnnexp.evaluation.constant import constant_cost
from dnnexp.evaluation.places import LIMITED, RANGE_ROWS, RANGE_WEIGHTS
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.schema import EvaluationConfig
from dnnexp.evaluation.stack import make_member, network_shape, train_stack
from dnnexp.network.architecture import Architecture
from dnnexp.network.losses import LOSSES
from dnnexp.network.optimizers import OPTIMIZERS
from dnnexp.training.examples import Member
from dnnexp.training.fit import EpochNews, Fit, Length
from dnnexp.training.schedules import ScheduleConfig
from dnnexp.training.seeds import child, generator

__all__ = ["FALL", "OnRangeEpoch", "RangeResult", "RangeTest", "propose", "smooth"]

Values = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]
OnRangeEpoch = Callable[[int, float], None]  # epochs so far of all stacks; mean cost of the networks still training

LONGEST = 1 / 4  # of the training's steps
LONGEST_WARMUP = 1 / 3  # of the test's steps
PASSES = 6  # of many rows, as many are used as the steps pass over so often
HELD_BACK = 2000  # rows at most
JUDGED = 1 / 8  # share of the epochs, the last, whose mean cost is compared
FALL = 0.02  # share of a constant prediction's cost that must be gone before a network is said to learn
STACK_BYTES = 1 << 28


class RangeResult(NamedTuple):
    """What became of one network at each of K rates."""

    rates: Values  # (K,) rising
    train_cost: Values  # (K,) at the end of the test; NaN where it diverged
    held_cost: Values  # (K,) on the rows held back
    smooth_cost: Values  # (K,) what the proposal goes by
    divergences: tuple[str, ...]  # (K,) where it diverged, "" where it did not
    constant_cost: float  # on the training rows, of the best constant prediction
    proposal: float | None  # None: no network is clearly better than that
    steps: int  # that each network was to take
    warmup_steps: int  # of them, in which the rate rose
    columns: int  # examples of a step
    rows: int
    held_rows: int
    seconds: float


class RangeTest:
    """One range test of a configuration, whose own learning rate does not matter. `run()` returns what came out.

    Development rows only: a fifth of them is held back. All networks take `trainer.steps` steps, rounded to whole
    epochs and at most a quarter of the training; the rate rises over the training's own warm-up, but at most over a
    third of the steps, and then stays. Large networks are trained in several stacks, which changes no bit.
    """

    def __init__(self, configuration: Configuration, protocol: Protocol) -> None:
        self._configuration, self._protocol = configuration, protocol
        trainer, schedule = configuration.trainer, configuration.schedule
        self.rates = np.geomspace(trainer.lowest, trainer.highest, trainer.rates)
        self._rows, self._held = self._draw_rows()
        self._steps_per_epoch, run_steps = self._steps(len(self._rows)), trainer.epochs * self._steps(self._train_rows)
        epochs = max(1, round(min(trainer.steps, LONGEST * run_steps) / self._steps_per_epoch))
        self.steps = epochs * self._steps_per_epoch
        warmup = 1.0 if schedule.name == "one_cycle" else schedule.warmup * run_steps / self.steps
        self._warmup = min(LONGEST_WARMUP, warmup)
        K, per_stack = trainer.rates, self._networks_per_stack()
        self._stacks = [range(k, min(k + per_stack, K)) for k in range(0, K, per_stack)]
        self._epochs_per_stack = epochs

    @property
    def epochs(self) -> int:
        """Epochs that the stacks take, one stack after the other, if every network lasts."""
        return self._epochs_per_stack * len(self._stacks)

    def run(self, on_epoch: OnRangeEpoch | None = None) -> RangeResult:
        """Train the networks and propose a rate."""
        started = time.perf_counter()
        fits: list[Fit] = []
        for number, stack in enumerate(self._stacks):
            fits += self._train(stack, number * self._epochs_per_stack, on_epoch)
        judged = max(1, round(JUDGED * self._epochs_per_stack))
        train, held = (np.array([_end(fit, name, judged) for fit in fits]) for name in ("train/loss", "stop/loss"))
        constant = self._constant_cost()
        smooth_cost = smooth(train, constant)
        return RangeResult(
            rates=self.rates,
            train_cost=train,
            held_cost=held,
            smooth_cost=smooth_cost,
            divergences=tuple(str(fit.divergence or "") for fit in fits),
            constant_cost=constant,
            proposal=propose(self.rates, smooth_cost, constant),
            steps=self.steps,
            warmup_steps=round(self._warmup * self.steps),
            columns=-(-len(self._rows) // self._steps_per_epoch),
            rows=len(self._rows),
            held_rows=len(self._held),
            seconds=time.perf_counter() - started,
        )

    def _draw_rows(self) -> tuple[Rows, Rows]:
        """Return the rows to train on and those held back, both limited to what so few steps can use."""
        protocol, trainer = self._protocol, self._configuration.trainer
        seed = child(protocol.seed, *RANGE_ROWS)
        fold = protocol.draw(EvaluationConfig(kind="holdout"), seed)[0]
        rows, held = np.concatenate([fold.train, fold.stop]), fold.score
        self._train_rows = len(rows)
        rng = generator(seed, LIMITED)
        if trainer.batch_size is not None:
            rows = _some(rows, max(trainer.batch_size, trainer.steps * trainer.batch_size // PASSES), rng)
        return rows, _some(held, HELD_BACK, rng)

    def _steps(self, rows: int) -> int:
        """Return the steps of an epoch."""
        batch_size = self._configuration.trainer.batch_size
        return 1 if batch_size is None else -(-rows // batch_size)

    def _networks_per_stack(self) -> int:
        """Return how many networks to train at once: as many as fit into a quarter of a gigabyte, at least one."""
        configuration = self._configuration
        architecture: Architecture = network_shape(configuration, self._protocol)
        vectors = 3 + OPTIMIZERS[configuration.optimizer.name].states + 2 * (configuration.trainer.average > 0)
        columns = max(-(-len(self._rows) // self._steps_per_epoch), len(self._held))
        numbers = vectors * architecture.size + 3 * columns * sum(architecture.n)
        itemsize = np.dtype(configuration.trainer.precision).itemsize
        return max(1, STACK_BYTES // (itemsize * numbers))

    def _constant_cost(self) -> float:
        configuration, protocol = self._configuration, self._protocol
        trainer, is_regression = configuration.trainer, protocol.dataset.task == "regression"
        examples = protocol.prepare(configuration.preprocessing, [self._rows], trainer.precision).examples
        loss, smoothing = protocol.loss(trainer.loss), 0.0 if is_regression else trainer.label_smoothing
        member = make_member(configuration, self._rows, self._held, protocol.seed)
        (weighed,) = balanced(trainer, examples, [member], LOSSES[loss].output)
        return constant_cost(examples, self._rows, loss, smoothing, weighed.class_weights)

    def _train(self, stack: range, epochs_before: int, on_epoch: OnRangeEpoch | None) -> list[Fit]:
        configuration, protocol = self._configuration, self._protocol
        trainer = replace(configuration.trainer, patience=None, health=False)
        schedule = ScheduleConfig("constant", warmup=self._warmup)
        prepared = protocol.prepare(configuration.preprocessing, [self._rows], trainer.precision)
        seed = child(protocol.seed, *RANGE_WEIGHTS)
        members: list[Member] = [
            make_member(configuration, self._rows, self._held, seed)._replace(alpha=float(self.rates[k])) for k in stack
        ]

        def tell(news: EpochNews) -> None:
            if on_epoch is not None:
                on_epoch(epochs_before + news.epoch, news.train_loss)

        short = replace(configuration, trainer=trainer, schedule=schedule)
        return train_stack(short, protocol, prepared, members, Length(self.steps, self.steps), tell)[1]


def smooth(costs: Values, constant_cost: float) -> Values:
    """Return (K,) costs that no single network decides: means of three neighbours' logarithms, weighted 1:2:1.

    A cost above that of a constant prediction, or none where a network diverged, counts as the constant's: how far
    beyond the edge a rate is says nothing about the rates before it.
    """
    tiny = np.finfo(np.float64).tiny
    logs = np.log(np.clip(np.nan_to_num(costs, nan=np.inf), tiny, max(constant_cost, tiny)))
    padded = np.pad(logs, 1, "edge")
    mean: Values = np.exp((padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4)
    return mean


def propose(rates: Values, smooth_cost: Values, constant_cost: float) -> float | None:
    """Return the rate of the lowest smooth cost; None where none is a fiftieth below that of a constant prediction.

    Between the rates of the ladder the lowest point of the parabola through the best and its neighbours is taken, in
    the logarithms of both.
    """
    best = int(np.argmin(smooth_cost))
    if not smooth_cost[best] < (1 - FALL) * constant_cost:
        return None
    place = np.log(rates)
    if not 0 < best < len(rates) - 1:
        return float(rates[best])
    before, at, after = np.log(smooth_cost[best - 1 : best + 2])
    curvature = before - 2 * at + after
    shift = 0.5 * (before - after) / curvature if curvature > 0 else 0.0
    return float(np.exp(place[best] + shift * (place[1] - place[0])))


def _end(fit: Fit, name: str, epochs: int) -> float:
    """Return the mean of the last epochs; NaN for a network that diverged, whose cost before that is no result."""
    return float("nan") if fit.divergence is not None else float(np.mean(fit.curves[name][-epochs:]))


def _some(rows: Rows, most: int, rng: np.random.Generator) -> Rows:
    """Return the rows, or as many of them as that, drawn at random, in their order."""
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))
