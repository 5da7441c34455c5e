"""What the test rows say of a configuration: the mean over networks of several seeds, with an interval.

Two things are drawn at random, the seeds and the rows, and every network is scored on every row. The variance of the
mean score has two parts. That of the rows: they are drawn again with replacement, and the metric is computed on those
that were drawn, as often as each was (bootstrap). That of S seeds: s^2 / S, with s the standard deviation of their
scores. What seed and row do together is in both, so the sum is not too small.

Each part is known as well as it has degrees of freedom: S - 1 of seeds, G - 1 of G groups of rows; of single rows so
many that the normal quantile does. A sum has those of Satterthwaite, and the interval takes Student's quantile of them.

References: Efron & Tibshirani 1993, chapter 13 (percentiles); Owen 2007, The pigeonhole bootstrap, Annals of Applied
Statistics 1 (seeds crossed with rows); Rao & Wu 1988, Resampling inference with complex survey data, Journal of the
American Statistical Association 83 (G - 1 of G groups are drawn); Satterthwaite 1946; Kish 1965 (what rows of uneven
weight are worth). For shares of rows: Wilson 1927; Korn & Graubard 1998, Confidence intervals for proportions with
small expected number of positive counts, Survey Methodology 24 (the effective number of rows).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dnnexp.evaluation.statistics import Interval
from dnnexp.metrics import Metric, accuracy, average_precision, balanced_accuracy, f1, log_loss, mae, r2, roc_auc
from dnnexp.metrics.decisions import accuracy_of_labels, balanced_accuracy_of_labels, f1_of_labels
from dnnexp.metrics.probabilities import calibration_error, calibration_error_of_labels

__all__ = ["REPLICATES", "Confirmation", "confirm"]

REPLICATES = 2000
FEWEST = 200  # replicates, however many rows there are
DRAWS = 4 * 10**7  # of rows, over all replicates: beyond 20,000 rows there are fewer replicates
UNDEFINED = 0.09  # share of the replicates: three rows are all left out of exp(-3) = 5% of them, two of 13.5%
FEWEST_UNITS = 4  # groups, or rows of uneven weight, as Kish counts them: of fewer their spread says nothing
ELEMENTS = 2**21  # of a block of replicates, so that memory stays small
ROUNDING = 1e-12  # of a share: one row of a billion weighs more
MEANS_OF_ROWS = (accuracy, accuracy_of_labels, log_loss, mae)  # a matrix product does for them
SHARES = (accuracy, accuracy_of_labels)
BIASED = (calibration_error, calibration_error_of_labels)  # upward, and draws of few rows a second time
OF_WHAT_VARIES = (  # of a class or label that is not there, or a constant target, they are another question's score
    average_precision, balanced_accuracy, balanced_accuracy_of_labels, f1, f1_of_labels, r2, roc_auc,
)  # fmt: skip

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


class Confirmation(NamedTuple):
    """Scores of S networks of one configuration on the same rows, in the metric's units."""

    scores: Floats  # (S,) of each network, on all rows
    mean: Interval  # of the scores, over seeds and rows
    first: Interval  # the first network's own score, over rows alone


