"""What scores over folds and seeds allow to say: standard errors, intervals and the choice within one standard error.

Scores of cross-validation share training rows, so they vary together and the naive sd / sqrt(J) is several times too
small. Nadeau and Bengio's correction adds the share that the common rows bring:

    standard error of the mean of d[1] … d[J] = sd(d) sqrt(1/J + n_score / n_train)

References: Nadeau & Bengio 2003, Inference for the generalization error, Machine Learning 52, section 3 (resampled
t); Bouckaert & Frank 2004 for repeated folds; Breiman et al. 1984, section 3.4.3 for one standard error.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dnnexp.metrics.means import mean_and_deviation

__all__ = [
    "Interval",
    "corrected_interval",
    "corrected_standard_error",
    "one_standard_error",
    "optimism",
    "paired",
    "paired_gain",
    "repeats_needed",
    "smallest_detectable",
]

MOST_REPEATS = 1000  # beyond these the answer is another: more rows

Scores = Sequence[float] | npt.NDArray[np.floating[Any]]


class Interval(NamedTuple):
    """An estimate and the limits that hold it with the given confidence, a probability in (0, 1)."""

    estimate: float
    low: float
    high: float
    standard_error: float
    confidence: float

    @property
    def excludes_zero(self) -> bool:
        """Whether the estimate is distinguishable from zero at this confidence."""
        return self.low > 0 or self.high < 0


def corrected_standard_error(scores: Scores, n_train: float, n_score: float) -> float:
    """Return the standard error of the mean score, sd sqrt(1/J + n_score/n_train); NaN for fewer than two scores.

    n_train and n_score are the rows that one member was trained and scored on, means over the folds.
    """
    values = np.asarray(scores, dtype=np.float64)
    if values.size < 2:
        return math.nan
    return mean_and_deviation(values)[1] * math.sqrt(1 / values.size + n_score / n_train)


def error_metric(metric: str, scores: Scores, n_train: float, n_score: float) -> dict[str, float]:
    """Return {"score/<metric>_se": the corrected standard error of the mean score}; {} where it is not known."""
    error = corrected_standard_error(scores, n_train, n_score)
    return {f"score/{metric}_se": error} if math.isfinite(error) else {}


def corrected_interval(scores: Scores, n_train: float, n_score: float, confidence: float = 0.95) -> Interval:
    """Return the mean score with its corrected t interval, J - 1 degrees of freedom; without limits for J = 1."""
    from scipy.special import stdtrit as t_quantile  # type: ignore[import-untyped]

    values = np.asarray(scores, dtype=np.float64)
    estimate, _ = mean_and_deviation(values)
    standard_error = corrected_standard_error(values, n_train, n_score)
    if values.size < 2:
        return Interval(estimate, -math.inf, math.inf, standard_error, confidence)
    margin = float(t_quantile(values.size - 1, (1 + confidence) / 2)) * standard_error
    return Interval(estimate, estimate - margin, estimate + margin, standard_error, confidence)


def paired_gain(
    scores_a: Scores, scores_b: Scores, n_train: float, n_score: float, confidence: float = 0.95
) -> Interval:
    """Return how much higher a scores than b on the same folds and seeds, with the corrected t interval.

    Pairing takes out what makes a fold easy or hard for both. Raises ValueError where the scores cannot be paired.
    """
    a, b = paired(scores_a, scores_b)
    return corrected_interval(a - b, n_train, n_score, confidence)


def paired(scores_a: Scores, scores_b: Scores) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return both as arrays. Raises ValueError unless they are equally many, one at least, and all finite."""
    a, b = np.asarray(scores_a, dtype=np.float64), np.asarray(scores_b, dtype=np.float64)
    if a.shape != b.shape or not a.size:
        raise ValueError(f"paired scores need the same folds and seeds, got {a.size} and {b.size} scores")
    for name, values in (("first", a), ("second", b)):
        if not np.isfinite(values).all():
            j = int(np.argmin(np.isfinite(values)))
            raise ValueError(
                f"paired scores need finite values, got {values[j]} for score {j + 1} of {values.size} of the {name}; "
                "compare what trained, by a metric that has a value, on every fold"
            )
    return a, b


