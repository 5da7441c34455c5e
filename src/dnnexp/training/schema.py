"""What can be set about a training run."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dnnexp.errors import require, require_choice
from dnnexp.training.schedules import ScheduleConfig

__all__ = ["ScheduleConfig", "TrainerConfig"]

PRECISIONS = ("float32", "float64")
CLASS_WEIGHTS = ("none", "balanced")
KINDS = ("default", "lr_range_test")


@dataclass
class TrainerConfig:
    """Length of a run, batches, when to stop, and what is done to the gradient."""

    epochs: int = 60  # at most
    batch_size: int | None = 32  # examples per step, at most; None: all of them (full batch)
    patience: int | None = 20  # epochs without improvement before it stops; None: never
    loss: str | None = None  # None: the task's own
    label_smoothing: float = 0.1  # share of a class target that is spread over all classes
    class_weight: str = "none"  # balanced: classes count alike in the cost, however many examples each has
    l1: float = 0.0  # penalty l1 * sum |W|
    l2: float = 0.0  # penalty l2 / 2 * sum W^2, in the gradient (weight_decay of the optimizer is decoupled from it)
    clip_norm: float | None = None  # longest gradient; None: any
    average: float = 0.0  # decay of the running average of the weights that is kept and scored; 0: the weights
    health: bool = False  # gradient norms, silent units and step sizes of each layer, after each epoch
    precision: str = "float32"
    threads: int = 1  # of BLAS
    checkpoint: int | None = None  # epochs between two checkpoints; None: none are written
    resume: bool = False  # go on from the last checkpoint, bit for bit
    kind: str = "default"  # lr_range_test: short trainings at a ladder of learning rates instead of one training
    rates: int = 24  # range test: how many learning rates, evenly spaced in the logarithm
    lowest: float = 1e-6
    highest: float = 10.0
    steps: int = 300  # range test: that each network takes

    def __post_init__(self) -> None:
        require(self.epochs >= 1, "trainer.epochs", "epochs >= 1", self.epochs)
        if self.batch_size is not None:
            require(self.batch_size >= 1, "trainer.batch_size", "batch_size >= 1 (null: all rows)", self.batch_size)
        if self.patience is not None:
            require(self.patience >= 1, "trainer.patience", "patience >= 1 (null: never stop early)", self.patience)
        smoothing = self.label_smoothing
        require(0 <= smoothing < 1, "trainer.label_smoothing", "0 <= label_smoothing < 1", smoothing)
        require_choice("trainer.class_weight", self.class_weight, CLASS_WEIGHTS)
        require(0 <= self.l1 < math.inf, "trainer.l1", "l1 >= 0", self.l1)
        require(0 <= self.l2 < math.inf, "trainer.l2", "l2 >= 0", self.l2)
        if self.clip_norm is not None:
            require(self.clip_norm > 0, "trainer.clip_norm", "clip_norm > 0 (null: no clipping)", self.clip_norm)
        require(0 <= self.average < 1, "trainer.average", "0 <= average < 1", self.average)
        require_choice("trainer.precision", self.precision, PRECISIONS)
        require(self.threads >= 1, "trainer.threads", "threads >= 1", self.threads)
        if self.checkpoint is not None:
            require(self.checkpoint >= 1, "trainer.checkpoint", "checkpoint >= 1 (null: none)", self.checkpoint)
        elif self.resume:
            self.checkpoint = 1
        require_choice("trainer.kind", self.kind, KINDS)
        require(self.rates >= 3, "trainer.rates", "rates >= 3", self.rates)
        require(0 < self.lowest < math.inf, "trainer.lowest", "lowest > 0", self.lowest)
        law = f"highest > lowest, which is {self.lowest:g}"
        require(self.lowest < self.highest < math.inf, "trainer.highest", law, self.highest)
        require(self.steps >= 10, "trainer.steps", "steps >= 10", self.steps)
