"""The metrics by name, and which suits a task."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dnnexp.errors import ConfigError, require_choice
from dnnexp.metrics import decisions, probabilities, quantities, rankings

__all__ = ["METRICS", "Metric", "choose_metric", "default_metric", "suited_metrics"]

MULTILABEL = "multilabel"
CLASSES = ("binary", "multiclass", MULTILABEL)
QUANTITIES = ("regression",)


class Metric(NamedTuple):
    """A score, the direction in which it improves, and the tasks it suits.

    `function(A, Y, weights)`, and `function(A, Y, weights, threshold)` of one that decides. Outputs of a multilabel
    task are questions of their own: `suited_metrics` has the function for it, `of_labels`, in the place of `function`.
    """

    function: Callable[..., np.ndarray]
    greater_is_better: bool
    tasks: tuple[str, ...]
    decides: bool = False  # the score depends on the threshold between no and yes
    of_labels: Callable[..., np.ndarray] | None = None  # None: the same as function
    in_units: bool = False  # the score is in the units of the target
    caution: str = ""  # why nothing should be chosen by it, and what to take; "" where it may


METRICS: dict[str, Metric] = {
    "accuracy": Metric(
        decisions.accuracy,
        greater_is_better=True,
        tasks=CLASSES,
        decides=True,
        of_labels=decisions.accuracy_of_labels,
    ),
    "average_precision": Metric(rankings.average_precision, greater_is_better=True, tasks=CLASSES),
    "balanced_accuracy": Metric(
        decisions.balanced_accuracy,
        greater_is_better=True,
        tasks=CLASSES,
        decides=True,
        of_labels=decisions.balanced_accuracy_of_labels,
    ),
    "calibration_error": Metric(
        probabilities.calibration_error,
        greater_is_better=False,
        tasks=CLASSES,
        of_labels=probabilities.calibration_error_of_labels,
        caution="calibration_error is least where every row is given the shares of the classes, and nothing was "
        "learned; choose by log_loss, which wants both, and calibration_error is recorded beside it",
    ),
    "f1": Metric(decisions.f1, greater_is_better=True, tasks=CLASSES, decides=True, of_labels=decisions.f1_of_labels),
    "log_loss": Metric(
        probabilities.log_loss, greater_is_better=False, tasks=CLASSES, of_labels=probabilities.log_loss_of_labels
    ),
    "mae": Metric(quantities.mae, greater_is_better=False, tasks=QUANTITIES, in_units=True),
    "r2": Metric(quantities.r2, greater_is_better=True, tasks=QUANTITIES),
    "rmse": Metric(quantities.rmse, greater_is_better=False, tasks=QUANTITIES, in_units=True),
    "roc_auc": Metric(rankings.roc_auc, greater_is_better=True, tasks=CLASSES),
}
DEFAULTS = {"regression": "r2", "binary": "accuracy", "multiclass": "accuracy", MULTILABEL: "average_precision"}


def default_metric(task: str) -> str:
    """Return the name of the metric that a task is stopped, pruned and chosen by, unless another is named.

    Of labels it is the average precision: all labels right at once is rare, most labels say no most of the time, and a
    ranking needs no threshold, which is a decision for later.
    """
    return DEFAULTS[task]


def suited_metrics(task: str) -> dict[str, Metric]:
    """Return the metrics of a task by name, each with the function for it."""
    suited = {name: metric for name, metric in METRICS.items() if task in metric.tasks}
    if task != MULTILABEL:
        return suited
    return {name: metric._replace(function=metric.of_labels or metric.function) for name, metric in suited.items()}


def choose_metric(name: str | None, task: str) -> str:
    """Return `name`, or the task's default for None. Raises ConfigError for one that is unknown or does not suit."""
    if name is None:
        return default_metric(task)
    require_choice("evaluation.metric", name, METRICS)
    if task not in METRICS[name].tasks:
        suited = ", ".join(suited_metrics(task))
        raise ConfigError(f"evaluation.metric: {name!r} does not suit a {task} task, choices: {suited}")
    return name
