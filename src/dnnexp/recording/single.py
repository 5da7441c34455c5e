"""The run of one configuration: its scores over the folds, the refit's test results, tables and figures."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from dnnexp.config import Config
from dnnexp.evaluation.cross_validation import Evaluation
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.refit import Refit
from dnnexp.evaluation.stack import network_shape
from dnnexp.evaluation.statistics import error_metric
from dnnexp.network.architecture import Architecture
from dnnexp.recording.outcome import outcome
from dnnexp.reporting.figures import confusion_matrix, label_bars, learning_curve, residual_plot
from dnnexp.reporting.health import health_csv, health_figure, sparse_curves
from dnnexp.reporting.report.contents import Confusion, Residuals
from dnnexp.reporting.terminal import dimensions_table
from dnnexp.tracking.labels import built_params, run_name
from dnnexp.tracking.records import RunRecord

__all__ = ["dimensions_text", "figures", "measured_health", "score_metrics", "single_run"]


def single_run(
    key: str,
    config: Config,
    protocol: Protocol,
    evaluation: Evaluation | None,
    refitted: Refit | None,
    trouble: str,
    started: float,
) -> RunRecord:
    """Return the run. evaluation None: no rows were held back; refitted None: `trouble` says why there is no network.

    started: seconds since 1970.
    """
    hidden, shape = config.model.hidden, network_shape(config.configuration, protocol)
    curves: dict[str, Sequence[float]] = {}
    metrics: dict[str, float] = {}
    artifacts: dict[str, str | bytes] = {"config.yaml": config.text}
    artifacts["data.txt"] = "\n".join(protocol.dataset.summary) + "\n"
    artifacts["dimensions.txt"] = dimensions_text(shape)
    if evaluation is not None:
        metrics |= score_metrics(evaluation)
        curves |= {name: curve.tolist() for name, curve in evaluation.curves.items()}
    if refitted is not None:
        metrics |= refitted.metrics
        curves = {name: curve.tolist() for name, curve in refitted.curves.items()} | curves
        artifacts |= figures(refitted, protocol, curves)
    health = measured_health(evaluation, refitted)
    if health:
        artifacts |= {"health.png": health_figure(health), "health.csv": health_csv(health)}
    tags = {"dnnexp.depth": str(len(hidden)), "dnnexp.state": "diverged" if trouble else "complete"}
    ended = time.time()
    return RunRecord(
        key=key,
        name=run_name(hidden, config.optimizer.lr),
        params=built_params(config.flat(), hidden, shape.parameters),
        metrics=metrics | {"seconds": ended - started},
        curves={**curves, **sparse_curves(health)},
        tags=tags | ({"dnnexp.reason": trouble} if trouble else {}),
        artifacts=artifacts,
        status="FAILED" if trouble else "FINISHED",
        start_time=started,
        end_time=ended,
    )


def measured_health(evaluation: Evaluation | None, refitted: Refit | None) -> Mapping[str, npt.NDArray[np.float64]]:
    """Return what was measured of each layer: of the folds' networks, or of the one that was trained without folds."""
    if evaluation is not None:
        return evaluation.health
    return {} if refitted is None else refitted.health


def dimensions_text(architecture: Architecture) -> str:
    """Return the matrix dimensions of every layer as a table."""
    return "\n".join(dimensions_table(architecture.dimensions, architecture.n[0])) + "\n"


def score_metrics(evaluation: Evaluation) -> dict[str, float]:
    """Return the final values over the folds, the test's left out: the refit is what is tested."""
    metrics = {name: value for name, value in evaluation.metrics.items() if not name.startswith(("test/", "train/"))}
    return metrics | error_metric(evaluation.metric, evaluation.scores, evaluation.n_train, evaluation.n_score)


def figures(refitted: Refit, protocol: Protocol, curves: Mapping[str, Sequence[float]]) -> dict[str, bytes]:
    """Return the learning curve, and what the network makes of the test rows: confusion matrix, labels or residuals."""
    predictor = refitted.predictor
    drawn = {"learning_curve.png": learning_curve(curves, refitted.epoch, protocol.metric_name)}
    found = outcome(predictor, protocol)
    if isinstance(found, Residuals):
        return drawn | {"residuals.png": residual_plot(found.predicted, found.actual, found.target)}
    if isinstance(found, Confusion):
        return drawn | {"confusion_matrix.png": confusion_matrix(found.counts, found.classes)}
    rows, dataset = protocol.split.test, protocol.dataset
    decided = predictor.code.codes(predictor.outputs(dataset.X.iloc[rows]))
    return drawn | {"labels.png": label_bars(decided, dataset.y[rows], dataset.target_names)}
