"""What a network makes of the test rows: confusion or residuals, the worst of them, the boundary of two columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from dnnexp.data.dataset import Dataset, row_number
from dnnexp.evaluation.protocol import Protocol
from dnnexp.notation import number
from dnnexp.predictor import Predictor
from dnnexp.reporting.report.contents import Boundary, Confusion, Example, Residuals

__all__ = ["boundary", "outcome", "right", "shares", "worst"]

WORST = 8  # examples
SHOWN = 8  # columns of an example
GRID = 140  # points along a side of a boundary


def outcome(predictor: Predictor, protocol: Protocol) -> Confusion | Residuals | None:
    """Return the confusion matrix of classes, the residuals of a quantity (the first target); None for other tasks."""
    rows, dataset = protocol.split.test, protocol.dataset
    outputs = predictor.outputs(dataset.X.iloc[rows])
    if dataset.task == "regression":
        predicted = predictor.code.decode(outputs)
        return Residuals(dataset.target_names[0], predicted[:, 0], dataset.y[rows][:, 0])
    if dataset.task not in ("binary", "multiclass"):
        return None
    counts = np.zeros((len(dataset.classes), len(dataset.classes)), np.int64)
    np.add.at(counts, (dataset.y[rows], predictor.code.codes(outputs)), 1)
    return Confusion(dataset.classes, counts)


def right(found: Confusion | Residuals | None) -> int | None:
    """Return how many test rows are classified right; None where they have no classes."""
    return int(np.trace(found.counts)) if isinstance(found, Confusion) else None


def worst(predictor: Predictor, protocol: Protocol) -> list[Example]:
    """Return the test rows that were predicted worst: wrong classes, surest first, or the largest residuals."""
    rows, dataset = protocol.split.test, protocol.dataset
    X = dataset.X.iloc[rows]
    if dataset.task == "regression":
        predicted, actual = predictor.predict(X)[:, 0], dataset.y[rows][:, 0]
        order = np.argsort(-np.abs(actual - predicted), kind="stable")[:WORST]
        return [
            _example(
                dataset,
                int(rows[i]),
                number(actual[i]),
                number(predicted[i]),
                f"off by {number(actual[i] - predicted[i])}",
            )
            for i in order
        ]
    if dataset.task not in ("binary", "multiclass"):
        return []
    p = predictor.predict_proba(X)
    codes = predictor.code.codes(predictor.outputs(X))
    sureness = p[np.arange(len(rows)), codes]
    wrong = np.flatnonzero(codes != dataset.y[rows])
    order = wrong[np.argsort(-sureness[wrong], kind="stable")][:WORST]
    names = dataset.classes
    return [
        _example(dataset, int(rows[i]), names[dataset.y[rows[i]]], names[codes[i]], f"probability {sureness[i]:.2f}")
        for i in order
    ]


def _example(dataset: Dataset, row: int, actual: str, predicted: str, note: str) -> Example:
    record = dataset.X.iloc[row]
    pixels = _pixels(record.to_numpy(), dataset.image_shape)
    values = {str(name): _cell(value) for name, value in list(record.items())[:SHOWN]} if pixels is None else {}
    return Example(row_number(row), actual, predicted, note, pixels, values)


def _cell(value: Any) -> str:
    if pd.isna(value):
        return "missing"
    if isinstance(value, int | float | np.number):
        return f"{float(value):.4g}"
    return str(value)


def _pixels(values: npt.NDArray[Any], shape: tuple[int, ...] | None) -> npt.NDArray[np.uint8] | None:
    """Return the picture (height, width) or (height, width, 3), 0 to 255 from its darkest to its lightest pixel."""
    if shape is None or len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] not in (1, 3)):
        return None
    picture = np.nan_to_num(values.astype(float)).reshape(shape)
    low, high = picture.min(), picture.max()
    grey: npt.NDArray[np.uint8] = np.round(255 * (picture - low) / ((high - low) or 1)).astype(np.uint8)
    return grey.reshape(shape[:2]) if len(shape) == 3 and shape[2] == 1 else grey


def boundary(predictor: Predictor, protocol: Protocol) -> Boundary | None:
    """Return what the network says over the plane of its columns; None unless they are two and it has classes."""
    dataset, rows = protocol.dataset, protocol.split.test
    kinds = [dtype.kind for dtype in dataset.X.dtypes]
    if dataset.task not in ("binary", "multiclass") or len(kinds) != 2 or any(kind not in "fiu" for kind in kinds):
        return None
    values = dataset.X.to_numpy(float)
    low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
    margin = 0.05 * np.where(high > low, high - low, 1.0)
    (x0, y0), (x1, y1) = low - margin, high + margin
    xs, ys = np.meshgrid(np.linspace(x0, x1, GRID), np.linspace(y0, y1, GRID))
    plane = pd.DataFrame(np.column_stack([xs.ravel(), ys.ravel()]), columns=dataset.X.columns)
    codes = predictor.code.codes(predictor.outputs(plane))
    certainty = predictor.predict_proba(plane)[np.arange(len(codes)), codes]
    known = rows[np.isfinite(values[rows]).all(axis=1)]
    first, second = (str(name) for name in dataset.X.columns)
    return Boundary(
        (first, second),
        dataset.classes,
        (float(x0), float(x1)),
        (float(y0), float(y1)),
        codes.reshape(GRID, GRID),
        certainty.reshape(GRID, GRID),
        values[known],
        dataset.y[known],
    )


def shares(dataset: Dataset) -> dict[str, int]:
    """Return the rows of each class, {} where there are none or more than can be read."""
    if dataset.task not in ("binary", "multiclass") or len(dataset.classes) > 40:
        return {}
    return {
        name: int(n)
        for name, n in zip(dataset.classes, np.bincount(dataset.y, minlength=len(dataset.classes)), strict=True)
    }
