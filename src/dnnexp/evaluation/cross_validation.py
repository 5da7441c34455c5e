"""One configuration, trained on all folds in lockstep and scored on the rows each network has not seen."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dnnexp.evaluation.class_weights import balanced
from dnnexp.evaluation.configuration import Configuration
from dnnexp.evaluation.constant import constant_cost
from dnnexp.evaluation.protocol import Protocol, Stage
from dnnexp.evaluation.remedy import divergence_in_words
from dnnexp.evaluation.scoring import out_of_fold, score
from dnnexp.evaluation.stack import make_member, mean_curves, mean_health, train_stack
from dnnexp.evaluation.threshold import tune, tune_by_fold
from dnnexp.metrics.means import mean_and_deviation
from dnnexp.training.checkpoint import Checkpoints
from dnnexp.training.fit import OnEpoch
from dnnexp.training.threads import threadpools

__all__ = ["Evaluation", "cross_validate"]

Array = npt.NDArray[Any]
Rows = npt.NDArray[np.intp]


class Evaluation(NamedTuple):
    """What J networks of one configuration scored, one on each fold."""

    metric: str
    greater_is_better: bool
    scores: npt.NDArray[np.float64]  # (J,) on the fold's score rows; NaN where the network diverged
    test_scores: npt.NDArray[np.float64]  # (J,) on the locked test rows: for the record, never for a choice
    metrics: dict[str, float]  # score/… and test/… with _sd, train/ the metric alone: means over the folds
    curves: dict[str, npt.NDArray[np.float64]]  # by epoch: train/loss, val/loss, val/<metric>, means over the folds
    health: dict[str, npt.NDArray[np.float64]]  # health/<measure>/l<layer> by epoch alike, where it was asked for
    best_steps: npt.NDArray[np.intp]  # (J,) steps after which the kept parameters were reached
    schedule_steps: int  # that the schedule was stretched over
    epochs: int  # until the last network stopped
    n_train: float  # mean rows that a network learned from, those it stopped by included
    n_score: float  # mean rows it was scored on
    parameters: int
    threshold: tuple[float, ...]  # of each output, tuned on all scored rows; () where the default decides
    diverged: str  # "" or where the first network diverged and what to do
    learned: float  # share of the networks that ever had a lower cost, where they stop by, than a constant answer has
    seconds: float


def cross_validate(
    configuration: Configuration,
    protocol: Protocol,
    on_epoch: OnEpoch | None = None,
    checkpoints: Checkpoints | None = None,
    stage: Stage | None = None,
) -> Evaluation:
    """Train the configuration on every fold at once and score each network on its fold's rows and on the test rows.

    stage None: the protocol's screening. Where thresholds are tuned, a fold is scored at those that the rows of the
    other folds ask for, so that its score is no selected one; `threshold` is what all of them ask for together.
    """
    started = time.perf_counter()
    folds, seeds = protocol.screening if stage is None else stage
    dataset = protocol.dataset
    fitted_on = [np.concatenate([fold.train, fold.stop]) for fold in folds]
    prepared = protocol.prepare(configuration.preprocessing, fitted_on, configuration.trainer.precision)
    N = len(dataset.X)
    members = [
        make_member(configuration, fold.train + j * N, fold.stop + j * N, seed)
        for j, (fold, seed) in enumerate(zip(folds, seeds, strict=True))
    ]
    architecture, fits, schedule_steps = train_stack(
        configuration, protocol, prepared, members, None, on_epoch, checkpoints
    )
    theta = np.stack([fit.theta for fit in fits])
    has_diverged = np.array([fit.divergence is not None for fit in fits])
    theta[has_diverged] = np.nan
    rows = {
        "train": [fold.train for fold in folds],
        "score": [fold.score for fold in folds],
        "test": [protocol.split.test] * len(folds),
    }
    loss, trainer = protocol.loss(configuration.trainer.loss), configuration.trainer
    weighed = balanced(trainer, prepared.examples, members, architecture.output)
    has_learned = [
        min(fit.curves["stop/loss"], key=_nan_last, default=np.nan)
        < constant_cost(prepared.examples, member.stop, loss, class_weights=member.class_weights)
        for fit, member in zip(fits, weighed, strict=True)
    ]
    tuned: tuple[float, ...] = ()
    by_fold: list[npt.NDArray[np.float64]] = []
    with threadpools().limit(limits=trainer.threads, user_api="blas"):  # small products: a second thread only waits
        if protocol.config.threshold == "tuned" and not has_diverged.any():
            said = out_of_fold(theta, architecture, prepared, dataset, rows["score"])
            by_fold = tune_by_fold(said, protocol.metric)
            tuned = tuple(tune(said, protocol.metric).tolist())
        alone = {protocol.metric_name: protocol.metric}  # what was learned by heart needs no more: rankings take long
        by_part = {
            part: score(
                theta,
                architecture,
                prepared,
                dataset,
                rows[part],
                alone if part == "train" else protocol.metrics,
                by_fold,
            )
            for part in rows
        }
    first = next((fit.divergence for fit in fits if fit.divergence is not None), None)
    return Evaluation(
        metric=protocol.metric_name,
        greater_is_better=protocol.metric.greater_is_better,
        scores=by_part["score"][protocol.metric_name],
        test_scores=by_part["test"][protocol.metric_name],
        metrics=_summarize(by_part),
        curves=mean_curves(fits, protocol.metric_name),
        health=mean_health(fits),
        best_steps=np.array([fit.best_step for fit in fits]),
        schedule_steps=schedule_steps,
        epochs=max(len(fit.curves["train/loss"]) for fit in fits),
        n_train=float(np.mean([len(fitted) for fitted in fitted_on])),
        n_score=float(np.mean([len(fold.score) for fold in folds])),
        parameters=architecture.parameters,
        threshold=tuned,
        diverged="" if first is None else divergence_in_words(first, configuration),
        learned=float(np.mean(has_learned)),
        seconds=time.perf_counter() - started,
    )


def _nan_last(value: float) -> float:
    return np.inf if np.isnan(value) else value


def _summarize(by_part: dict[str, dict[str, npt.NDArray[np.float64]]]) -> dict[str, float]:
    """Return part/metric: mean over the folds, and part/metric_sd, of the networks that gave finite outputs."""
    summary = {}
    for part, scores in by_part.items():
        for name, values in scores.items():
            finite = values[np.isfinite(values)]
            if len(finite):
                summary[f"{part}/{name}"], deviation = mean_and_deviation(finite)
            if len(finite) > 1 and part != "train":
                summary[f"{part}/{name}_sd"] = deviation
    return summary
