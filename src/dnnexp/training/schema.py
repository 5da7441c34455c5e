"""What can be set about a training run."""

from __future__ import annotations

from dataclasses import dataclass

from dnnexp.errors import require, require_choice
from dnnexp.training.schedules import ScheduleConfig

__all__ = ["ScheduleConfig", "TrainerConfig"]

PRECISIONS = ("float32", "float64")


@dataclass
class TrainerConfig:
    """Length of a run, batches, and when to stop."""

    epochs: int = 100  # at most
    batch_size: int | None = 64  # examples per step, at most; None: all of them (full batch)
    patience: int | None = 20  # epochs without improvement before it stops; None: never
    precision: str = "float32"
    threads: int = 1  # of BLAS

    def __post_init__(self) -> None:
        require(self.epochs >= 1, "trainer.epochs", "epochs >= 1", self.epochs)
        if self.batch_size is not None:
            require(self.batch_size >= 1, "trainer.batch_size", "batch_size >= 1 (null: all rows)", self.batch_size)
        if self.patience is not None:
            require(self.patience >= 1, "trainer.patience", "patience >= 1 (null: never stop early)", self.patience)
        require_choice("trainer.precision", self.precision, PRECISIONS)
        require(self.threads >= 1, "trainer.threads", "threads >= 1", self.threads)
