"""The ladder: what to do next is a pure function of the records, which every worker computes for itself.

At each depth: screen the budget of configurations; score the best again, where that is asked for; judge whether the
depth has gained; grow or stop. At the end confirm the choice once. No worker leads, and nothing is remembered that is
not in the records.

With search.selection = test, growth and choice go by the mean score on the test rows, as the rule of thumb has it. What
is tried at a depth is drawn and seeded by development data all the same, so that the choice that development data
would have made among the same trials shows how much the other one flatters itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from dnnexp.evaluation.statistics import Interval, optimism
from dnnexp.search.records import TrialRecord, in_budget
from dnnexp.search.schema import LADDER, SearchConfig
from dnnexp.search.space import grow
from dnnexp.search.summary import DepthSummary, best_of, choose, mean_score, summarize

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
    screened: TrialRecord | None = None  # the choice as it was first scored; itself where it was not scored again
    honest: TrialRecord | None = None  # where the test rows chose: what development data would have chosen

    @property
    def optimism(self) -> float | None:
        """How much better the choice looks than it should, as far as it was measured; positive whatever the metric.

        By its screening, over its scores on fresh folds and seeds; by the test rows that chose it, over what they say
        of the honest choice, which they did not choose. None where nothing was measured.
        """
        if self.choice is None or self.screened is None:
            return None
        if self.honest is not None:
            return mean_score(self.choice) - mean_score(by_test(self.honest))
        return mean_score(self.screened) - mean_score(self.choice) if self.choice.stage == "rescore" else None

    @property
    def flattery(self) -> Interval | None:
        """How much better the choice looked when it was picked than on fresh folds, positive whatever the metric.

        None where it was not scored again.
        """
        if self.choice is None or self.screened is None or self.choice.stage != "rescore":
            return None
        screened, again = self.screened, self.choice
        rows = ((screened.n_train, screened.n_score), (again.n_train, again.n_score))
        return optimism(screened.oriented_scores, again.oriented_scores, *rows)


def next_work(records: Iterable[TrialRecord], config: SearchConfig) -> Work:
    """Return what a free worker should do, whatever the order of the records."""
    return climb(records, config).work


def climb(records: Iterable[TrialRecord], config: SearchConfig) -> Climb:
    """Return how far the ladder has come by these records, and what is to be done next."""
    trials = in_budget(records, config.trials_per_depth)
    summaries: list[DepthSummary] = []
    candidates: list[TrialRecord] = []
    winners: list[TrialRecord] = []  # by development data, of the depths that have one
    is_spent = spent_minutes(trials) >= (math.inf if config.max_minutes is None else config.max_minutes)
    reason = ""
    for depth in LADDER:
        if depth > config.max_depth:
            reason = f"search.max_depth = {config.max_depth} was reached"
        if reason:
            break
        screened = _of(trials, depth, "screen")
        if screening := _screening(depth, screened, winners, is_spent, config):
            return Climb(screening, tuple(summaries), "", None, None)
        is_cut_short = is_spent and len(screened) < config.trials_per_depth
        if is_cut_short and not screened:
            reason = _out_of_time(config)
            break
        rescoring, judged = _rescoring(screened, _of(trials, depth, "rescore"), config)
        if rescoring is not None:
            return Climb(rescoring, tuple(summaries), "", None, None)
        winner = best_of(judged)
        winners += [] if winner is None else [winner]
        if config.selection == "test":
            judged = [by_test(record) for record in judged if has_test_score(record)]
        summaries.append(summarize(depth, screened, judged, summaries, config.min_gain))
        candidates += judged
        if is_cut_short and not any(record.depth > depth for record in trials):
            reason = (
                f"{_out_of_time(config)}, with {len(screened)} of {config.trials_per_depth} trials at depth {depth}"
            )
        else:
            reason = stop_reason(summaries, config)
    reason = reason or f"the ladder ends at {LADDER[-1]} hidden layers"
    choice = choose(candidates)
    if choice is None:
        return Climb(Done(f"no network could be trained: {reason}"), tuple(summaries), reason, None, None)
    confirmations = _of(trials, choice.depth, "confirm")
    screened_choice = next(r for r in _of(trials, choice.depth, "screen") if r.number == choice.origin)
    work: Work = _claimed_once([screened_choice], confirmations, Confirm) or Done(reason)
    confirmation = next((r for r in confirmations if r.claim == choice.origin and r.state != "running"), None)
    depths = {summary.depth for summary in summaries}
    tried = [record for record in trials if record.stage == "screen" and record.depth in depths]
    honest = choose([r for r in tried if has_test_score(r)]) if config.selection == "test" else None
    return Climb(work, tuple(summaries), reason, choice, confirmation, screened_choice, honest)


def spent_minutes(trials: Iterable[TrialRecord]) -> float:
    """Return the training time of the trials, all workers together; the confirmation is not counted."""
    return sum(record.seconds for record in trials if record.stage != "confirm") / 60


def has_test_score(record: TrialRecord) -> bool:
    """Whether a complete trial's networks all gave finite outputs on the test rows."""
    scores = record.test_scores
    return record.state == "complete" and len(scores) > 0 and all(math.isfinite(score) for score in scores)


