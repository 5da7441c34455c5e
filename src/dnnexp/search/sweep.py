"""A sweep: what its workers are told, what they score with, and whom they tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from dnnexp.search.journal import StudyRuns
from dnnexp.search.ladder import Climb
from dnnexp.search.records import TrialRecord
from dnnexp.search.schema import SearchConfig
from dnnexp.search.storage import GRACE, HEARTBEAT, opened_storage, trouble_in_words
from dnnexp.search.studies import Studies

if TYPE_CHECKING:
    from dnnexp.evaluation.configuration import Configuration
    from dnnexp.evaluation.cross_validation import Evaluation
    from dnnexp.training.fit import EpochNews, OnEpoch

__all__ = ["Listeners", "Scorers", "Sweep"]


@dataclass(frozen=True)
class Sweep:
    """What every worker of a sweep is told: plain values that can be sent to another process."""

    name: str
    url: str
    config: SearchConfig
    base: Configuration  # what the space does not vary
    fingerprint: Mapping[str, Any]  # what decides a score and the sequence of trials, by config key
    seed: int
    greater_is_better: bool = True
    defaults: Mapping[str, Any] = field(default_factory=dict)  # what a setting was before there was a key for it
    heartbeat: int = HEARTBEAT
    grace: int = GRACE

    @contextmanager
    def studies(self) -> Iterator[Studies]:
        """Open the sweep's studies meanwhile; raises ConfigError where they were begun with another fingerprint."""
        with opened_storage(self.url, self.heartbeat, self.grace) as storage:
            yield Studies(storage, self.name, self.fingerprint, self.greater_is_better, self.defaults)

    def runs(self) -> StudyRuns:
        """Return what the runs of the sweep are called, in whatever store of MLflow they are."""
        with trouble_in_words(self.url), self.studies() as studies:
            return StudyRuns(self.name, studies.identity)


class Scorers(NamedTuple):
    """How a configuration is scored at each stage; the one place where the ladder meets data."""

    screen: Callable[[Configuration, OnEpoch | None], Evaluation]
    confirm: Callable[[Configuration, TrialRecord], Evaluation]  # a refit needs the steps that the choice took
    rescore: Callable[[Configuration, OnEpoch | None], Evaluation] | None = None  # on fresh folds and seeds


class Listeners(NamedTuple):
    """Who is told what happens in this worker."""

    on_trial: Callable[[TrialRecord], None] | None = None  # after a trial has ended and is stored
    on_epoch: Callable[[int, str, int, EpochNews], None] | None = None  # depth, stage, trial number, the epoch's news
    on_climb: Callable[[Climb], None] | None = None  # how far all workers have come, before each trial