def confirm(
    outputs: Array,
    targets: Array,
    metric: Metric,
    rng: np.random.Generator,
    *,
    groups: Array | None = None,
    weights: Array | None = None,
    threshold: Array | None = None,
    confidence: float = 0.95,
) -> Confirmation:
    """Return the mean score of the networks with its interval, and that of the first.

    outputs (S, rows, n[L]): what network s makes of each row, probabilities or decoded quantities; targets (rows,
    n[L]): encoded classes or quantities. groups (rows,): rows of one group belong together and are drawn together.
    weights (rows,): of the rows in the metric, besides how often they are drawn. threshold (n[L],): from which
    probability on it is yes, for a metric that decides; none: its own.

    Limits are percentiles of the replicates, as much further out as Student's quantile is beyond the normal one and the
    seeds add to the variance. A share of rows, such as accuracy, gets Wilson's limits, with as many rows as its
    variance is worth, never more than there are: of 36 right ones in 36 rows a percentile would say that the accuracy
    is exactly 1. Where rows or groups weigh unevenly, there are as many as Kish counts. A single network stands for
    itself: seeds bring no variance. Of fewer than FEWEST_GROUPS groups, and where the metric is BIASED, the standard
    error and the limits are NaN.

    A replicate on whose rows the metric has no value is left out: what is asked is how the score varies over test rows
    that have one, as these have. So is one where a class or label that there is does not occur, or a target that
    varies does not: of OF_WHAT_VARIES it has the score of another question. Of a class of one or two rows nothing can
    be said of how others would fare: where more than UNDEFINED of the replicates are left out, the standard error and
    the limits are NaN.
    """
    A = np.ascontiguousarray(np.swapaxes(outputs, 1, 2))  # (S, n[L], rows)
    Y = np.ascontiguousarray(np.swapaxes(targets, 0, 1)[None])
    S, rows = A.shape[0], A.shape[2]
    codes = np.arange(rows) if groups is None else np.unique(groups, return_inverse=True)[1].reshape(-1)
    units = int(codes.max()) + 1
    w = np.ones(rows) if weights is None else np.asarray(weights, dtype=np.float64)
    draws = units if groups is None else max(1, units - 1)  # so that the variance between groups is not too small
    decided = () if threshold is None or not metric.decides else (np.asarray(threshold)[:, None],)
    replicates = min(REPLICATES, max(FEWEST, DRAWS // units))
    step = max(1, ELEMENTS // max(A.size, units))
    table = np.empty((replicates, S))
    for start in range(0, replicates, step):
        count = min(step, replicates - start)
        drawn = rng.multinomial(draws, np.full(units, 1 / units), count)[:, codes] * w  # (replicates, rows)
        table[start : start + count] = scores_of(A, Y, drawn, metric, decided)
        if metric.function in OF_WHAT_VARIES:
            table[start : start + count][~_varies(targets, drawn, w > 0)] = np.nan
    scores = np.asarray(
        metric.function(A, np.broadcast_to(Y, A.shape), np.broadcast_to(w, (S, rows)), *decided), dtype=np.float64
    )

    worth = _Worth(_kish(w), _kish(np.bincount(codes, w).astype(np.float64)))
    worst = -math.inf if metric.function is r2 else 0.0
    best = 1.0 if metric.greater_is_better else math.inf
    freedom = math.inf if groups is None and np.ptp(w) == 0 else worth.units - 1

    def interval(estimate: float, replicates: Floats, of_seeds: float = 0.0) -> Interval:
        defined = replicates[np.isfinite(replicates)]
        is_known = len(defined) >= (1 - UNDEFINED) * len(replicates)
        is_few = math.isfinite(freedom) and worth.units < FEWEST_UNITS
        if metric.function in BIASED or is_few or not is_known:
            return Interval(estimate, math.nan, math.nan, math.nan, confidence)
        of_rows = _variance(defined)
        t = _student(_satterthwaite((of_rows, freedom), (of_seeds, S - 1)), confidence)
        if metric.function in SHARES:
            low, high = _wilson(estimate, of_rows + of_seeds, worth, t)
        else:
            low, high = _percentiles(estimate, defined, of_seeds, t, confidence)
            low, high = max(low, worst), min(high, best)
        return Interval(estimate, low, high, math.sqrt(of_rows + of_seeds), confidence)

    of_seeds = _variance(scores) / S if S > 1 else 0.0
    return Confirmation(
        scores, interval(float(scores.mean()), table.mean(axis=1), of_seeds), interval(float(scores[0]), table[:, 0])
    )


def scores_of(A: Array, Y: Array, drawn: Array, metric: Metric, decided: tuple[Array, ...] = ()) -> Floats:
    """Return the score (replicates, S) of every network on the rows of every replicate, drawn (replicates, rows)."""
    S, _, rows = A.shape
    if metric.function in MEANS_OF_ROWS:
        single = [np.moveaxis(np.broadcast_to(values, A.shape), 2, 1)[..., None] for values in (A, Y)]
        of_rows = metric.function(single[0], single[1], np.ones((S, rows, 1)), *decided)  # (S, rows)
        means: Floats = (drawn @ of_rows.T) / drawn.sum(axis=1, keepdims=True)
        return means
    shape = (len(drawn), *A.shape)
    counts = np.broadcast_to(drawn[:, None, :].astype(np.float64), (len(drawn), S, rows))
    return np.asarray(
        metric.function(np.broadcast_to(A, shape), np.broadcast_to(Y, shape), counts, *decided), dtype=np.float64
    )


def _varies(targets: Array, drawn: Array, counts: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return (replicates,) whether each of the targets (rows, n[L]) that varies does on the rows that are drawn.

    counts (rows,): those that have a weight.
    """
    if not counts.all():
        targets, drawn = targets[counts], drawn[:, counts]
    is_drawn = drawn > 0
    one = is_drawn.argmax(axis=1)
    varies = np.ones(len(drawn), bool)
    for values in targets.T:
        if (values != values[0]).any():
            varies &= (is_drawn & (values != values[one, None])).any(axis=1)
    return varies


class _Worth(NamedTuple):
    """How many of even weight say as much."""

    rows: float
    units: float  # what is drawn: rows, or groups of them


def _kish(weights: Floats) -> float:
    """Return how many of even weight say as much: (sum w)^2 / sum w^2."""
    if not weights.any():
        return 0.0
    w = weights / weights.max()
    return float(w.sum() ** 2 / np.square(w).sum())


def _variance(values: Floats) -> float:
    """Return the variance, k - 1 below, of values (k,); of those that differ by rounding it is 0."""
    return float(values.var(ddof=1)) if np.ptp(values) > ROUNDING * np.abs(values).max() else 0.0


def _satterthwaite(*parts: tuple[float, float]) -> float:
    """Return the degrees of freedom of a sum of variances, each with its own; where all are 0 those of the first."""
    largest = max(variance for variance, _ in parts)
    if largest == 0:
        return parts[0][1]
    shares = [(variance / largest, freedom) for variance, freedom in parts]
    doubt = sum(share**2 / freedom for share, freedom in shares if share > 0)
    return sum(share for share, _ in shares) ** 2 / doubt if doubt > 0 else math.inf


def _student(freedom: float, confidence: float) -> float:
    """Return the two-sided quantile of Student's t, of the normal distribution where freedom is infinite."""
    from scipy.special import ndtri, stdtrit  # type: ignore[import-untyped]

    p = (1 + confidence) / 2
    return float(ndtri(p) if math.isinf(freedom) else stdtrit(freedom, p))


def _percentiles(
    estimate: float, replicates: Floats, of_seeds: float, t: float, confidence: float
) -> tuple[float, float]:
    """Return the limits where rows alone have these percentiles, seeds that variance, and t is the quantile."""
    z = _student(math.inf, confidence)
    low, high = np.quantile(replicates, [(1 - confidence) / 2, (1 + confidence) / 2])
    below, above = (max(0.0, side) / z for side in (estimate - low, high - estimate))  # a standard error of its own
    return estimate - t * math.sqrt(below**2 + of_seeds), estimate + t * math.sqrt(above**2 + of_seeds)


def _wilson(p: float, variance: float, worth: _Worth, z: float) -> tuple[float, float]:
    """Return Wilson's limits of a share p with that variance: of p (1 - p) / variance rows, at most those there are.

    Of what all or none are right nothing shows whether rows of a group are alike: then it is groups that count.
    Weighted sums are 1 or 0 but for rounding then, and their variance too.
    """
    if math.isnan(p):
        return math.nan, math.nan
    p = min(max(p, 0.0), 1.0)
    spread = p * (1 - p)
    n = min(worth.rows, spread / variance) if spread > ROUNDING and variance > 0 else worth.units
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    margin = z / (1 + z**2 / n) * math.sqrt(spread / n + z**2 / (4 * n**2))
    return max(0.0, centre - margin), min(1.0, centre + margin)
