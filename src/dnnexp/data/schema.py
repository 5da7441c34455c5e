"""What can be set about the data and its preprocessing. Standard library and NumPy only: read before pandas is."""

from __future__ import annotations

from dataclasses import dataclass, field

from dnnexp.data.sources import SOURCES
from dnnexp.errors import require, require_choice

__all__ = ["SCALINGS", "TASKS", "DataConfig", "PreprocessingConfig"]

TASKS = ("regression", "binary", "multiclass", "multilabel")
SCALINGS = ("standard", "global", "none")


@dataclass
class PreprocessingConfig:
    """What is done to the inputs, always fitted on training rows only."""

    scaling: str = "standard"  # per column; global: one mean and scale for all columns

    def __post_init__(self) -> None:
        require_choice("data.preprocessing.scaling", self.scaling, SCALINGS)


@dataclass
class DataConfig:
    """Which data, what to predict, and how much is locked away for the test."""

    name: str = "digits"
    path: str | None = None  # a file, for the sources that read one
    target: str | None = None  # the column to predict
    drop: list[str] | None = None  # columns that must not be used
    task: str | None = None  # None: inferred from the target
    test_size: float = 0.2  # share of the rows, where the data has no official test rows
    seed: int = 0  # of a generator: the data stay the same whatever the seed of the run
    examples: int | None = None  # how many a generator makes; None: as many as is usual for it
    noise: float | None = None  # of a generator; None: as much as is usual for it
    bits: int | None = None  # of parity: input columns, 2^bits examples
    compositions: int | None = None  # of sawtooth: 2^compositions linear pieces
    preprocessing: PreprocessingConfig = field(default_factory=PreprocessingConfig)

    def __post_init__(self) -> None:
        require_choice("data.name", self.name, SOURCES)
        require(0 < self.test_size < 1, "data.test_size", "0 < test_size < 1", self.test_size)
        require(self.seed >= 0, "data.seed", "seed >= 0", self.seed)
        if self.task is not None:
            require_choice("data.task", self.task, TASKS)
        if self.examples is not None:
            require(self.examples >= 10, "data.examples", "examples >= 10", self.examples)
        if self.noise is not None:
            require(0 <= self.noise < float("inf"), "data.noise", "noise >= 0", self.noise)
        if self.bits is not None:
            require(4 <= self.bits <= 16, "data.bits", "4 <= bits <= 16", self.bits)
        if self.compositions is not None:
            require(1 <= self.compositions <= 20, "data.compositions", "1 <= compositions <= 20", self.compositions)
