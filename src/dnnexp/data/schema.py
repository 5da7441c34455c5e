"""What can be set about the data and its preprocessing. Standard library and NumPy only: read before pandas is."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

from dnnexp.data.sources import SOURCES
from dnnexp.errors import ConfigError, require, require_choice

__all__ = ["SCALINGS", "SELECTORS", "SKEWS", "TASKS", "DataConfig", "PreprocessingConfig"]

TASKS = ("regression", "binary", "multiclass", "multilabel")
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": " "}
SCALINGS = ("standard", "robust", "global", "none")
SKEWS = ("none", "log", "quantile")
SELECTORS = ("trees", "mutual_information")
MOST = 1_000_000_000  # examples or columns that a generator makes


@dataclass
class PreprocessingConfig:
    """What is done to the inputs, always fitted on training rows only."""

    scaling: str = "standard"  # of numbers, per column; global: one mean and scale for all columns
    skew: str = "none"  # of numbers, before scaling: log: sign(x) log(1 + |x|); quantile: normal scores of the ranks
    categories: int = 32  # features of a category column, at most: the rarest share the last
    select: int | None = None  # columns that are kept, the most important ones; None: all
    select_by: str = "trees"  # what is called important

    def __post_init__(self) -> None:
        require_choice("data.preprocessing.scaling", self.scaling, SCALINGS)
        require_choice("data.preprocessing.skew", self.skew, SKEWS)
        require(self.categories >= 2, "data.preprocessing.categories", "categories >= 2", self.categories)
        if self.select is not None:
            require(self.select >= 1, "data.preprocessing.select", "select >= 1 (null: all columns)", self.select)
        require_choice("data.preprocessing.select_by", self.select_by, SELECTORS)


@dataclass
class DataConfig:
    """Which data, what to predict, and how much is locked away for the test."""

    name: str = "digits"
    path: str | None = None  # a file, for the sources that read one
    labels_path: str | None = None  # of IDX images; None: the file beside them
    target: str | list[str] | None = None  # the column or columns to predict
    separator: str | None = None  # between cells; None: whichever suits the first lines
    encoding: str | None = None  # of a text file; None: UTF-8
    drop: list[str] | None = None  # columns that must not be used
    keep: list[str] | None = None  # the only columns that may be inputs; None or none: all others
    numbers: list[str] | None = None  # columns read as numbers, whatever else is in them is missing
    categories: list[str] | None = None  # columns read as categories, numbers or not
    rows: int | None = None  # the first so many of the file; None: all
    split: str | None = None  # column of an official split, train or test
    test_path: str | None = None  # a file of official test rows
    group: str | None = None  # column whose rows of one value stay together
    time: str | None = None  # column of times: later rows test, score and stop
    weight: str | None = None  # column of sample weights, >= 0
    missing_target: list[str] | None = None  # texts that say a row has no target; None: the usual ones, as NA and None
    drop_missing_target: bool = False  # leave out rows without a target
    allow_leaks: bool = False  # keep a column that equals the target
    task: str | None = None  # None: inferred from the target
    test_size: float = 0.2  # share of the rows, where the data has no official test rows
    seed: int = 0  # of a generator: the data stay the same whatever the seed of the run
    examples: int | None = None  # how many a generator makes; None: as many as is usual for it
    noise: float | None = None  # of a generator; None: as much as is usual for it
    columns: int | None = None  # of friedman1: 5 matter, the others are noise
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
            require(10 <= self.examples <= MOST, "data.examples", f"10 <= examples <= {MOST}", self.examples)
        if self.noise is not None:
            require(0 <= self.noise < float("inf"), "data.noise", "noise >= 0", self.noise)
        if self.columns is not None:
            require(5 <= self.columns <= MOST, "data.columns", f"5 <= columns <= {MOST}", self.columns)
        if self.bits is not None:
            require(4 <= self.bits <= 16, "data.bits", "4 <= bits <= 16", self.bits)
        if self.compositions is not None:
            require(1 <= self.compositions <= 20, "data.compositions", "1 <= compositions <= 20", self.compositions)
        self._check_reading()

    @property
    def delimiter(self) -> str | None:
        """The character between cells; None: whichever suits the first lines."""
        return None if self.separator is None else SEPARATORS.get(self.separator, self.separator)

    def _check_reading(self) -> None:
        if self.delimiter is not None:
            law = f"one character, no letter, digit or quotation mark, or one of {', '.join(SEPARATORS)}"
            is_one = len(self.delimiter) == 1 and not self.delimiter.isalnum() and self.delimiter not in '"\r\n.+-'
            require(is_one, "data.separator", law, self.separator)
        if self.encoding is not None:
            require(_is_encoding(self.encoding), "data.encoding", "the name of an encoding of text", self.encoding)
        if self.rows is not None:
            require(self.rows >= 10, "data.rows", "rows >= 10", self.rows)
        both = sorted(set(self.numbers or []) & set(self.categories or []))
        require(not both, "data.numbers", "columns that are no data.categories", both)
        _require_one({"data.split": self.split, "data.test_path": self.test_path}, "the official test rows")
        _require_one({"data.group": self.group, "data.time": self.time}, "what divides the rows")


def _is_encoding(name: str) -> bool:
    try:
        io.TextIOWrapper(io.BytesIO(), encoding=name)
    except (LookupError, ValueError):
        return False
    return True


def _require_one(settings: dict[str, str | None], what: str) -> None:
    """Raise ConfigError where two settings say the same thing in different ways."""
    given = [key for key, value in settings.items() if value is not None]
    if len(given) > 1:
        raise ConfigError(f"{' and '.join(given)}: need one of the two to say {what}")
