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
AT_ONCE = 1 << 18  # outputs that a metric is given at a time, where that is more than one network


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
    told = out_of_fold(theta, architecture, prepared, dataset, rows)
    for alike in _side_by_side(told):
        group = [told[r] for r in alike]
        if dataset.task == "regression":
            predicted = np.stack([prepared.codes[r].decode(told[r].A.T).T for r in alike])
            actual = np.stack([dataset.y[said.rows].T for said in group])
        else:
            predicted, actual = np.stack([said.A for said in group]), np.stack([said.Y for said in group])
        weights = np.stack([said.weights for said in group])
        tuned = [np.stack([thresholds[r] for r in alike])[..., None]] if len(thresholds) else []
        for name, metric in metrics.items():
            scores[name][alike] = metric.function(predicted, actual, weights, *(tuned if metric.decides else ()))
    return scores


def _side_by_side(told: Sequence[Outputs]) -> list[list[int]]:
    """Return the networks with finite outputs only, those together that a metric can be asked for at once."""
    by_length: dict[int, list[int]] = {}
    for r, said in enumerate(told):
        if np.isfinite(said.A).all():
            by_length.setdefault(said.A.shape[-1], []).append(r)
    groups = []
    for alike in by_length.values():
        k = max(1, AT_ONCE // max(1, told[alike[0]].A.size))
        groups += [alike[start : start + k] for start in range(0, len(alike), k)]
    return groups


def out_of_fold(
    theta: Array, architecture: Architecture, prepared: Prepared, dataset: Dataset, rows: Sequence[Rows]
) -> list[Outputs]:
    """Return what each network says of its own rows, in the units it learns."""
    N, said = len(dataset.X), []
    for r, numbers in enumerate(rows):
        index = (numbers + r * N)[None, :]
        with np.errstate(all="ignore"):
            A = outputs(logits(theta[r : r + 1], architecture, prepared.examples.X1, index), architecture)[0]
        said.append(
            Outputs(numbers, A.astype(np.float64), prepared.examples.Y[index[0]].T, dataset.weights_of(numbers))
        )
    return said
