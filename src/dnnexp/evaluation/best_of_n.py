"""The best score that a search of n trials can expect, from N trials drawn alike: what trying more is worth.

Searches of unequal length are compared by it: at equal trials, or at equal time. Of the N trials every n are a search
that might have been; the mean over all of them is an unbiased estimate (sampling with replacement is not):

    E[best of n] = sum over i of v[i] C(i - 1, n - 1) / C(N, n),   v[1] <= … <= v[N]

References: Dodge et al. 2019, Show your work: improved reporting of experimental results, EMNLP, section 3; Tang et
al. 2020, Showing your work doesn't always work, ACL, section 3 (the estimator without replacement).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["BestOfN", "expected_best"]

Values = Sequence[float] | npt.NDArray[np.floating[Any]]
Floats = npt.NDArray[np.float64]


class BestOfN(NamedTuple):
    """By number of trials, all (N,).

    `sd` is the luck of one search, `standard_error` what is not known of the mean. That is the jackknife's, and rough:
    one of it either way holds the truth about two times in three up to half of the trials, but two of it less than 95
    times in 100. Beyond, the sets of n trials have most of them in common, it is too small, and there is none.
    """

    n: npt.NDArray[np.intp]  # 1 … N trials
    mean: Floats  # expected best score, in the metric's units
    sd: Floats  # of the best of n among the N; falls to 0 at n = N, where there is but one search
    standard_error: Floats  # of the mean; NaN beyond n = N / 2
    seconds: Floats  # that n trials take on average


def expected_best(scores: Values, seconds: Values, *, greater_is_better: bool = True) -> BestOfN:
    """Return the expected best of 1 … N trials.

    scores (N,): NaN where a trial gave none (diverged, pruned): it cost its time, and counts as the worst that was
    seen. seconds (N,): of each trial. The standard error is the jackknife's over the trials (Efron & Stein 1981).
    The trials must not depend on each other's: a sampler that learns from them makes later ones better, and the
    curve then shows what a search without learning would do with the same proposals.
    Raises ValueError where no score is finite, or the two are not of one length.
    """
    v, durations = np.array(scores, dtype=np.float64), np.asarray(seconds, dtype=np.float64)
    if v.shape != durations.shape:
        raise ValueError(f"each trial needs a score and its seconds, got {v.size} scores and {durations.size} seconds")
    if not np.isfinite(v).any():
        raise ValueError("need at least one trial with a score, got none")
    v *= 1 if greater_is_better else -1
    v[~np.isfinite(v)] = v[np.isfinite(v)].min()
    v.sort()
    N = v.size
    weights = _weights(N)
    mean = weights @ v
    variance = (weights * (v - mean[:, None]) ** 2).sum(axis=1)
    return BestOfN(
        n=np.arange(1, N + 1),
        mean=mean if greater_is_better else -mean,
        sd=np.sqrt(variance),
        standard_error=_jackknife(v),
        seconds=np.arange(1, N + 1, dtype=np.float64) * float(durations.mean()),
    )


def _weights(N: int) -> Floats:
    """Return (n, i): the share of all sets of n of N trials whose best is the i-th from below."""
    from scipy.special import gammaln  # type: ignore[import-untyped]

    n, i = np.arange(1, N + 1)[:, None], np.arange(1, N + 1)[None, :]
    possible = i >= n
    rest = np.where(possible, i - n, 0)
    logarithm = gammaln(i) - gammaln(n) - gammaln(rest + 1) - gammaln(N + 1) + gammaln(n + 1) + gammaln(N - n + 1)
    return np.where(possible, np.exp(np.where(possible, logarithm, 0)), 0.0)


def _jackknife(v: Floats) -> Floats:
    """Return the standard error (N,) of the expected best, from what it is without each of the trials in turn."""
    N = v.size
    errors = np.full(N, np.nan)
    if N > 1:
        weights = _weights(N - 1)[: N // 2]  # of the ranks that are left
        before = np.pad(np.cumsum(v[:-1] * weights, axis=1), ((0, 0), (1, 0)))  # those below keep their rank
        after = np.pad(np.cumsum((v[1:] * weights)[:, ::-1], axis=1)[:, ::-1], ((0, 0), (0, 1)))
        without = before + after  # (n, the trial left out)
        deviations = without - without.mean(axis=1, keepdims=True)
        errors[: N // 2] = np.sqrt((N - 1) / N * (deviations**2).sum(axis=1))
    return errors
