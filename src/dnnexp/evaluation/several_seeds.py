"""The choice trained on all development rows with several seeds, side by side, and what each does on the test rows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dnnexp.evaluation.configuration import Configuration
from dnnexp.evaluation.confirmation import confirm
from dnnexp.evaluation.cross_validation import Evaluation
from dnnexp.evaluation.places import CONFIRMATION
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.refit import no_folds
from dnnexp.evaluation.remedy import divergence_in_words
from dnnexp.evaluation.scoring import score
from dnnexp.evaluation.stack import make_member, mean_curves, mean_health, train_stack
from dnnexp.metrics.means import mean_and_deviation
from dnnexp.network.inference import logits, outputs
from dnnexp.training.fit import Length
from dnnexp.training.seeds import generator
from dnnexp.training.threads import threadpools

__all__ = ["SeveralSeeds", "refit_seeds"]

Array = npt.NDArray[Any]


class SeveralSeeds(NamedTuple):
    """S networks of one configuration that differ in their seeds only; the first is the one that is kept."""

    evaluation: Evaluation  # test_scores (S,), NaN where a network diverged; metrics: means over the others, and limits
    predictions: npt.NDArray[np.float64]  # (S, test rows, outputs) probabilities, or values in the target's units
    targets: npt.NDArray[np.float64]  # (test rows, outputs) alike: 0/1, or values


def refit_seeds(
    configuration: Configuration, protocol: Protocol, length: Length, seeds: int, threshold: Sequence[float] = ()
) -> SeveralSeeds:
    """Train `seeds` networks on all development rows in lockstep and score each on the test rows, once.

    Network s is, to the bit, the one that `refit` trains alone with the s-th seed. Whether the first one diverged is
    said in the evaluation. threshold: of each output, () for the default.

    Its metrics have the means, test/<metric>_low and _high, the limits of the 95% interval of the mean test score over
    seeds and rows, and first/<metric>_low and _high, those of the first network's own over rows.
    """
    started = time.perf_counter()
    rows, dataset = protocol.split.development, protocol.dataset
    prepared = protocol.prepare(configuration.preprocessing, [rows], configuration.trainer.precision)
    nothing = np.zeros(0, np.intp)
    members = [make_member(configuration, rows, nothing, protocol.refit_seed(s)) for s in range(seeds)]
    architecture, fits, schedule_steps = train_stack(configuration, protocol, prepared, members, length)
    code = prepared.codes[0].deciding_at(threshold)
    decided = [code.threshold] if len(threshold) else []
    parts = {"train": rows, "test": protocol.split.test}
    scores: dict[str, list[float]] = {}
    predictions = []
    with threadpools().limit(limits=configuration.trainer.threads, user_api="blas"), np.errstate(all="ignore"):
        for fit in fits:
            theta = fit.theta[None, :] if fit.divergence is None else np.full((1, architecture.size), np.nan)
            for part, numbers in parts.items():
                scored = score(theta, architecture, prepared, dataset, [numbers], protocol.metrics, decided)
                for name, values in scored.items():
                    scores.setdefault(f"{part}/{name}", []).append(float(values[0]))
            A = outputs(logits(theta, architecture, prepared.examples.X1, parts["test"][None, :]), architecture)[0]
            predictions.append(prepared.codes[0].decode(A.T) if dataset.task == "regression" else A.T)
    targets = (dataset.y if dataset.task == "regression" else prepared.examples.Y)[parts["test"]].astype(np.float64)
    said = np.stack(predictions).astype(np.float64)
    evaluation = no_folds(protocol)._replace(
        test_scores=np.array(scores[f"test/{protocol.metric_name}"]),
        metrics=_means(scores) | _limits(said, targets, protocol, threshold),
        curves=mean_curves(fits, protocol.metric_name),
        health=mean_health(fits),
        best_steps=np.array([fit.best_step for fit in fits]),
        schedule_steps=schedule_steps,
        epochs=max(len(fit.curves["train/loss"]) for fit in fits),
        parameters=architecture.parameters,
        threshold=tuple(threshold),
        diverged="" if fits[0].divergence is None else divergence_in_words(fits[0].divergence, configuration),
        seconds=time.perf_counter() - started,
    )
    return SeveralSeeds(evaluation, said, targets)


def _means(scores: dict[str, list[float]]) -> dict[str, float]:
    """Return the mean over the seeds of each, and of the test's the standard deviation as <name>_sd."""
    means = {}
    for name, values in scores.items():
        finite = np.array([value for value in values if np.isfinite(value)])
        if len(finite):
            means[name], deviation = mean_and_deviation(finite)
        if len(finite) > 1 and name.startswith("test/"):
            means[f"{name}_sd"] = deviation
    return means


def _limits(predictions: Array, targets: Array, protocol: Protocol, threshold: Sequence[float]) -> dict[str, float]:
    """Return the limits of the test score's 95% interval, of the mean over the networks that trained and of the first.

    predictions (S, test rows, outputs). Nothing is said of the first where it diverged.
    """
    is_finite = np.array([np.isfinite(values).all() for values in predictions])
    if not is_finite.any() or not len(targets):
        return {}
    groups, weights = (
        None if values is None else values[protocol.split.test]
        for values in (protocol.dataset.groups, protocol.dataset.weights)
    )
    found = confirm(
        predictions[is_finite],
        targets,
        protocol.metric,
        generator(protocol.seed, CONFIRMATION),
        groups=groups,
        weights=weights,
        threshold=np.array(threshold) if len(threshold) else None,
    )
    name = protocol.metric_name
    limits = {"test": found.mean} | ({"first": found.first} if is_finite[0] else {})
    return {f"{part}/{name}_{side}": getattr(at, side) for part, at in limits.items() for side in ("low", "high")}