def smallest_detectable(runs: int, n_train: float, n_score: float, confidence: float = 0.95) -> float:
    """Return the least mean difference, in units of sd(d), whose corrected interval over `runs` scores excludes zero.

    That is t sqrt(1/J + n_score/n_train) on J - 1 degrees of freedom; infinite for fewer than two runs. A true
    difference of that size is seen every second time.
    """
    from scipy.special import stdtrit as t_quantile

    if runs < 2:
        return math.inf
    return float(t_quantile(runs - 1, (1 + confidence) / 2)) * math.sqrt(1 / runs + n_score / n_train)


def repeats_needed(
    differences: Scores, folds: int, n_train: float, n_score: float, confidence: float = 0.95
) -> int | None:
    """Return how many repeats of that many folds would tell the mean difference from zero, if mean and sd stayed.

    None where no number up to 1,000 would: repeats draw on the same rows, and z sd sqrt(n_score / n_train) remains
    however many there are. None for a difference of zero too, and for fewer than two differences.
    """
    d = np.asarray(differences, dtype=np.float64)
    if d.size < 2 or d.mean() == 0:
        return None
    least, sd = abs(float(d.mean())), float(np.std(d, ddof=1))

    def would_tell(repeats: int) -> bool:
        return folds * repeats > 1 and smallest_detectable(folds * repeats, n_train, n_score, confidence) * sd < least

    low, high = 0, MOST_REPEATS
    if not would_tell(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if would_tell(middle) else (middle, high)
    return high


def optimism(
    screened: Scores,
    rescored: Scores,
    screened_rows: tuple[float, float],
    rescored_rows: tuple[float, float],
    confidence: float = 0.95,
) -> Interval:
    """Return how much better a winner looked where it won than on fresh folds: mean(screened) - mean(rescored).

    Scores are of one configuration, higher is better; the two numbers of folds may differ. rows: (n_train, n_score) of
    either stage. The standard errors are corrected and added as of independent means, with Welch's degrees of freedom
    (Welch 1947). Both stages draw on the same development rows, which moves both means alike: the interval is rather
    too wide. Where re-scoring trains on more rows than screening did, it gains by that: the optimism is understated.
    """
    from scipy.special import stdtrit as t_quantile

    stages = [
        (np.asarray(scores, dtype=np.float64), rows)
        for scores, rows in ((screened, screened_rows), (rescored, rescored_rows))
    ]
    estimate = float(stages[0][0].mean() - stages[1][0].mean())
    if min(scores.size for scores, _ in stages) < 2:
        return Interval(estimate, -math.inf, math.inf, math.nan, confidence)
    variances = [corrected_standard_error(scores, *rows) ** 2 for scores, rows in stages]
    standard_error = math.sqrt(sum(variances))
    if standard_error == 0:
        return Interval(estimate, estimate, estimate, 0.0, confidence)
    uncertain = sum(v**2 / (scores.size - 1) for v, (scores, _) in zip(variances, stages, strict=True))
    margin = float(t_quantile(sum(variances) ** 2 / uncertain, (1 + confidence) / 2)) * standard_error
    return Interval(estimate, estimate - margin, estimate + margin, standard_error, confidence)


def one_standard_error(scores: Sequence[Scores], costs: Sequence[Any], n_train: float, n_score: float) -> int:
    """Return the index of the cheapest candidate whose mean score is within one standard error of the highest mean.

    scores: (candidates, J) on the same folds and seeds. The standard error is that of the paired difference to the
    best, as for gains, but never more than the best score's own: erratic scores are no excuse. A best that scored the
    same on every fold, as a perfect one does, sets no such limit. Where the error is unknown (J = 1) only the best mean
    will do. Equal costs are decided by the higher mean.
    """
    table = np.asarray(scores, dtype=np.float64)
    means = table.mean(axis=1)
    best = int(means.argmax())
    own = corrected_standard_error(table[best], n_train, n_score) or math.inf
    within = []
    for i, row in enumerate(table):
        tolerance = min(own, corrected_standard_error(table[best] - row, n_train, n_score))
        if means[best] - means[i] <= (0.0 if math.isnan(tolerance) else tolerance):
            within.append(i)
    return min(within, key=lambda i: (costs[i], -means[i], i))
