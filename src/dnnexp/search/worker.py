"""A worker: asks the records what to do, does it, records it, until nothing is left. N identical ones make a sweep."""

from __future__ import annotations

import math
import time
import warnings

import optuna

from dnnexp.processes.interrupts import Interrupts
from dnnexp.search.ladder import Climb, Confirm, Done, Rescore, Screen, Wait, climb
from dnnexp.search.records import TrialRecord
from dnnexp.search.storage import trouble_in_words
from dnnexp.search.studies import Studies
from dnnexp.search.sweep import Listeners, Scorers, Sweep
from dnnexp.search.trial import Trial, WithdrawnError

__all__ = ["Worker", "climb_ladder"]

PAUSES = (0.1, 0.2, 0.5, 1.0)  # seconds between two looks at what others are running


def climb_ladder(sweep: Sweep, scorers: Scorers, listeners: Listeners | None = None) -> Climb:
    """Work on the sweep until it is done, beside whoever else does, and return how it ended.

    Ctrl-C gives up the running trial, to be run again by whoever goes on, and is raised again with a message.
    """
    try:
        with Interrupts() as interrupts, trouble_in_words(sweep.url), sweep.studies() as studies:
            return Worker(sweep, studies, scorers, listeners or Listeners(), interrupts).run()
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"stopped: every finished trial of study {sweep.name!r} is kept, the same command goes on from there"
        ) from None


class Worker:
    """One worker's view of the sweep: the studies, the records it has read, and the pause it is taking."""

    def __init__(
        self, sweep: Sweep, studies: Studies, scorers: Scorers, listeners: Listeners, interrupts: Interrupts
    ) -> None:
        if sweep.config.rescore and scorers.rescore is None:
            raise ValueError("search.rescore needs a scorer for the stage 'rescore'")
        self.sweep, self.studies, self.scorers, self.listeners = sweep, studies, scorers, listeners
        self.interrupts = interrupts
        self.records: dict[tuple[int, str], list[TrialRecord]] = {}
        self.waited_since: dict[tuple[int, int, int], float] = {}  # by trial, seconds of the monotonic clock
        self.untold: int | None = None  # the number of the trial that has ended here since the last look

    def run(self) -> Climb:
        """Return the climb once there is nothing left to do."""
        place: tuple[int, str] | None = None
        pauses = 0
        while True:
            ladder = self.look(place)
            if place is not None:
                self.tell(place)
            self.interrupts.check()
            work = ladder.work
            while not isinstance(work, Done) and (work.depth, work.stage) != place:
                place = (work.depth, work.stage)  # another study: what others did meanwhile may have changed the rest
                ladder = self.look(None)
                work = ladder.work
            if self.listeners.on_climb is not None:
                self.listeners.on_climb(ladder)
            if isinstance(work, Done):
                return ladder
            if isinstance(work, Wait):
                self.bury(work)
                with self.interrupts.allowed():
                    time.sleep(PAUSES[min(pauses, len(PAUSES) - 1)])
                pauses += 1
            else:
                pauses = 0
                self.untold = self.do(work)

    def tell(self, place: tuple[int, str]) -> None:
        """Tell who listens of the trial that has ended here, as it was read at `place`."""
        number, self.untold = self.untold, None
        if number is None or self.listeners.on_trial is None:
            return
        record = next(r for r in self.records[place] if r.number == number)
        if record.state != "failed":
            self.listeners.on_trial(record)

    def look(self, place: tuple[int, str] | None) -> Climb:
        """Return how far the ladder has come; reads the study at `place` again, or all of them."""
        for depth, stage in self.studies.existing() if place is None else [place]:
            self.records[depth, stage] = self.studies.read(depth, stage)
        return climb((record for records in self.records.values() for record in records), self.sweep.config)

    def do(self, work: Screen | Rescore | Confirm) -> int | None:
        """Run one trial of the work, inside Optuna's loop for its heartbeats; return its number, if it got one."""
        study = self.studies.open(work.depth, work.stage)
        trial = Trial(self.sweep, self.studies, self.scorers, self.listeners, self.interrupts, work, study)
        try:
            study.optimize(trial, n_trials=1, catch=(WithdrawnError,))
        except (optuna.exceptions.UpdateFinishedTrialError, ValueError, AssertionError):  # the last: while it is told
            if not trial.was_taken_away():
                raise
            if self.interrupts.is_requested:
                raise KeyboardInterrupt from None
            return None
        return trial.number

    def bury(self, work: Wait) -> None:
        """Fail the trials of dead workers, once they have shown no sign of life for the grace period.

        A worker can die before its trial's first sign of life, and would be waited for for ever: a trial that has been
        waited for so long without being failed is given one, by each worker once.
        """
        study = self.studies.open(work.depth, work.stage)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            optuna.storages.fail_stale_trials(study)
        now = time.monotonic()
        for record in self.records[work.depth, work.stage]:
            if record.state == "running" and now - self.waited_since.setdefault(record.key, now) > self.sweep.grace:
                self.studies.backend.record_heartbeat(self.studies.trial_id(record))
                self.waited_since[record.key] = math.inf  # once: a second sign would keep it alive
