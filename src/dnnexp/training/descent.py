"""One step of all live networks, from the gradient of the cost to new parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dnnexp.network.network import Network
from dnnexp.network.optimizers import Optimizer, OptimizerConfig
from dnnexp.network.parameters import undecayed
from dnnexp.training.examples import Member
from dnnexp.training.plateau import Plateau
from dnnexp.training.schedules import PLATEAU, ScheduleConfig, factor
from dnnexp.training.schema import TrainerConfig

__all__ = ["Descent"]

Array = npt.NDArray[Any]


class Descent:
    """Penalties, clipping, decay, the optimizer's rule at the scheduled learning rate, and the average of weights."""

    def __init__(
        self,
        network: Network,
        members: Sequence[Member],
        optimizer: OptimizerConfig,
        schedule: ScheduleConfig,
        trainer: TrainerConfig,
        schedule_steps: int,
    ) -> None:
        self._network, self._schedule, self._trainer = network, schedule, trainer
        self._schedule_steps = schedule_steps
        self._alpha = np.array([[member.alpha] for member in members])
        self._weight_decay = np.array([[member.weight_decay] for member in members])
        kept = undecayed(network.architecture) if self._weight_decay.any() else None
        self.optimizer = Optimizer(optimizer, network.theta, network.gradient, kept)
        self.plateau = Plateau(len(members), schedule.drop, schedule.wait) if schedule.name == PLATEAU else None
        self.average = network.theta.copy() if trainer.average else None
        has_penalty = trainer.l1 > 0 or trainer.l2 > 0
        self._scratch = np.empty_like(network.theta) if has_penalty or trainer.average else None
        self.steps = 0
        self.bind(len(members))

    @property
    def result(self) -> Array:
        """The parameters that are kept and scored, (R, P) of the live networks."""
        source = self._network.theta if self.average is None else self.average
        return source[: self._network.networks]

    def bind(self, networks: int) -> None:
        """Move the first `networks` networks from now on."""
        self._live = networks
        alpha, decay = self._alpha[:networks], self._weight_decay[:networks]
        is_shared = self.plateau is None and bool((alpha == alpha[0]).all() and (decay == decay[0]).all())
        self._rates: float | Array = alpha.item(0) if is_shared else alpha
        self._decays: float | Array = decay.item(0) if is_shared or not decay.any() else decay
        self.optimizer.bind(networks)

    def penalize(self) -> None:
        """Add l1 sign(W) + l2 W to the gradient."""
        l1, l2 = self._trainer.l1, self._trainer.l2
        if l1 or l2:
            for W, dW in zip(self._network.weights, self._network.weight_gradients, strict=True):
                scratch = self._scratch_like(W)
                if l2:
                    np.multiply(W, l2, out=scratch)
                    np.add(dW, scratch, out=dW)
                if l1:
                    np.sign(W, out=scratch)
                    np.multiply(scratch, l1, out=scratch)
                    np.add(dW, scratch, out=dW)

    def step(self, squared_norms: Array) -> None:
        """W := W - alpha dW, b := b - alpha db, or as the optimizer has it; squared_norms (R,) of the gradient."""
        network, live = self._network, self._live
        clip = self._trainer.clip_norm
        if clip is not None and max(squared_norms.tolist()) > 0.99 * clip * clip:  # well below it all scales are 1
            gradient = network.gradient[:live]
            for r in np.flatnonzero(np.isinf(squared_norms)):
                _shorten(gradient[r], clip)
            scale = np.minimum(1, clip / np.sqrt(np.maximum(squared_norms, np.finfo(squared_norms.dtype).tiny)))
            gradient *= np.where(np.isinf(squared_norms), 1, scale)[:, None]
        alpha = self._rates * factor(self._schedule, self.steps, self._schedule_steps)
        if self.plateau is not None:
            alpha *= self.plateau.factor[:live]
        self.optimizer.step(alpha, self._decays)
        self.steps += 1
        if self.average is not None:
            self._update_average(self.average[:live])

    def end_epoch(self, cost: npt.NDArray[np.float64]) -> None:
        """Take note of the mean cost (R,) of an epoch of the live networks."""
        if self.plateau is not None:
            self.plateau.end_epoch(cost)

    def state(self) -> dict[str, Array]:
        """Return the arrays that change from step to step, by name."""
        arrays = {"optimizer": self.optimizer.state}
        if self.average is not None:
            arrays["average"] = self.average
        if self.plateau is not None:
            plateau = self.plateau
            arrays |= {"plateau": plateau.factor, "plateau/lowest": plateau.lowest, "plateau/waited": plateau.waited}
        return arrays

    def _update_average(self, average: Array) -> None:
        """average := d average + (1 - d) theta; d rises to its value, so that the first steps are forgotten."""
        assert self._scratch is not None
        steps = self.optimizer.steps  # those of the training that this one goes on from included
        decay = min(self._trainer.average, (1 + steps) / (10 + steps))
        scratch = self._scratch[: self._live]
        np.subtract(self._network.theta[: self._live], average, out=scratch)
        np.multiply(scratch, 1 - decay, out=scratch)
        np.add(average, scratch, out=average)

    def _scratch_like(self, W: Array) -> Array:
        assert self._scratch is not None
        return self._scratch.reshape(-1)[: W.size].reshape(W.shape)

    def move(self, target: int, source: int) -> None:
        """Copy what belongs to network `source` to row `target`."""
        self.optimizer.move(target, source)
        if self.plateau is not None:
            self.plateau.move(target, source)
        kept = () if self.average is None else (self.average,)
        for array in (self._alpha, self._weight_decay, *kept):
            array[target] = array[source]


def _shorten(out: Array, length: float) -> None:
    """Scale a vector (P,) whose squared norm overflows to that length where it is longer: squares of its shares do not.

    Only the share is scaled: the factor on the whole may be too small a number to be told from 0.
    """
    largest = float(np.abs(out).max())
    share = out / largest
    norm = float(np.sqrt(np.vecdot(share, share)))
    if length / largest < norm:
        np.multiply(share, length / norm, out=out)
