"""What each depth brought, and which network is chosen: pure functions of the records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from dnnexp.evaluation.statistics import Interval, corrected_standard_error, one_standard_error, paired_gain
from dnnexp.search.records import TrialRecord

__all__ = ["DepthSummary", "best_of", "choose", "summarize"]


class DepthSummary(NamedTuple):
    """One depth, once all of its trials have ended."""

    depth: int
    best: TrialRecord | None  # None: none of the trials that it is judged by was completed
    score: float | None  # of the best trial, in the metric's units
    standard_error: float | None  # of that score, corrected; NaN where one score is all there is
    compared_depth: int | None  # the shallower depth with the best score so far; None at the first
    gain: Interval | None  # over the best there, paired by fold and seed; positive is better whatever the metric
    has_gained: bool  # more than search.min_gain and than one standard error of the gain; true of the first network
    is_untrainable: bool  # most of its trials cannot train: nothing is said about whether the depth would be worse
    complete: int
    diverged: int
    pruned: int
    seconds: float  # training time of its trials, all workers together
    untrained: int = 0  # of those complete, never better than a constant answer
    screened: TrialRecord | None = None  # the best trial as it was first scored; itself where it was not scored again

    @property
    def optimism(self) -> float | None:
        """How much better the best trial's screening was than its scores on fresh folds and seeds; None without."""
        if self.best is None or self.screened is None or self.best.stage != "rescore":
            return None
        return mean_score(self.screened) - mean_score(self.best)

    @property
    def trials(self) -> int:
        """Trials that count towards the budget."""
        return self.complete + self.diverged + self.pruned


def mean_score(record: TrialRecord) -> float:
    """Return the mean score, negated where less is better."""
    return sum(record.oriented_scores) / len(record.scores)


def best_of(records: Sequence[TrialRecord]) -> TrialRecord | None:
    """Return the completed trial with the best mean score; among equals the smallest network, then the earliest."""
    complete = [record for record in records if record.state == "complete"]
    return min(complete, key=lambda r: (-mean_score(r), r.parameters, r.key), default=None)


def summarize(
    depth: int,
    screened: Sequence[TrialRecord],
    judged: Sequence[TrialRecord],
    shallower: Sequence[DepthSummary],
    min_gain: float,
) -> DepthSummary:
    """Return the summary of a depth: `judged` are the trials whose scores count, all screened ones or the rescored.

    Where nothing shallower was better than a constant answer, there may be nothing to learn, or more layers may be what
    it takes: networks that learn nothing are then no sign that the depth cannot be trained. What was pruned had not
    diverged; of it, as large a share is taken for idle as of what was completed, which is the better part.
    """
    best, previous = best_of(judged), best_of([summary.best for summary in shallower if summary.best is not None])
    gain = None
    if best is not None and previous is not None:
        gain = paired_gain(best.oriented_scores, previous.oriented_scores, best.n_train, best.n_score)
    states = [record.state for record in screened]
    untrained = sum(record.state == "complete" and not record.has_learned for record in screened)
    complete, diverged, pruned = (states.count(state) for state in ("complete", "diverged", "pruned"))
    idle = untrained * (complete + pruned) / complete if complete else 0.0
    was_learned = previous is not None and previous.has_learned
    spent = {record.key: record.seconds for record in (*screened, *judged)}
    return DepthSummary(
        depth=depth,
        best=best,
        score=None if best is None else best.score,
        standard_error=None if best is None else standard_error(best),
        compared_depth=None if previous is None else previous.depth,
        gain=gain,
        has_gained=best is not None and (gain is None or is_gain(gain, min_gain)),
        is_untrainable=2 * (diverged + (idle if was_learned else 0)) > complete + diverged + pruned,
        complete=complete,
        diverged=diverged,
        pruned=pruned,
        seconds=sum(spent.values()),
        untrained=untrained,
        screened=None if best is None else next((r for r in screened if r.number == best.origin), None),
    )


def standard_error(record: TrialRecord) -> float:
    """Return the corrected standard error of the trial's mean score."""
    return corrected_standard_error(record.scores, record.n_train, record.n_score)


def is_gain(gain: Interval, min_gain: float) -> bool:
    """Whether the gain exceeds min_gain and, where it is known, one corrected standard error."""
    return gain.estimate > min_gain and not gain.estimate <= gain.standard_error


def choose(judged: Sequence[TrialRecord]) -> TrialRecord | None:
    """Return the shallowest, then smallest network within one standard error of the best; None where none trained."""
    complete = [record for record in judged if record.state == "complete"]
    if not complete:
        return None
    ordered = sorted(complete, key=lambda record: record.key)
    scores = [record.oriented_scores for record in ordered]
    costs = [(record.depth, record.parameters) for record in ordered]
    return ordered[one_standard_error(scores, costs, ordered[0].n_train, ordered[0].n_score)]
