"""The ladder: what to do next is a pure function of the records, which every worker computes for itself.

At each depth: screen the budget of configurations; score the best again, where that is asked for; judge whether the
depth has gained; grow or stop. At the end confirm the choice once. No worker leads, and nothing is remembered that is
not in the records.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from dnnexp.search.records import TrialRecord, in_budget
from dnnexp.search.schema import LADDER, SearchConfig
from dnnexp.search.space import grow
from dnnexp.search.summary import DepthSummary, choose, mean_score, summarize

__all__ = ["Climb", "Confirm", "Done", "Rescore", "Screen", "Wait", "Work", "climb", "next_work"]


class Screen(NamedTuple):
    """Try one more configuration of a depth; the first place of its sequence is the seed's, if there is one."""

    depth: int
    seed: Mapping[str, Any] | None
    stage: str = "screen"


class Rescore(NamedTuple):
    """Score a screened trial again, on fresh folds and seeds."""

    depth: int
    source: TrialRecord
    stage: str = "rescore"


class Confirm(NamedTuple):
    """Refit the choice on all development rows and score it on the test rows, once."""

    depth: int
    source: TrialRecord
    stage: str = "confirm"


class Wait(NamedTuple):
    """Others run what is left of this stage; look again when they have ended, or have been found dead."""

    depth: int
    stage: str


class Done(NamedTuple):
    """Nothing is left to do."""

    reason: str


Work = Screen | Rescore | Confirm | Wait | Done


class Climb(NamedTuple):
    """How far the ladder has come."""

    work: Work
    summaries: tuple[DepthSummary, ...]  # of the depths that are finished
    reason: str  # why growing stopped; empty while it goes on
    choice: TrialRecord | None  # the trial that is chosen, once growing has stopped; None also where none could train
    confirmation: TrialRecord | None  # of the choice


def next_work(records: Iterable[TrialRecord], config: SearchConfig) -> Work:
    """Return what a free worker should do, whatever the order of the records."""
    return climb(records, config).work


def climb(records: Iterable[TrialRecord], config: SearchConfig) -> Climb:
    """Return how far the ladder has come by these records, and what is to be done next."""
    trials = in_budget(records, config.trials_per_depth)
    summaries: list[DepthSummary] = []
    candidates: list[TrialRecord] = []
    reason = ""
    for depth in LADDER:
        if depth > config.max_depth:
            reason = f"search.max_depth = {config.max_depth} was reached"
        if reason:
            break
        screened = _of(trials, depth, "screen")
        if screening := _screening(depth, screened, summaries, config):
            return Climb(screening, tuple(summaries), "", None, None)
        rescoring, judged = _rescoring(screened, _of(trials, depth, "rescore"), config)
        if rescoring is not None:
            return Climb(rescoring, tuple(summaries), "", None, None)
        summaries.append(summarize(depth, screened, judged, summaries, config.min_gain))
        candidates += judged
        reason = stop_reason(summaries, config)
    reason = reason or f"the ladder ends at {LADDER[-1]} hidden layers"
    choice = choose(candidates)
    if choice is None:
        return Climb(Done(f"no network could be trained: {reason}"), tuple(summaries), reason, None, None)
    confirmations = _of(trials, choice.depth, "confirm")
    work: Work = _claimed_once([choice], confirmations, Confirm) or Done(reason)
    confirmation = next((r for r in confirmations if r.claim == choice.origin and r.state != "running"), None)
    return Climb(work, tuple(summaries), reason, choice, confirmation)


def stop_reason(summaries: Sequence[DepthSummary], config: SearchConfig) -> str:
    """Return why growing stops after the last of these depths; empty where it goes on."""
    last = summaries[-1]
    if last.is_untrainable:
        return (
            f"depth {last.depth} is untrainable: {last.diverged} of {last.trials} trials diverged in this space "
            "(which does not say that the depth is worse)"
        )
    recent = summaries[-config.patience :]
    if len(recent) < config.patience or any(summary.has_gained for summary in recent):
        return ""
    bar = f"search.min_gain = {config.min_gain:g} and one standard error" if config.min_gain else "one standard error"
    depths = " and ".join(str(summary.depth) for summary in recent)
    return f"{config.patience} consecutive depths, {depths}, gained no more than {bar}"


def _of(trials: Sequence[TrialRecord], depth: int, stage: str) -> list[TrialRecord]:
    return [record for record in trials if (record.depth, record.stage) == (depth, stage)]


def _screening(
    depth: int, screened: Sequence[TrialRecord], shallower: Sequence[DepthSummary], config: SearchConfig
) -> Screen | Wait | None:
    """Return what the screening of a depth still needs; None: all of its budget has ended."""
    if len(screened) < config.trials_per_depth:
        winner = next((summary.best for summary in reversed(shallower) if summary.best is not None), None)
        seed = None if winner is None else grow(winner.params, winner.depth, depth, config.space)
        return Screen(depth, seed)
    return Wait(depth, "screen") if any(record.state == "running" for record in screened) else None


def _rescoring(
    screened: Sequence[TrialRecord], rescored: Sequence[TrialRecord], config: SearchConfig
) -> tuple[Rescore | Confirm | Wait | None, list[TrialRecord]]:
    """Return what scoring the best again still needs, and the trials that a depth is judged by."""
    complete = [record for record in screened if record.state == "complete"]
    if config.rescore == 0:
        return None, complete
    top = sorted(complete, key=lambda r: (-mean_score(r), r.parameters, r.key))[: config.rescore]
    work = _claimed_once(top, rescored, Rescore)
    numbers = {record.origin for record in top}
    return work, [record for record in rescored if record.claim in numbers]


def _claimed_once(
    sources: Sequence[TrialRecord], trials: Sequence[TrialRecord], kind: type[Rescore] | type[Confirm]
) -> Rescore | Confirm | Wait | None:
    """Return the first source that no trial is of, a Wait where some are still running, None where all have ended."""
    if any(record.claim is None for record in trials):  # it may be of any source: beside it nothing is begun
        return Wait(trials[0].depth, trials[0].stage)
    claimed = {record.claim: record.state for record in trials}
    for source in sources:
        if source.origin not in claimed:
            return kind(source.depth, source)
    if any(claimed[source.origin] == "running" for source in sources):
        return Wait(trials[0].depth, trials[0].stage)
    return None
