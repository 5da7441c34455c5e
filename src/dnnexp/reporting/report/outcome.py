"""What the chosen network makes of the test rows: confusion, residuals, its worst examples, and its boundary."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from markupsafe import Markup
from PIL import Image

from dnnexp.reporting.report.contents import Boundary, Confusion, Residuals
from dnnexp.reporting.report.plot import Plot, Scale, linear
from dnnexp.reporting.style import BLUE, GREEN, GREY, ORANGE

__all__ = ["Cell", "boundary_plot", "confusion_rows", "image_url", "mistakes", "residual_plots", "swatches"]

DRAWN = 1500  # points of a scatter
TABLE = 24  # classes at most, beyond which a table cannot be read
COLORS = (BLUE, ORANGE, GREEN, "#cc79a7", "#e69f00", "#56b4e9", "#8a7a00", GREY)  # of Okabe and Ito


class Cell(NamedTuple):
    """One field of the confusion matrix."""

    rows: int
    strength: float  # 0 to 1: the share of its row, lifted so that a single error is seen
    is_right: bool


def confusion_rows(confusion: Confusion) -> list[tuple[str, list[Cell]]]:
    """Return each class with the cells of its row; [] where there are too many classes for a table."""
    counts = np.asarray(confusion.counts)
    if len(counts) > TABLE:
        return []
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    strength = np.where(counts > 0, 0.15 + 0.85 * share, 0.0)
    return [
        (name, [Cell(int(counts[i, j]), round(float(strength[i, j]), 3), i == j) for j in range(len(counts))])
        for i, name in enumerate(confusion.classes)
    ]


def mistakes(confusion: Confusion, most: int = 6) -> list[tuple[int, str, str]]:
    """Return (rows, actual, predicted) of the most frequent mistakes."""
    counts = np.array(confusion.counts)
    np.fill_diagonal(counts, 0)
    order = np.argsort(-counts, axis=None, kind="stable")[:most]
    found = [divmod(int(place), len(counts)) for place in order]
    return [(int(counts[i, j]), confusion.classes[i], confusion.classes[j]) for i, j in found if counts[i, j]]


def residual_plots(residuals: Residuals) -> list[tuple[str, Markup]]:
    """Return two titled charts: actual by predicted values, and their difference; of many rows, some are drawn."""
    rows = np.linspace(0, len(residuals.actual) - 1, min(len(residuals.actual), DRAWN)).astype(int)
    predicted, actual = np.asarray(residuals.predicted)[rows], np.asarray(residuals.actual)[rows]
    both = linear([*predicted.tolist(), *actual.tolist()])
    match = Plot(both, both, f"predicted {residuals.target}", f"actual {residuals.target}")
    match.line([(both.low, both.low), (both.high, both.high)], "perfect")
    rest = Plot(
        both, linear([0.0, *(actual - predicted).tolist()]), f"predicted {residuals.target}", "actual − predicted"
    )
    rest.line([(both.low, 0.0), (both.high, 0.0)], "perfect")
    for guess, truth in zip(predicted.tolist(), actual.tolist(), strict=True):
        match.dot(guess, truth, "row", 3.0)
        rest.dot(guess, truth - guess, "row", 3.0)
    correlation = float(np.corrcoef(predicted, actual)[0, 1]) if np.ptp(predicted) > 0 and np.ptp(actual) > 0 else 0.0
    off = float(np.median(np.abs(actual - predicted)))
    return [
        (
            "Predicted and actual",
            match.svg(f"Actual by predicted {residuals.target}, correlation {correlation:.3f}; the line is perfect."),
        ),
        (
            "What is left over",
            rest.svg(f"Actual minus predicted {residuals.target}; half are off by {off:.4g} or less."),
        ),
    ]


def boundary_plot(boundary: Boundary) -> Markup:
    """Return the regions of the classes, paler where the network is less sure, with the test rows as dots."""
    colors = _colors(len(boundary.classes))
    strength = 0.12 + 0.5 * np.clip(boundary.certainty, 0, 1)[..., None] ** 2
    shade = (1 - strength) * 255 + strength * colors[boundary.predicted]
    plot = Plot(_from(boundary.x), _from(boundary.y), *boundary.columns, height=380, grid="")
    left, top = plot.across(boundary.x[0]), plot.up(boundary.y[1])
    size = {"width": plot.across(boundary.x[1]) - left, "height": plot.up(boundary.y[0]) - top}
    picture = image_url(shade[::-1].round().astype(np.uint8))
    plot.add("image", href=picture, x=left, y=top, preserveAspectRatio="none", **size)
    for (x, y), code in zip(boundary.points[:DRAWN].tolist(), boundary.actual[:DRAWN].tolist(), strict=True):
        color = "#" + bytes(int(c) for c in colors[code]).hex()
        plot.add("circle", class_="point", cx=plot.across(x), cy=plot.up(y), r=3.6, fill=color)
    names = ", ".join(boundary.classes[:8])
    return plot.svg(f"Regions of the classes {names} over {boundary.columns[0]} and {boundary.columns[1]}.")


def swatches(classes: Sequence[str]) -> list[tuple[str, str]]:
    """Return (name, colour) of the classes that a boundary shows."""
    return [(name, COLORS[i % len(COLORS)]) for i, name in enumerate(classes)][: len(COLORS)]


def _from(ends: tuple[float, float]) -> Scale:
    return linear(ends, margin=0)


def _colors(classes: int) -> npt.NDArray[np.float64]:
    table = [[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in COLORS]
    return np.array([table[i % len(table)] for i in range(classes)], float)


def image_url(pixels: npt.NDArray[np.uint8]) -> str:
    """Return the picture (height, width) or (height, width, 3) as a PNG that is its own address."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "png", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
