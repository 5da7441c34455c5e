"""Scores of trained networks on rows they have not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dnnexp.data.dataset import Dataset
from dnnexp.evaluation.protocol import Prepared
from dnnexp.metrics import Metric
from dnnexp.network.architecture import Architecture
from dnnexp.network.inference import logits, outputs

__all__ = ["score"]

Array = npt.NDArray[Any]
Rows = npt.NDArray[np.intp]


def score(
    theta: Array,
    architecture: Architecture,
    prepared: Prepared,
    dataset: Dataset,
    rows: Sequence[Rows],
    metrics: Mapping[str, Metric],
) -> dict[str, npt.NDArray[np.float64]]:
    """Return each metric (R,) of networks theta (R, P), network r on its own rows; NaN where it gives no finite output.

    Regression is scored in the target's own units. Rows count by their sample weights, where the data has those.
    """
    N = len(dataset.X)
    weights = np.ones(N) if dataset.weights is None else dataset.weights
    scores = {name: np.full(len(theta), np.nan) for name in metrics}
    for r, numbers in enumerate(rows):
        index = (numbers + r * N)[None, :]
        with np.errstate(all="ignore"):
            A = outputs(logits(theta[r : r + 1], architecture, prepared.examples.X1, index), architecture)[0]
        if not np.isfinite(A).all():
            continue
        if dataset.task == "regression":
            predicted, actual = prepared.codes[r].decode(A.T).T, dataset.y[numbers].T
        else:
            predicted, actual = A.astype(np.float64), prepared.examples.Y[index[0]].T
        for name, metric in metrics.items():
            scores[name][r] = metric.function(predicted, actual, weights[numbers])
    return scores
