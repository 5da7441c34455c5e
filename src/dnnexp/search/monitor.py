"""What is shown of a sweep while it runs: every trial that has ended, and a line for each finished depth."""

from __future__ import annotations

from typing import Protocol

from dnnexp.search.answer import short_verdict
from dnnexp.search.journal import network_name
from dnnexp.search.ladder import Climb, climb
from dnnexp.search.records import TrialRecord, in_budget
from dnnexp.search.storage import trouble_in_words
from dnnexp.search.summary import standard_error
from dnnexp.search.sweep import Sweep

__all__ = ["Monitor", "Shows"]


class Shows(Protocol):
    """A display of progress, as far as the monitor needs it."""

    def trial(
        self, depth: int, done: int, total: int, *, stage: str, score: float | None, error: float | None, network: str
    ) -> None: ...
    def depth(
        self,
        depth: int,
        *,
        network: str,
        score: float | None,
        error: float | None,
        gain: float | None,
        gain_error: float | None,
        note: str,
    ) -> None: ...


class Monitor:
    """Tells a display what the workers of a sweep have done, each thing once."""

    def __init__(self, sweep: Sweep, display: Shows) -> None:
        self._sweep, self._display = sweep, display
        self._studies = sweep.studies()
        self._ended: dict[tuple[int, int, int], TrialRecord] = {}
        self._depths = 0  # finished depths that have been shown

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

    def keep_looking(self) -> None:
        """Show what is new, for those who do not ask how far it has come."""
        self.look_again()

    def trial(self, record: TrialRecord) -> None:
        """Show a trial that has ended."""
        if record.key in self._ended:
            return
        self._ended[record.key] = record
        if record.stage != "screen":
            return
        done = sum((r.depth, r.stage) == (record.depth, "screen") for r in self._ended.values())
        is_complete = record.state == "complete"
        self._display.trial(
            record.depth,
            done,
            self._sweep.config.trials_per_depth,
            stage="",
            score=record.score,
            error=standard_error(record) if is_complete else None,
            network=network_name(record) if is_complete else "",
        )

    def look(self, climb: Climb) -> None:
        """Show the depths that have been finished since the last look."""
        for summary in climb.summaries[self._depths :]:
            best, gain = summary.best, summary.gain
            self._display.depth(
                summary.depth,
                network="" if best is None else network_name(best),
                score=summary.score,
                error=summary.standard_error,
                gain=None if gain is None else gain.estimate,
                gain_error=None if gain is None else gain.standard_error,
                note=short_verdict(summary),
            )
        self._depths = max(self._depths, len(climb.summaries))
