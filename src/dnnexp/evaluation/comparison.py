"""Two configurations on the same folds and seeds: how much better one is, how often, and what it takes to tell."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dnnexp.evaluation.cross_validation import Evaluation
from dnnexp.evaluation.statistics import Interval, paired_gain, repeats_needed
from dnnexp.evaluation.superiority import Superiority, superiority

__all__ = ["Comparison", "compare"]


class Comparison(NamedTuple):
    """A against B. Differences are positive where A is better, whatever the metric."""

    gain: Interval  # of A over B, in the metric's units; without limits for a single pair of scores
    superiority: Superiority
    folds: int  # of one repeat
    repeats_needed: int | None  # of such folds, to tell this difference; None: no number up to 1,000 would
    rows_needed: float | None  # times the rows, instead; None where nothing is known or nothing is needed


def compare(a: Evaluation, b: Evaluation, folds: int, confidence: float = 0.95) -> Comparison:
    """Return the comparison of two evaluations on the same folds, `folds` of them to a repeat.

    What would be needed supposes that the mean of the differences stays. With more repeats their standard deviation
    stays too; with more rows it falls as 1/sqrt(rows), as it does where chance in the rows makes it. At that size the
    difference is told every second time. Raises ValueError where the scores cannot be paired.
    """
    sign = 1 if a.greater_is_better else -1
    scores_a, scores_b = sign * a.scores, sign * b.scores
    gain = paired_gain(scores_a, scores_b, a.n_train, a.n_score, confidence)
    rows = None
    if len(a.scores) > 1 and gain.estimate != 0 and not gain.excludes_zero:
        rows = float(((gain.high - gain.estimate) / gain.estimate) ** 2)
    return Comparison(
        gain,
        superiority(scores_a, scores_b, confidence),
        folds,
        repeats_needed(np.asarray(scores_a - scores_b), folds, a.n_train, a.n_score, confidence),
        rows,
    )
