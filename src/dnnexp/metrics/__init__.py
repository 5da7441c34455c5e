"""Scores of network outputs against targets, for a stack of networks at once.

Every function takes outputs A (..., n[L], m), encoded targets Y (..., n[L], m) and weights (..., m), and returns (...,)
float64. Columns of weight 0 do not count, whatever they hold; a NaN in one that counts makes the score NaN, and so does
a total weight of 0.
"""

from __future__ import annotations

from dnnexp.metrics.decisions import accuracy, balanced_accuracy, f1
from dnnexp.metrics.probabilities import calibration_error, log_loss
from dnnexp.metrics.quantities import mae, r2, rmse
from dnnexp.metrics.rankings import average_precision, roc_auc
from dnnexp.metrics.registry import METRICS, Metric, choose_metric, default_metric, suited_metrics

__all__ = [
    "METRICS", "Metric", "accuracy", "average_precision", "balanced_accuracy", "calibration_error", "choose_metric",
    "default_metric", "f1", "log_loss", "mae", "r2", "rmse", "roc_auc", "suited_metrics",
]  # fmt: skip
