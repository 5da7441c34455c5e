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
    """Return P(A > B) over paired runs, higher is better, with the bootstrap percentile interval over the pairs.

    The interval is that of infinitely many resamples, which can be worked out: the sum of J draws from the J outcomes
    (0, 1/2 or 1) has a distribution on 2J + 1 points, the J-fold convolution of that of one draw. Where all outcomes
    are the same there is nothing to resample: an outcome not seen in J runs then has at most the probability
    1 - (alpha/2)^(1/J) (Clopper & Pearson 1934), and the limits are those that it allows. Pairs count as independent;
    folds that share training rows are not quite, and the interval is then too narrow.
    Raises ValueError where the scores cannot be paired.
    """
    a, b = paired(scores_a, scores_b)
    wins, ties, losses = int((a > b).sum()), int((a == b).sum()), int((a < b).sum())
    J = a.size
    p = (wins + ties / 2) / J
    tail = (1 - confidence) / 2
    if J in (wins, ties, losses):
        unseen = 1 - tail ** (1 / J)
        limits = Interval(p, p - unseen * p, p + unseen * (1 - p), 0.0, confidence)
        return Superiority(limits, wins, ties, losses)
    one_draw = np.array([losses, ties, wins]) / J
    distribution = np.ones(1)
    for _ in range(J):
        distribution = np.convolve(distribution, one_draw)
    reached = np.cumsum(distribution)
    low, high = (float(np.searchsorted(reached, q)) / (2 * J) for q in (tail, 1 - tail))
    deviations = np.array([-p, 0.5 - p, 1 - p])
    standard_error = math.sqrt(float(one_draw @ deviations**2) / J)
    return Superiority(Interval(p, low, high, standard_error, confidence), wins, ties, losses)


def noether_runs(probability: float = MEANINGFUL, alpha: float = 0.05, beta: float = 0.05) -> int:
    """Return the paired runs that show P(A > B) to be above 1/2 when it is `probability`.

    ((z[1 - alpha] + z[1 - beta]) / (sqrt(6) (probability - 1/2)))^2, rounded up, for a false alarm with probability
    alpha and a miss with probability beta (Noether 1987, as Bouthillier et al. 2021, appendix C). 29 by default.
    Raises ValueError for a probability of 1/2, which nothing tells from 1/2.
    """
    from scipy.special import ndtri  # type: ignore[import-untyped]

    if probability == 0.5:
        raise ValueError("need a probability other than 1/2, got 0.5")
    z = float(ndtri(1 - alpha) + ndtri(1 - beta))
    return math.ceil((z / (math.sqrt(6) * (probability - 0.5))) ** 2)
