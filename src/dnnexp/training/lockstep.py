"""The training loop: R networks of one shape, each on its own rows, step by step together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dnnexp.metrics import Metric
from dnnexp.network.architecture import Architecture
from dnnexp.network.dropout import Dropout
from dnnexp.network.initializers import AUTO
from dnnexp.network.losses import LOSSES
from dnnexp.network.network import Network
from dnnexp.network.optimizers import OptimizerConfig
from dnnexp.network.parameters import initialize, rearranged
from dnnexp.training.batches import Batches
from dnnexp.training.checkpoint import Checkpoints, State
from dnnexp.training.descent import Descent
from dnnexp.training.divergence import STOP_ROWS, Divergence, locate, of_parameters
from dnnexp.training.examples import Examples, Member
from dnnexp.training.fit import EpochNews, Fit, Length, OnEpoch
from dnnexp.training.health import HealthProbe
from dnnexp.training.ranks import close_ranks, close_ranks_of_list
from dnnexp.training.schedules import ScheduleConfig
from dnnexp.training.schema import TrainerConfig
from dnnexp.training.seeds import generator
from dnnexp.training.start import Start, begin, end
from dnnexp.training.stop_rows import StopRows
from dnnexp.training.stopping import Stopping
from dnnexp.training.subnormals import SubnormalsAsZero
from dnnexp.training.threads import threadpools

__all__ = ["Lockstep"]

Array = npt.NDArray[Any]
WEIGHTS, ORDER, MASKS = range(3)  # streams below a member's seed


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
        units: Array | None = None,
        start: Start | None = None,
    ) -> None:
        """units (R, n[L], 1): what to multiply outputs and targets by for the metric, that of each member's target."""
        dtype, R = examples.X1.dtype, len(members)
        self._threads = trainer.threads
        classes = LOSSES[loss].classes(architecture.n[-1])
        self._batches = Batches(examples, members, trainer.batch_size, trainer.label_smoothing, classes)
        steps = trainer.epochs * self._batches.steps
        self._length = length or Length(steps, steps)
        self._epochs = -(-self._length.steps // self._batches.steps)
        columns, rates = self._batches.columns, [member.dropout for member in members]
        self._given_architecture = architecture  # parameters are given back in its order of memory
        self._architecture = architecture = architecture.for_columns(columns)
        by_columns = [architecture.is_by_columns(l) for l in range(1, architecture.L)]
        dropout = Dropout(np.array(rates), architecture.n[1:-1], columns, dtype, by_columns) if any(rates) else None
        self._network = Network(architecture, R, columns, loss, dtype, dropout)
        for r, member in enumerate(members):
            rng = generator(member.seed, WEIGHTS)
            initialize(architecture, rng, initializer, gain, out=self._network.theta[r])
        self._descent = Descent(self._network, members, optimizer, schedule, trainer, self._length.schedule_steps)
        self._is_fresh = start is None
        if start is not None:
            begin(start, self._given_architecture, self._network, self._descent)
        self._has_stop_rows = all(len(member.stop) for member in members)
        initial = self._descent.result[: R if self._has_stop_rows else 0]
        self._stopping = Stopping(initial, metric.greater_is_better, trainer.patience)
        self._order_rngs = [generator(member.seed, ORDER) for member in members]
        self._mask_rngs = [generator(member.seed, MASKS) for member in members]
        self._stop_rows = StopRows(examples, members, architecture, loss, metric, units)
        self._health = HealthProbe(self._network) if trainer.health else None
        self._norms = np.empty(R, dtype)
        self._live = list(range(R))  # which member is in each row of the stack
        nothing = np.zeros(0, dtype)
        self._fits = [Fit(nothing) for _ in members]
        self._epoch = 0
        self._left: list[int] = []  # rows that were left, in order: what it takes to arrange a new stack alike

    @property
    def schedule_steps(self) -> int:
        """Steps that the schedule is stretched over."""
        return self._length.schedule_steps

    @property
    def end(self) -> Start:
        """Where the last step has led, if no network has diverged: what another training can start from."""
        return end(self._given_architecture, self._network, self._descent)

    def run(self, on_epoch: OnEpoch | None = None, checkpoints: Checkpoints | None = None) -> list[Fit]:
        """Train to the end, to early stopping, to divergence, or until the callback returns True.

        With checkpoints it goes on from the last one, where that is asked for, and saves its own: after epochs, and at
        its end.
        """
        if checkpoints is not None:
            self._begin(checkpoints)
        blas = threadpools().limit(limits=self._threads, user_api="blas")
        with blas, np.errstate(all="ignore"), SubnormalsAsZero():
            while self._live and self._epoch < self._epochs:
                self._epoch += 1
                train_loss = self._run_epoch()
                self._descent.end_epoch(train_loss)
                if self._live and self._end_epoch(train_loss, on_epoch):
                    self._leave(range(len(self._live)), "ended")
                if checkpoints is not None and self._epoch % checkpoints.every == 0:
                    checkpoints.save(self._epoch, self.state())
            self._batches.release()
            self._leave(range(len(self._live)), "finished")
        if checkpoints is not None:
            checkpoints.save(self._epoch, self.state())
        return self._fits

    def _begin(self, checkpoints: Checkpoints) -> None:
        """Go on from the last checkpoint where that is asked for; else remove what an earlier run has left."""
        if not checkpoints.resume:
            checkpoints.clear()
            return
        if (state := checkpoints.load()) is not None:
            self.restore(state)
        checkpoints.resumed(self._epoch)

    def state(self) -> State:
        """Return everything that the rest of the run depends on."""
        arrays = {f"fit/{member}": fit.theta for member, fit in enumerate(self._fits)}
        fits = []
        for fit in self._fits:
            values = {key: value for key, value in vars(fit).items() if key != "theta"}
            fits.append(values | {"divergence": fit.divergence and fit.divergence._asdict()})
        facts = {
            "epoch": self._epoch,
            "steps": self._descent.steps,
            "left": self._left,
            "order": [rng.bit_generator.state for rng in self._order_rngs],
            "masks": [rng.bit_generator.state for rng in self._mask_rngs],
            "fits": fits,
        }
        return State(arrays | self._arrays(), facts)

    def restore(self, state: State) -> None:
        """Go on from that state, of a run made with the same arguments, bit for bit."""
        for r in state.facts["left"]:
            self._remove_row(r)
        self._bind()
        for name, array in self._arrays().items():
            array[...] = state.arrays[name]
        self._epoch = state.facts["epoch"]
        self._descent.steps = self._descent.optimizer.steps = state.facts["steps"]
        for rngs, name in ((self._order_rngs, "order"), (self._mask_rngs, "masks")):
            for rng, rng_state in zip(rngs, state.facts[name], strict=True):
                rng.bit_generator.state = rng_state
        for member, values in enumerate(state.facts["fits"]):
            divergence = values["divergence"] and Divergence(**values["divergence"])
            self._fits[member] = Fit(state.arrays[f"fit/{member}"], **{**values, "divergence": divergence})

    def _arrays(self) -> dict[str, Array]:
        """Return the arrays that change from step to step, by name."""
        stopping = self._stopping
        return self._descent.state() | {
            "theta": self._network.theta,
            "best/theta": stopping.theta,
            "best/metric": stopping.metric,
            "best/loss": stopping.loss,
            "waited": stopping.waited,
        }

    def _run_epoch(self) -> npt.NDArray[np.float64]:
        """Take the steps of one epoch; return the mean cost of each live network over them."""
        batches, network, descent = self._batches, self._network, self._descent
        batches.shuffle(self._order_rngs)
        total, taken = np.zeros(len(self._live)), 0
        for s in range(batches.steps):
            if descent.steps == self._length.steps:
                break
            X1, Y, w = batches.batch(s)
            if network.dropout is not None:
                network.dropout.draw(self._mask_rngs, batches.sizes(s))
            J = network.cost_and_gradient(X1, Y, w)[:, 0, 0]
            descent.penalize()
            gradient = network.gradient[: network.networks]
            norms = np.vecdot(gradient, gradient, out=self._norms[: network.networks])
            if not all(map(math.isfinite, (norms + J).tolist())):
                diverged = self._find_diverged(J, X1)
                for carried in (total, J, norms):
                    close_ranks(carried, diverged)
                self._leave(diverged, "diverged")
                if not self._live:
                    break
                live = len(self._live)
                total, J, norms = total[:live], J[:live], norms[:live]
            total += J
            taken += 1
            watched = self._health if s == batches.steps - 1 else None
            if watched is not None:
                watched.before_step()
            descent.step(norms)
            if watched is not None:
                for member, own in zip(self._live, watched.after_step(X1), strict=True):
                    self._fits[member].note(own)
        return total[: len(self._live)] / max(taken, 1)

    def _find_diverged(self, J: Array, X1: Array) -> list[int]:
        """Return the rows of the networks whose cost or gradient is not finite, and note where that began."""
        theta, gradient = self._network.theta, self._network.gradient
        rows = [r for r in range(len(self._live)) if not (np.isfinite(J[r]) and np.isfinite(gradient[r]).all())]
        for r in rows:
            layer, quantity = locate(theta[r], gradient[r], self._architecture, X1[r])
            steps = self._descent.steps
            divergence = Divergence(self._epoch, steps + 1, layer, quantity, self._is_fresh and steps == 0)
            self._fits[self._live[r]].divergence = divergence
        return rows

    def _end_epoch(self, train_loss: npt.NDArray[np.float64], on_epoch: OnEpoch | None) -> bool:
        """Score the rows to stop by, keep the best parameters, let the patient leave; True: the callback ends it."""
        for r, member in enumerate(self._live):
            self._fits[member].curves["train/loss"].append(float(train_loss[r]))
        metric = np.array([np.nan])
        if self._has_stop_rows:
            result = self._descent.result
            loss, metric = self._stop_rows.score(result)
            for r, member in enumerate(self._live):
                fit = self._fits[member]
                fit.curves["stop/loss"].append(float(loss[r]))
                fit.curves["stop/metric"].append(float(metric[r]))
                if self._stopping.consider(r, result[r], float(loss[r]), float(metric[r])):
                    fit.best_epoch, fit.best_step = self._epoch, self._descent.steps
                    fit.best_metric = float(metric[r])
        best = [fit.best_metric for fit in self._fits if fit.divergence is None]
        news = EpochNews(
            self._epoch, float(train_loss.mean()), float(metric.mean()), float(np.mean(best)) if best else np.nan
        )
        if self._has_stop_rows:
            self._leave([r for r in range(len(self._live)) if self._stopping.is_over(r)], "stopped")
        return on_epoch is not None and bool(on_epoch(news))

    def _leave(self, rows: Sequence[int], state: str) -> None:
        """Take networks out of the stack: each keeps its best parameters."""
        for r in sorted(rows, reverse=True):
            fit = self._fits[self._live[r]]
            if fit.divergence is None:
                theta, step = self._network.theta[r], self._descent.steps
                fit.divergence = of_parameters(theta, self._architecture, self._epoch, step)
            if fit.divergence is None and fit.curves["stop/loss"] and self._stopping.is_without(r):
                first = min(self._batches.steps, self._length.steps)
                fit.divergence = Divergence(1, first, self._architecture.L, STOP_ROWS)
            fit.state = state if fit.divergence is None else "diverged"
            if self._has_stop_rows:
                theta = self._stopping.theta[r]
            else:
                theta = self._descent.result[r]
                fit.best_epoch, fit.best_step = self._epoch, self._descent.steps
            fit.theta = rearranged(theta, self._architecture, self._given_architecture)
            self._remove_row(r)
        if rows:
            self._bind()

    def _parts(self) -> list[Network | Descent | Batches | Stopping | StopRows | Dropout]:
        """Return what has a row for each network."""
        stopping = (self._stopping, self._stop_rows) if self._has_stop_rows else ()
        parts = (self._network, self._descent, self._batches, *stopping, self._network.dropout)
        return [part for part in parts if part is not None]

    def _remove_row(self, r: int) -> None:
        """Give the place of row r to the last row; nothing is allocated anew."""
        last = len(self._live) - 1
        self._left.append(r)
        for part in self._parts():
            part.move(r, last)
        for listed in (self._live, self._order_rngs, self._mask_rngs):
            close_ranks_of_list(listed, r, last)

    def _bind(self) -> None:
        """Let every part work on the rows that are left."""
        if self._live:
            for part in self._parts():
                part.bind(len(self._live))
