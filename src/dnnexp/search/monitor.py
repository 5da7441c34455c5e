"""What is shown of a sweep while it runs: every trial that has ended, and a line for each finished depth."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Protocol

from dnnexp.search.answer import OPTIMISTIC, short_verdict
from dnnexp.search.journal import network_name
from dnnexp.search.ladder import Climb, climb
from dnnexp.search.records import TrialRecord, in_budget
from dnnexp.search.storage import trouble_in_words
from dnnexp.search.studies import Studies
from dnnexp.search.summary import standard_error
from dnnexp.search.sweep import Sweep

__all__ = ["Monitor", "Shows", "expected_seconds"]

NAMES = {"screen": "", "rescore": "scored again"}  # of the stages that are shown


class Shows(Protocol):
    """A display of progress, as far as the monitor needs it."""

    def trial(
        self, depth: int, done: int, total: int, *, stage: str, score: float | None, error: float | None, network: str
    ) -> None: ...
    def depth(
        self,
        depth: int,
        *,
        kind: str,
        network: str,
        score: float | None,
        error: float | None,
        gain: float | None,
        gain_error: float | None,
        note: str,
    ) -> None: ...
    def estimate(self, seconds: float, what: str) -> None: ...


class Monitor:
    """Tells a display what the workers of a sweep have done, each thing once.

    workers: how many share the work, as far as is known here; fresh: the networks that one is scored again by. since:
    when they began, by this machine's clock; what had ended by then was done before. None: now.
    """

    def __init__(
        self,
        sweep: Sweep,
        studies: Studies,
        display: Shows,
        workers: int = 1,
        fresh: int = 0,
        since: datetime | None = None,
    ) -> None:
        self._sweep, self._studies, self._display = sweep, studies, display
        self._workers, self._fresh = workers, fresh
        again = sweep.config.rescore if sweep.config.scores_again else 0
        self._again = min(again, sweep.config.trials_per_depth)  # configurations of each depth
        self._ended: dict[tuple[int, int, int], TrialRecord] = {}
        self._depths = 0  # finished depths that have been shown
        self._since = datetime.now() if since is None else since

    def records(self) -> list[TrialRecord]:
        """Return all trials of the sweep that count."""
        with trouble_in_words(self._sweep.url):
            return in_budget(self._studies.read_all(), self._sweep.config.trials_per_depth)

    def look_again(self) -> Climb:
        """Read what all workers have written, show what is new, and return how far they have come."""
        records = self.records()
        for record in records:
            if record.state != "running":
                self.trial(record)
        now = climb(records, self._sweep.config)
        self.look(now)
        return now

    def others_are_at_work(self) -> bool:
        """Whether somebody still runs a trial of the sweep, here or elsewhere."""
        return any(record.state == "running" for record in self.records())

    def trial(self, record: TrialRecord) -> None:
        """Show a trial that has ended; after the first one of all, how long its depth will take."""
        if record.key in self._ended or record.stage not in NAMES:
            return
        self._ended[record.key] = record
        config = self._sweep.config
        is_new = record.ended is None or record.ended >= self._since
        if is_new and len(self._ended) == 1 and config.trials_per_depth > 1:
            again = f", the best {self._again} scored again" if self._again and self._fresh else ""
            what = f"depth {record.depth}, {config.trials_per_depth} configurations{again}; deeper ones take longer"
            self._display.estimate(self.expected(record), what)
        done = Counter((r.depth, r.stage) for r in self._ended.values())
        is_complete = record.state == "complete"
        screened = done[record.depth, "screen"]
        self._display.trial(
            record.depth,
            done[record.depth, record.stage],
            config.trials_per_depth if record.stage == "screen" else min(config.rescore, screened),
            stage=NAMES[record.stage],
            score=record.score,
            error=standard_error(record) if is_complete else None,
            network=network_name(record) if is_complete else "",
        )

    def expected(self, first: TrialRecord) -> float:
        """Return the seconds that a depth will take, from its first trial."""
        config = self._sweep.config
        again = self._again * self._fresh / max(1, len(first.best_steps))
        return expected_seconds(first, config.trials_per_depth + again, self._workers)

    def look(self, climb: Climb) -> None:
        """Show the depths that have been finished since the last look."""
        for summary in climb.summaries[self._depths :]:
            best, gain = summary.best, summary.gain
            self._display.depth(
                summary.depth,
                kind=f"{OPTIMISTIC} test" if self._sweep.config.selection == "test" else "",
                network="" if best is None else network_name(best),
                score=summary.score,
                error=summary.standard_error,
                gain=None if gain is None else gain.estimate,
                gain_error=None if gain is None else gain.standard_error,
                note=short_verdict(summary),
            )
        self._depths = max(self._depths, len(climb.summaries))


def expected_seconds(first: TrialRecord, trials: float, workers: int) -> float:
    """Return how long that many trials like the first take, storage and records included."""
    is_timed = first.started is not None and first.ended is not None
    taken = (first.ended - first.started).total_seconds() if is_timed else first.seconds  # type: ignore[operator]
    return trials * max(taken, first.seconds) / workers