def by_test(record: TrialRecord) -> TrialRecord:
    """Return the trial with its mean score on the test rows for its score: one number, without an error."""
    mean = sum(record.test_scores) / len(record.test_scores)
    return replace(record, score=mean, scores=(mean,))


def _out_of_time(config: SearchConfig) -> str:
    return f"search.max_minutes = {config.max_minutes:g} of training were used up"


def stop_reason(summaries: Sequence[DepthSummary], config: SearchConfig) -> str:
    """Return why growing stops after the last of these depths; empty where it goes on."""
    last = summaries[-1]
    if last.is_untrainable:
        said = f"{last.diverged} of {last.trials} trials diverged"
        if last.untrained:
            said = (
                f"{last.diverged + last.untrained} of {last.trials} trials did not train ({last.diverged} diverged, "
                f"{last.untrained} were never better than a constant answer)"
            )
            if last.pruned:
                said = (
                    f"{last.diverged} of {last.trials} trials diverged, and {last.untrained} of the {last.complete} "
                    "that were completed were never better than a constant answer"
                )
        return f"depth {last.depth} is untrainable in this space: {said}, which does not say that the depth is worse"
    recent = summaries[-config.patience :]
    if len(recent) < config.patience or any(summary.has_gained for summary in recent):
        return ""
    depths = " and ".join(str(summary.depth) for summary in recent)
    together = f"{len(recent)} consecutive depths, {depths}," if len(recent) > 1 else f"depth {last.depth}"
    most = _at_most(recent, config.min_gain)
    if all(summary.best is not None for summary in recent):
        return f"{together} gained {most}"
    each = ", ".join(
        f"depth {summary.depth} {'has no network that was completed' if summary.best is None else f'gained {most}'}"
        for summary in recent
    )
    return f"{together} brought no gain: {each}" if len(recent) > 1 else each


def _at_most(recent: Sequence[DepthSummary], min_gain: float) -> str:
    """Return what the gains of these depths do not exceed; one score each has no standard error."""
    is_known = any(summary.gain is not None and math.isfinite(summary.gain.standard_error) for summary in recent)
    bars = [f"search.min_gain = {min_gain:g}"] * bool(min_gain) + ["one standard error"] * is_known
    if not bars:
        return "nothing"
    return f"no more than {'the larger of ' if len(bars) > 1 else ''}{' and '.join(bars)}"


def _of(trials: Sequence[TrialRecord], depth: int, stage: str) -> list[TrialRecord]:
    return [record for record in trials if (record.depth, record.stage) == (depth, stage)]


def _screening(
    depth: int, screened: Sequence[TrialRecord], winners: Sequence[TrialRecord], is_spent: bool, config: SearchConfig
) -> Screen | Wait | None:
    """Return what the screening of a depth still needs; None: all of its budget, or of all time, has ended."""
    if len(screened) < config.trials_per_depth and not is_spent:
        winner = winners[-1] if winners else None
        seed = None if winner is None else grow(winner.params, winner.depth, depth, config.space)
        return Screen(depth, seed)
    return Wait(depth, "screen") if any(record.state == "running" for record in screened) else None


def _rescoring(
    screened: Sequence[TrialRecord], rescored: Sequence[TrialRecord], config: SearchConfig
) -> tuple[Rescore | Confirm | Wait | None, list[TrialRecord]]:
    """Return what scoring the best again still needs, and the trials that a depth is judged by."""
    complete = [record for record in screened if record.state == "complete"]
    if not config.scores_again:
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
