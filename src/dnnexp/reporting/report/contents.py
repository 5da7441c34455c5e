"""Everything a report shows, as plain values; the page is made from nothing else.

What is not known is None or empty, and its part of the page is left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

__all__ = [
    "ACTIVATION",
    "FIRST_WIDTH",
    "Baseline",
    "BestOf",
    "Boundary",
    "Choice",
    "Command",
    "Confusion",
    "Contents",
    "Depth",
    "Estimate",
    "Example",
    "Optimism",
    "Residuals",
    "Trial",
]

FIRST_WIDTH, ACTIVATION = "first width", "activation"  # settings that a network's name says
Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A score or a difference of scores, with its standard error and the limits of its 95% interval.

    What is not finite is not known: it becomes None.
    """

    value: float
    error: float | None = None
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        for name in ("error", "low", "high"):
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                object.__setattr__(self, name, None)


@dataclass(frozen=True)
class Choice:
    """The network that was chosen."""

    network: str  # its name, as everywhere
    depth: int  # hidden layers
    widths: str  # "64x32"
    activation: str
    parameters: int
    score: Estimate  # what it was chosen by: on development data, or on the test rows where these choose
    folds: int  # scores on development data
    test: Estimate | None = None  # on the test rows; limits where several seeds were confirmed
    test_rows: int = 0
    test_seeds: Sequence[float] = ()  # the test score of each seed's refit
    right: int | None = None  # test rows that are classified right
    over_one_layer: Estimate | None = None  # gain over the best network of one hidden layer; None where it has one
    reason: str = ""  # why there is no model
    over_baseline: Estimate | None = None  # gain over the best of what needs no network, on the same folds
    baseline: str = ""  # the name of that
    is_flattered: bool = False  # that gain is by the screening, which picked the network but not the baseline
    development: Estimate | None = None  # where the test rows chose: the score on development data, which chose nothing
    gap: float | None = None  # where the test rows chose: how much better that makes the figure look


@dataclass(frozen=True)
class Depth:
    """One depth whose trials have all ended."""

    depth: int
    network: str  # the best; "" where none was completed
    score: Estimate | None  # of the best
    gain: Estimate | None  # over the best shallower network, positive is better whatever the metric
    compared_depth: int | None
    verdict: str  # the gain in words
    trials: int
    diverged: int
    pruned: int
    seconds: float
    curves: Mapping[str, Sequence[float]] = field(default_factory=dict)  # of the best, "val/accuracy" by epoch
    over_choice: Estimate | None = None  # gain of the best over the choice, where it is deeper than that


@dataclass(frozen=True)
class Trial:
    """One row of the leaderboard."""

    rank: int | None  # None: it has no score
    network: str
    depth: int
    stage: str  # screen, rescore
    number: int
    state: str  # complete, pruned, diverged
    score: Estimate | None  # what it is judged by: on fresh folds where it was scored again
    screening: Estimate | None  # as it was first scored, like all the others
    test: float | None
    parameters: int
    settings: Mapping[str, float | str]  # what was searched, by names as one reads them
    epochs: int
    seconds: float
    reason: str = ""
    is_choice: bool = False


@dataclass(frozen=True)
class Baseline:
    """What something simpler scores on the same rows: majority or mean, linear, boosted trees."""

    name: str
    score: Estimate | None  # on development data
    test: float | None = None
    seconds: float | None = None
    is_fresh: bool = False  # scored on the fresh folds, as the best networks are


@dataclass(frozen=True)
class BestOf:
    """The best score to be expected of any n of a depth's trials."""

    depth: int
    values: Sequence[float]  # for n = 1, 2, …
    low: Sequence[float] = ()  # one jackknife standard error either way, for as many n as it is known: half of them
    high: Sequence[float] = ()
    seconds: Sequence[float] = ()  # that n trials take


@dataclass(frozen=True)
class Optimism:
    """How much better a network looked when it was picked than when it was scored again on fresh folds."""

    network: str
    screening: Estimate
    rescored: Estimate
    difference: Estimate


@dataclass(frozen=True)
class Confusion:
    """How often each class (row) of the test rows was predicted as each class (column)."""

    classes: Sequence[str]
    counts: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Residuals:
    """Predictions of a quantity for the test rows, in its units."""

    target: str
    predicted: Array
    actual: Array


@dataclass(frozen=True)
class Example:
    """A test row that was predicted badly."""

    name: str  # "row 17"
    actual: str
    predicted: str
    note: str  # how bad
    pixels: npt.NDArray[np.uint8] | None = None  # (height, width) or (height, width, 3)
    values: Mapping[str, str] = field(default_factory=dict)  # of its columns, where it is no image


@dataclass(frozen=True)
class Boundary:
    """What the network says over the plane of two columns, and the test rows on it."""

    columns: tuple[str, str]
    classes: Sequence[str]
    x: tuple[float, float]  # from, to
    y: tuple[float, float]
    predicted: npt.NDArray[np.int64]  # (height, width) codes into classes, y upwards
    certainty: Array  # (height, width) probability of that class
    points: Array  # (rows, 2)
    actual: npt.NDArray[np.int64]  # (rows,)


@dataclass(frozen=True)
class Command:
    """Something to type, and what it does."""

    about: str
    text: str


@dataclass(frozen=True)
class Contents:
    """A sweep, as its report shows it."""

    study: str
    data: str
    metric: str
    greater_is_better: bool
    sentences: Sequence[str]  # the answer, as the terminal prints it
    choice: Choice | None
    depths: Sequence[Depth] = ()
    trials: Sequence[Trial] = ()  # in the order of the leaderboard
    leaderboard_csv: str = ""
    baselines: Sequence[Baseline] = ()
    best_of: Sequence[BestOf] = ()
    optimism: Optimism | None = None
    outcome: Confusion | Residuals | None = None
    worst: Sequence[Example] = ()
    boundary: Boundary | None = None
    summary: Sequence[str] = ()  # of the data
    shares: Mapping[str, int] = field(default_factory=dict)  # rows of each class
    commands: Sequence[Command] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)
    stopped: str = ""  # why growing stopped; empty where it has not
    is_optimistic: bool = False  # the test rows chose: depths and choice are judged by the rows they are measured on

    @property
    def judged_by(self) -> str:
        """What the figures of depths and choice are, in words."""
        return f"optimistic test {self.metric}" if self.is_optimistic else self.metric
