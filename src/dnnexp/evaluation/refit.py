"""The chosen configuration trained once more, on all development rows, and scored on the locked test rows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dnnexp.errors import DnnexpError
from dnnexp.evaluation.configuration import Configuration
from dnnexp.evaluation.cross_validation import Evaluation
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.remedy import divergence_in_words
from dnnexp.evaluation.scoring import score
from dnnexp.evaluation.stack import make_member, mean_curves, mean_health, train_stack
from dnnexp.predictor import Predictor
from dnnexp.training.checkpoint import Checkpoints
from dnnexp.training.fit import Length, OnEpoch
from dnnexp.training.schema import TrainerConfig
from dnnexp.training.threads import threadpools

__all__ = ["DivergedError", "Refit", "no_folds", "refit", "refit_length"]


class DivergedError(DnnexpError):
    """A network trained on all development rows that diverged; the message says where and what to do."""


class Refit(NamedTuple):
    """A network trained on all development rows."""

    predictor: Predictor
    metrics: dict[str, float]  # train/… and test/…
    test_score: float  # by the protocol's metric
    curves: dict[str, npt.NDArray[np.float64]]  # train/loss by epoch
    health: dict[str, npt.NDArray[np.float64]]  # health/<measure>/l<layer> by epoch, where it was asked for
    steps: int
    epoch: int  # that the last step was in
    schedule_steps: int
    seconds: float


def refit_length(
    best_steps: Sequence[int] | npt.NDArray[np.intp], schedule_steps: int, trainer: TrainerConfig, rows: int
) -> Length:
    """Return the length of a training on `rows` rows that takes as many epochs as the median of the folds' best.

    best_steps (J,): of the folds, whose schedule of all epochs was stretched over schedule_steps. A network on all
    development rows has no rows to stop by, and more steps in an epoch: its schedule and its steps are scaled alike.
    """
    steps_of_an_epoch = 1 if trainer.batch_size is None else -(-rows // trainer.batch_size)
    whole = trainer.epochs * steps_of_an_epoch
    return Length(max(1, round(float(np.median(best_steps)) * whole / schedule_steps)), whole)


def refit(
    configuration: Configuration,
    protocol: Protocol,
    length: Length | None = None,
    on_epoch: OnEpoch | None = None,
    checkpoints: Checkpoints | None = None,
    threshold: Sequence[float] = (),
) -> Refit:
    """Train on all development rows and score the test rows, once.

    length None: for all epochs of the configuration. threshold: of each output, as tuned on the folds, which the
    predictor decides by; none: 1/2. Raises DivergedError if the network does.
    """
    started = time.perf_counter()
    rows = protocol.split.development
    prepared = protocol.prepare(configuration.preprocessing, [rows], configuration.trainer.precision)
    members = [make_member(configuration, rows, np.zeros(0, np.intp), protocol.refit_seed(0))]
    architecture, fits, schedule_steps = train_stack(
        configuration, protocol, prepared, members, length, on_epoch, checkpoints
    )
    if fits[0].divergence is not None:
        raise DivergedError(divergence_in_words(fits[0].divergence, configuration))
    theta = fits[0].theta[None, :]
    code = prepared.codes[0].deciding_at(threshold)
    predictor = Predictor(architecture, theta, prepared.preprocessors[0], code)
    decided = [code.threshold] if len(threshold) else []
    metrics: dict[str, float] = {}
    with threadpools().limit(limits=configuration.trainer.threads, user_api="blas"):
        for part, numbers in (("train", rows), ("test", protocol.split.test)):
            scores = score(theta, architecture, prepared, protocol.dataset, [numbers], protocol.metrics, decided)
            metrics |= {f"{part}/{name}": float(values[0]) for name, values in scores.items()}
    return Refit(
        predictor,
        metrics,
        metrics[f"test/{protocol.metric_name}"],
        mean_curves(fits, protocol.metric_name),
        mean_health(fits),
        fits[0].best_step,
        fits[0].best_epoch,
        schedule_steps,
        time.perf_counter() - started,
    )


def no_folds(protocol: Protocol) -> Evaluation:
    """Return the record of what has no folds, in the form that trials are recorded in, yet without results."""
    return Evaluation(
        metric=protocol.metric_name,
        greater_is_better=protocol.metric.greater_is_better,
        scores=np.zeros(0),
        test_scores=np.zeros(0),
        metrics={},
        curves={},
        health={},
        best_steps=np.zeros(0, np.intp),
        schedule_steps=0,
        epochs=0,
        n_train=float(len(protocol.split.development)),
        n_score=0.0,
        parameters=0,
        threshold=(),
        diverged="",
        learned=1.0,
        seconds=0.0,
    )
