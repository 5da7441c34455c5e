"""What the test rows say of a configuration: the mean over networks of several seeds, with an interval.

Two things are drawn at random, the seeds and the rows, and every network is scored on every row. Both are resampled
with replacement, each by itself, and the metric is computed again on the rows that were drawn, as often as each was:
the pigeonhole bootstrap of crossed data. Its variance is not too small but for the share 1/S by which S seeds spread
less than all seeds do; what seed and row do together it counts up to three times.

References: Owen 2007, The pigeonhole bootstrap, Annals of Applied Statistics 1, theorem 3; Efron & Tibshirani 1993,
chapter 13 (percentiles). For shares of rows: Wilson 1927; Korn & Graubard 1998, Confidence intervals for proportions
with small expected number of positive counts, Survey Methodology 24 (the effective number of rows).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dnnexp.evaluation.statistics import Interval
from dnnexp.metrics import Metric, accuracy, log_loss, mae

__all__ = ["REPLICATES", "Confirmation", "confirm"]

REPLICATES = 2000
FEWEST = 200  # replicates, however many rows there are
DRAWS = 4 * 10**7  # of rows, over all replicates: beyond 20,000 rows there are fewer replicates
UNDEFINED = 0.09  # share of the replicates: three rows are all left out of exp(-3) = 5% of them, two of 13.5%
ELEMENTS = 2**21  # of a block of replicates, so that memory stays small
ROUNDING = 1e-12  # of a share: one row of a billion weighs more
MEANS_OF_ROWS = (accuracy, log_loss, mae)  # a matrix product does for them
SHARES = (accuracy,)

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

    Limits are percentiles of the replicates. A share of rows, such as accuracy, gets Wilson's limits, with as many rows
    as its variance over the replicates is worth, never more than there are: of 36 right ones in 36 rows a
    percentile would say that the accuracy is exactly 1. A single network stands for itself: seeds are not resampled.

    A replicate on whose rows the metric has no value, as where none is of a class that is to be ranked, is left out:
    what is asked is how the score varies over test rows that have one, as these have. Of a class of one or two rows
    nothing can be said of how others would be ranked: where more than UNDEFINED of the replicates have no value, the
    standard error and the limits are NaN.
    """
    A = np.ascontiguousarray(np.swapaxes(outputs, 1, 2))  # (S, n[L], rows)
    Y = np.ascontiguousarray(np.swapaxes(targets, 0, 1)[None])
    S, rows = A.shape[0], A.shape[2]
    codes = np.arange(rows) if groups is None else np.unique(groups, return_inverse=True)[1].reshape(-1)
    units = int(codes.max()) + 1
    w = np.ones(rows) if weights is None else np.asarray(weights, dtype=np.float64)
    decided = () if threshold is None or not metric.decides else (np.asarray(threshold)[:, None],)
    replicates = min(REPLICATES, max(FEWEST, DRAWS // units))
    step = max(1, ELEMENTS // max(A.size, units))
    table = np.empty((replicates, S))
    for start in range(0, replicates, step):
        count = min(step, replicates - start)
        drawn = rng.multinomial(units, np.full(units, 1 / units), count)[:, codes] * w  # (replicates, rows)
        table[start : start + count] = scores_of(A, Y, drawn, metric, decided)
    seeds = rng.multinomial(S, np.full(S, 1 / S), replicates) / S  # (replicates, S)
    scores = np.asarray(
        metric.function(A, np.broadcast_to(Y, A.shape), np.broadcast_to(w, (S, rows)), *decided), dtype=np.float64
    )

    def interval(estimate: float, replicates: Floats) -> Interval:
        defined = replicates[np.isfinite(replicates)]
        if len(defined) < (1 - UNDEFINED) * len(replicates):
            return Interval(estimate, math.nan, math.nan, math.nan, confidence)
        standard_error = float(np.std(defined, ddof=1))
        if metric.function in SHARES:
            low, high = _wilson(estimate, standard_error**2, units, confidence)
        else:
            low, high = (float(q) for q in np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2]))
        return Interval(estimate, low, high, standard_error, confidence)

    return Confirmation(
        scores, interval(float(scores.mean()), (seeds * table).sum(axis=1)), interval(float(scores[0]), table[:, 0])
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


def _wilson(p: float, variance: float, units: int, confidence: float) -> tuple[float, float]:
    """Return Wilson's limits of a share p with that variance: of p (1 - p) / variance rows, at most `units`.

    Weighted sums of which all or none are right are 1 or 0 but for rounding, and their variance too.
    """
    from scipy.special import ndtri  # type: ignore[import-untyped]

    if math.isnan(p):
        return math.nan, math.nan
    z = float(ndtri((1 + confidence) / 2))
    p = min(max(p, 0.0), 1.0)
    spread = p * (1 - p)
    n = min(units, spread / variance) if spread > ROUNDING and variance > 0 else units
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    margin = z / (1 + z**2 / n) * math.sqrt(spread / n + z**2 / (4 * n**2))
    return max(0.0, centre - margin), min(1.0, centre + margin)
