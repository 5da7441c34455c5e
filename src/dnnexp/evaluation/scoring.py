"""Scores of trained networks on rows they have not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dnnexp.data.dataset import Dataset
from dnnexp.evaluation.protocol import Prepared
from dnnexp.evaluation.threshold import Outputs
from dnnexp.metrics import Metric
from dnnexp.network.architecture import Architecture
from dnnexp.network.inference import logits, outputs

__all__ = ["out_of_fold", "score"]

Array = npt.NDArray[Any]
Rows = npt.NDArray[np.intp]


def score(
    theta: Array,
    architecture: Architecture,
    prepared: Prepared,
    dataset: Dataset,
    rows: Sequence[Rows],
    metrics: Mapping[str, Metric],
    thresholds: Sequence[npt.NDArray[np.float64]] = (),
) -> dict[str, npt.NDArray[np.float64]]:
    """Return each metric (R,) of networks theta (R, P), network r on its own rows; NaN where it gives no finite output.

    Regression is scored in the target's own units. Rows count by their sample weights, where the data has those.
    thresholds: (n[L],) of each network, for the metrics that decide; none: 1/2.
    """
    scores = {name: np.full(len(theta), np.nan) for name in metrics}
    for r, said in enumerate(out_of_fold(theta, architecture, prepared, dataset, rows)):
        if not np.isfinite(said.A).all():
            continue
        predicted, actual = said.A, said.Y
        if dataset.task == "regression":
            predicted, actual = prepared.codes[r].decode(said.A.T).T, dataset.y[said.rows].T
        for name, metric in metrics.items():
            decided = (thresholds[r][:, None],) if metric.decides and len(thresholds) else ()
            scores[name][r] = metric.function(predicted, actual, said.weights, *decided)
    return scores


def out_of_fold(
    theta: Array, architecture: Architecture, prepared: Prepared, dataset: Dataset, rows: Sequence[Rows]
) -> list[Outputs]:
    """Return what each network says of its own rows, in the units it learns."""
    N, said = len(dataset.X), []
    for r, numbers in enumerate(rows):
        index = (numbers + r * N)[None, :]
        with np.errstate(all="ignore"):
            A = outputs(logits(theta[r : r + 1], architecture, prepared.examples.X1, index), architecture)[0]
        weights = np.ones(len(numbers)) if dataset.weights is None else dataset.weights[numbers]
        said.append(Outputs(numbers, A.astype(np.float64), prepared.examples.Y[index[0]].T, weights))
    return said
