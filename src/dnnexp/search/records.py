"""Trial records: what the storage knows about a trial, as plain values that need neither Optuna nor a database."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dnnexp.evaluation.cross_validation import Evaluation

__all__ = ["RELEASED", "STAGES", "STATES", "TrialRecord", "in_budget", "result_fields", "without_duplicates"]

STAGES = ("screen", "rescore", "confirm")
STATES = ("running", "complete", "diverged", "pruned", "failed")

INTERRUPTED = "interrupted"
OVER_BUDGET = "over the budget"
RELEASED = (INTERRUPTED, OVER_BUDGET)  # why a failed trial gives its place back, to be run as it would have been


@dataclass(frozen=True)
class TrialRecord:
    """One trial of one stage at one depth. Fields of the result are empty until it has ended, or where it failed."""

    depth: int  # hidden layers
    stage: str
    number: int  # in its own study, from 0
    state: str
    claim: int | None = None  # screen: its place in the depth's sequence; else the number of the screened trial
    params: Mapping[str, Any] = field(default_factory=dict)  # as suggested
    reason: str = ""  # where it diverged, why it failed
    started: dt.datetime | None = None
    ended: dt.datetime | None = None

    configuration: Mapping[str, Any] = field(default_factory=dict)  # by full config keys: the network that was built
    score: float | None = None  # mean of the scores; None unless complete
    scores: tuple[float, ...] = ()  # one per fold and seed, in the order that all trials of the stage share
    test_scores: tuple[float, ...] = ()  # NaN where there is none; for the record, not for a choice on development data
    metric: str = ""
    greater_is_better: bool = True
    n_train: float = 0.0  # mean rows a network was trained on
    n_score: float = 0.0  # mean rows it was scored on
    parameters: int = 0
    threshold: tuple[float, ...] = ()  # of each output, tuned on out-of-fold outputs; () where the default decides
    epochs: int = 0
    best_steps: tuple[int, ...] = ()
    schedule_steps: int = 0
    learned: float = 1.0  # share of its networks that ever were better than a constant answer
    rungs: tuple[tuple[int, float], ...] = ()  # (epoch, best mean score so far where it stops by), at some epochs
    seconds: float = 0.0
    metrics: Mapping[str, float] = field(default_factory=dict)
    curves: Mapping[str, tuple[float, ...]] = field(default_factory=dict)  # by epoch

    @property
    def key(self) -> tuple[int, int, int]:
        """(depth, stage, number): who it is, and the order in which records are read."""
        return self.depth, STAGES.index(self.stage), self.number

    @property
    def origin(self) -> int | None:
        """The number of the screened trial that this one is, or is of."""
        return self.number if self.stage == "screen" else self.claim

    @property
    def has_learned(self) -> bool:
        """Whether most of its networks ever were better than a constant answer."""
        return self.learned > 0.5

    @property
    def oriented_scores(self) -> tuple[float, ...]:
        """The scores, negated where less is better, so that higher is better."""
        return self.scores if self.greater_is_better else tuple(-score for score in self.scores)


def result_fields(evaluation: Evaluation, configuration: Mapping[str, Any], score: float | None) -> dict[str, Any]:
    """Return the fields of the result as JSON can hold them; what is not finite becomes None or is left out.

    score: None where the trial is not complete; single scores are then left out too.
    """
    return {
        "configuration": dict(configuration),
        "score": score,
        "scores": _finite(evaluation.scores.tolist()) if score is not None else [],
        "test_scores": _or_none(evaluation.test_scores.tolist()) if score is not None else [],
        "metric": evaluation.metric,
        "greater_is_better": bool(evaluation.greater_is_better),
        "n_train": float(evaluation.n_train),
        "n_score": float(evaluation.n_score),
        "parameters": int(evaluation.parameters),
        "threshold": [float(value) for value in evaluation.threshold],
        "epochs": int(evaluation.epochs),
        "best_steps": [int(step) for step in evaluation.best_steps],
        "schedule_steps": int(evaluation.schedule_steps),
        "learned": float(evaluation.learned),
        "seconds": float(evaluation.seconds),
        "metrics": {name: float(value) for name, value in evaluation.metrics.items() if math.isfinite(value)},
        "curves": {name: _or_none(curve.tolist()) for name, curve in evaluation.curves.items()},
    }


def _finite(values: list[float]) -> list[float]:
    return [value for value in values if math.isfinite(value)]


def _or_none(values: list[float]) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in values]


def _or_nan(values: Iterable[float | None]) -> tuple[float, ...]:
    return tuple(math.nan if value is None else value for value in values)


def from_result(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return stored fields of the result as TrialRecord has them: tuples, and NaN for what was not finite."""
    read = dict(fields)
    for name in ("scores", "best_steps", "threshold"):
        read[name] = tuple(read.get(name, ()))
    read["rungs"] = tuple((int(epoch), float(score)) for epoch, score in read.get("rungs", ()))
    read["test_scores"] = _or_nan(read.get("test_scores", ()))
    read["curves"] = {name: _or_nan(curve) for name, curve in read.get("curves", {}).items()}
    return read


def without_duplicates(records: Iterable[TrialRecord]) -> list[TrialRecord]:
    """Return the records in order of depth, stage and number, each once; one that has ended replaces itself running."""
    unique: dict[tuple[int, int, int], TrialRecord] = {}
    for record in records:
        if record.key not in unique or unique[record.key].state == "running":
            unique[record.key] = record
    return [unique[key] for key in sorted(unique)]


def in_budget(records: Iterable[TrialRecord], budget: int) -> list[TrialRecord]:
    """Return the trials that count: not failed, and fewer than `budget` lower-numbered ones that have not failed.

    The budget is that of a depth's screening. What rescores or confirms counts once for each screened trial it is of;
    one that has not yet said of which stays, so that nobody starts the same beside it.
    """
    counted: dict[tuple[int, str, int | None], int] = {}
    kept = []
    for record in without_duplicates(records):
        if record.state == "failed":
            continue
        if record.stage != "screen" and record.claim is None:
            kept.append(record)
            continue
        group = (record.depth, record.stage, None if record.stage == "screen" else record.claim)
        counted[group] = counted.get(group, 0) + 1
        if counted[group] <= (budget if record.stage == "screen" else 1):
            kept.append(record)
    return kept


def next_claim(records: Sequence[TrialRecord], number: int) -> int:
    """Return the place of screening trial `number` in the sequence of its depth, which seeds what it draws.

    The first place that nobody holds. An interrupted trial gives its place back, so that a sweep that goes on runs what
    it would have run; the place of a trial whose worker died stays lost, as whatever killed it might kill again. Beside
    a trial that has not claimed yet it is a negative number of its own, so that no two draw the same.
    """
    others = [record for record in records if record.number != number]
    if any(r.state == "running" and r.claim is None and r.number < number for r in others):
        return -1 - number
    taken = {record.claim for record in others if record.reason not in RELEASED}
    return next(place for place in range(len(others) + 1) if place not in taken)
