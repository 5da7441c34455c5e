"""Thresholds tuned on out-of-fold outputs: from which probability on it is yes.

No fold is scored at a threshold that its own rows had a part in: that would be a selected score.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dnnexp.errors import ConfigError
from dnnexp.evaluation.schema import EvaluationConfig
from dnnexp.metrics import METRICS, Metric

__all__ = ["Outputs", "require_tunable", "tune", "tune_by_fold"]

Array = npt.NDArray[Any]
Rows = npt.NDArray[np.intp]
Thresholds = npt.NDArray[np.float64]

CANDIDATES = 200  # at most; of more outputs, quantiles are tried
DEFAULT = 0.5
TASKS = ("binary", "multilabel")


class Outputs(NamedTuple):
    """What one network says of the rows it is scored on."""

    rows: Rows  # (m,)
    A: Array  # (n[L], m)
    Y: Array  # (n[L], m)
    weights: Array  # (m,)


def require_tunable(config: EvaluationConfig, task: str, metric_name: str) -> None:
    """Raise ConfigError where a tuned threshold is asked for and nothing depends on one, or nothing can tune it."""
    if config.threshold != "tuned":
        return
    deciding = ", ".join(name for name, metric in METRICS.items() if metric.decides)
    if task not in TASKS:
        raise ConfigError(f"evaluation.threshold: a {task} task has no threshold, need default, got 'tuned'")
    if not METRICS[metric_name].decides:
        raise ConfigError(
            f"evaluation.threshold: {metric_name} does not depend on a threshold, so none can be tuned by it; "
            f"set evaluation.metric to one of {deciding}, or threshold=default"
        )
    if config.kind != "cross_validation":
        raise ConfigError(
            f"evaluation.threshold: tuned needs evaluation=cross_validation, got {config.kind}: "
            "a fold is scored at the threshold that the other folds' rows ask for"
        )


def tune(outputs: Sequence[Outputs], metric: Metric) -> Thresholds:
    """Return the threshold (n[L],) of each output at which the metric is best on all those rows together.

    Labels are tuned one by one, each as two classes. The candidates lie halfway between neighbouring probabilities;
    of equals the one nearest to 1/2 is taken.
    """
    A, Y = (np.concatenate([getattr(part, name) for part in outputs], axis=1) for name in ("A", "Y"))
    weights = np.concatenate([part.weights for part in outputs])
    return np.array([_best(A[k : k + 1], Y[k : k + 1], weights, metric) for k in range(len(A))])


def tune_by_fold(outputs: Sequence[Outputs], metric: Metric) -> list[Thresholds]:
    """Return for each fold the thresholds tuned on the rows of the others, those that it is scored on left out.

    Repeated folds score the same rows again: these are left out too.
    """
    tuned = []
    for j, own in enumerate(outputs):
        others = []
        for i, part in enumerate(outputs):
            is_foreign = ~np.isin(part.rows, own.rows)
            if i != j and is_foreign.any():
                others.append(
                    Outputs(
                        part.rows[is_foreign], part.A[:, is_foreign], part.Y[:, is_foreign], part.weights[is_foreign]
                    )
                )
        tuned.append(tune(others, metric))
    return tuned


def _best(A: Array, Y: Array, weights: Array, metric: Metric) -> float:
    """Return the best threshold for outputs A (1, m)."""
    distinct = np.unique(A.astype(np.float64))
    halfway = (distinct[1:] + distinct[:-1]) / 2
    if len(halfway) > CANDIDATES:
        halfway = np.unique(np.quantile(halfway, np.linspace(0, 1, CANDIDATES), method="nearest"))
    candidates = np.append(halfway, DEFAULT)
    scores = np.array([float(metric.function(A, Y, weights, threshold)) for threshold in candidates])
    if not np.isfinite(scores).any():
        return DEFAULT
    best = candidates[scores == np.nanmax(scores)]
    return float(best[np.abs(best - DEFAULT).argmin()])
