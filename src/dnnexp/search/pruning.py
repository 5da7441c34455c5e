"""Which trials are not worth finishing: rules that compare a trial's score at an epoch with those of earlier trials.

The earlier trials are those that were in the storage when this one began. Asking the storage again at each epoch, as
Optuna's own pruners do, costs as much time as ending small networks early saves (digits: all of it).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence

from dnnexp.search.records import TrialRecord
from dnnexp.search.schema import LADDER

__all__ = ["PRUNERS_BY_NAME", "RUNGS", "Rule", "Rungs", "earlier_rungs"]

RUNGS = frozenset(LADDER)  # epochs at which trials are compared
WARM_UP = 4  # epochs before which nothing is compared: curves still cross
FEWEST = 4  # complete trials to be compared with

Rungs = Mapping[int, float]  # epoch -> score, higher is better
Rule = Callable[[int, float, Sequence[Rungs]], bool]  # epoch, score, of the earlier trials: whether to end it


def _never(_epoch: int, _score: float, _earlier: Sequence[Rungs]) -> bool:
    return False


def _below_median(epoch: int, score: float, earlier: Sequence[Rungs]) -> bool:
    """Whether the score is below the median that complete trials had at that epoch (Golovin et al. 2017, median rule).

    A complete trial that had stopped before by itself counts with its last score.
    """
    reached = _reached(epoch, earlier)
    return len(reached) >= FEWEST and score < statistics.median(reached)


def _below_third(epoch: int, score: float, earlier: Sequence[Rungs]) -> bool:
    """Whether the score is not among the best third, rounded up, of what complete trials had at that epoch.

    Every third goes on, as in successive halving with its usual factor (Li et al. 2020, section 3), whose rungs here
    are compared with complete trials only: those ended there do not hold a place.
    """
    reached = sorted(_reached(epoch, earlier), reverse=True)
    return len(reached) >= FEWEST and score < reached[math.ceil(len(reached) / 3) - 1]


def _reached(epoch: int, earlier: Sequence[Rungs]) -> list[float]:
    """Return the scores that the earlier trials had at that epoch; none where nothing is compared yet."""
    if epoch < WARM_UP or len(earlier) < FEWEST:
        return []
    return [rungs[max(e for e in rungs if e <= epoch)] for rungs in earlier if min(rungs) <= epoch]


PRUNERS_BY_NAME: dict[str, Rule] = {"none": _never, "median": _below_median, "third": _below_third}


def earlier_rungs(records: Sequence[TrialRecord], greater_is_better: bool) -> list[Rungs]:
    """Return the scores by epoch of the complete trials, negated where less is better."""
    sign = 1 if greater_is_better else -1
    return [
        {epoch: sign * score for epoch, score in record.rungs}
        for record in records
        if record.state == "complete" and record.rungs
    ]
