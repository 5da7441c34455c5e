"""P(A > B): how often one configuration beats another on the same folds and seeds, and how many runs it takes to know.

A mean difference can be sure and still too small to matter in a single run; this says what to expect of one run.

Reference: Bouthillier et al. 2021, Accounting for variance in machine learning benchmarks, MLSys, section 5 (who call
A meaningfully better where the interval lies above .5 and reaches beyond .75).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dnnexp.evaluation.statistics import Interval, paired

__all__ = ["MEANINGFUL", "Superiority", "noether_runs", "superiority"]

MEANINGFUL = 0.75  # P(A > B) from which Bouthillier et al. call a difference one that matters

Scores = Sequence[float] | npt.NDArray[np.floating[Any]]


class Superiority(NamedTuple):
    """How often a scored higher than b."""

    probability: Interval  # of a higher score, ties counted half
    wins: int
    ties: int
    losses: int

    @property
    def is_distinguishable(self) -> bool:
        """Whether the interval excludes one half, a toss of a coin."""
        return self.probability.low > 0.5 or self.probability.high < 0.5


def superiority(scores_a: Scores, scores_b: Scores, confidence: float = 0.95) -> Superiority:
    """Return P(A > B) over paired runs, higher is better, with its Clopper-Pearson interval.

    With k wins, ties counted half, of J runs the limits are the quantiles alpha/2 of Beta(k, J - k + 1) and 1 - alpha/2
    of Beta(k + 1, J - k) (Clopper & Pearson 1934): exact without ties, and wider than they need be with them, as ties
    vary less. Pairs count as independent; folds that share training rows are not quite, and the interval is then too
    narrow. Raises ValueError where the scores cannot be paired.
    """
    from scipy.special import betaincinv  # type: ignore[import-untyped]

    a, b = paired(scores_a, scores_b)
    wins, ties, losses = int((a > b).sum()), int((a == b).sum()), int((a < b).sum())
    J, k, tail = a.size, wins + ties / 2, (1 - confidence) / 2
    low = float(betaincinv(k, J - k + 1, tail)) if k > 0 else 0.0
    high = float(betaincinv(k + 1, J - k, 1 - tail)) if k < J else 1.0
    p = k / J
    standard_error = math.sqrt((wins * (1 - p) ** 2 + ties * (0.5 - p) ** 2 + losses * p**2) / J / J)
    return Superiority(Interval(p, low, high, standard_error, confidence), wins, ties, losses)


def noether_runs(probability: float = MEANINGFUL, alpha: float = 0.05, beta: float = 0.05) -> int:
    """Return the paired runs that show P(A > B) to be above 1/2 when it is `probability`.

    ((z[1 - alpha] + z[1 - beta]) / (sqrt(6) (probability - 1/2)))^2, rounded up, for a false alarm with probability
    alpha and a miss with probability beta (Noether 1987, as Bouthillier et al. 2021, appendix C). 29 by default.
    Raises ValueError for a probability of 1/2, which nothing tells from 1/2.
    """
    from scipy.special import ndtri

    if probability == 0.5:
        raise ValueError("need a probability other than 1/2, got 0.5")
    z = float(ndtri(1 - alpha) + ndtri(1 - beta))
    return math.ceil((z / (math.sqrt(6) * (probability - 0.5))) ** 2)
