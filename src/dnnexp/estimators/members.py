"""The members of an estimator, trained at once on the rows it was given."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dnnexp.data.moments import relative
from dnnexp.data.preprocessing import Preprocessor
from dnnexp.data.target_code import TargetCode
from dnnexp.errors import DnnexpError
from dnnexp.estimators.rows import Rows
from dnnexp.estimators.settings import with_own_names
from dnnexp.evaluation.configuration import Configuration
from dnnexp.evaluation.folds import draw_share
from dnnexp.evaluation.remedy import divergence_in_words
from dnnexp.evaluation.stack import architecture_of, make_member, mean_curves
from dnnexp.metrics import default_metric, suited_metrics
from dnnexp.predictor import Predictor
from dnnexp.training.examples import Examples
from dnnexp.training.lockstep import Lockstep
from dnnexp.training.seeds import child
from dnnexp.training.start import Start

__all__ = ["Trained", "hold_back", "train_members"]

STOP, MEMBER = range(2)  # places below the seed


class Trained(NamedTuple):
    """What came of a training: the networks behind their preprocessing, where they ended, and means over them."""

    predictor: Predictor
    end: Start
    curves: dict[str, npt.NDArray[Any]]  # by epoch: train/loss, and where rows were held back val/loss, val/metric


def hold_back(
    rows: Rows, labels: npt.NDArray[Any] | None, share: float, seed: np.random.SeedSequence
) -> npt.NDArray[np.intp]:
    """Return the numbers of a share of the rows, by class where there are labels; raise DataError if it is all."""
    return draw_share(len(rows.y), labels, share, child(seed, STOP, 0, 0), "validation_fraction")[1]


def train_members(
    configuration: Configuration,
    rows: Rows,
    stop: list[npt.NDArray[np.intp]],
    preprocessor: Preprocessor,
    code: TargetCode,
    loss: str,
    seed: np.random.SeedSequence,
    start: Start | None = None,
) -> Trained:
    """Train one network for each entry of `stop`, the rows that it stops by; none: to the end.

    start: where they begin; it is left out where its networks have another shape. Raises DnnexpError if one diverges.
    """
    trainer, features = configuration.trainer, preprocessor.transform(rows.X)
    examples = Examples.empty(len(features), features.shape[1], code.outputs, trainer.precision)
    examples.X1[:, :-1], examples.Y[:] = features, code.encode(rows.y)
    if rows.weights is not None:
        weights = relative(rows.weights).astype(trainer.precision)
        examples = examples._replace(weights=weights, score_weights=weights)
    architecture = architecture_of(configuration.model, features.shape[1], code.outputs, loss)
    if start is not None and start.theta.shape != (len(stop), architecture.size):
        start = None
    everything = np.arange(len(rows.y))
    members = [
        make_member(configuration, np.setdiff1d(everything, held), held, child(seed, MEMBER, i))
        for i, held in enumerate(stop)
    ]
    model, metric = configuration.model, suited_metrics(code.task)[default_metric(code.task)]
    lockstep = Lockstep(
        examples, architecture, loss, members, configuration.optimizer, configuration.schedule,
        trainer, metric, model.initializer, model.gain, start=start,
    )  # fmt: skip
    fits = lockstep.run()
    broken = next((fit.divergence for fit in fits if fit.divergence is not None), None)
    if broken is not None:
        raise DnnexpError(with_own_names(divergence_in_words(broken, configuration)))
    theta = np.stack([fit.theta for fit in fits]).astype(np.float64)  # predictions do not depend on what is beside them
    return Trained(Predictor(architecture, theta, preprocessor, code), lockstep.end, mean_curves(fits, "metric"))
