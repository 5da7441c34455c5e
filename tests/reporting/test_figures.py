from __future__ import annotations

import io
from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from dnnexp.reporting.figures import (
    confusion_matrix,
    depth_curve,
    label_bars,
    learning_curve,
    rate_curve,
    residual_plot,
)

BLUE, ORANGE = (0, 114, 178), (213, 94, 0)


def pixels(png: bytes) -> np.ndarray:
    assert png.startswith(b"\x89PNG\r\n")
    assert len(png) < 60_000
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def of_color(image: np.ndarray, color: Sequence[int]) -> np.ndarray:
    """Return the (row, column) of the pixels that have about this colour."""
    return np.argwhere(np.abs(image - color).max(axis=2) < 24)


def examples(count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    actual = rng.normal(150, 70, count)
    return actual + rng.normal(0, 30, count), actual


def test_a_learning_curve_falls_from_the_left_to_the_right() -> None:
    image = pixels(learning_curve({"train/loss": np.linspace(2, 1, 50).tolist()}, None, "accuracy"))
    line = of_color(image, BLUE)
    middle = line[(line[:, 1] > 0.3 * image.shape[1]) & (line[:, 1] < 0.6 * image.shape[1])]  # no legend there
    assert np.corrcoef(middle[:, 0], middle[:, 1])[0, 1] > 0.99  # rows are counted from the top


@pytest.mark.parametrize(
    "curves",
    [
        {},
        {"train/loss": []},
        {"train/loss": [1.0]},
        {"train/loss": [1.0, float("nan"), float("inf")], "val/r2": [-50.0, 0.1, 0.2]},
        {"train/loss": [float("nan")] * 3, "val/accuracy": [float("nan")] * 3},
        {"train/loss": [1e-9, 1e9], "val/loss": [0.0, 0.0], "val/accuracy": [0.5, 0.5], "grad/norm": [1.0, 2.0]},
    ],
)
def test_a_learning_curve_is_drawn_whatever_became_of_the_training(curves: dict[str, list[float]]) -> None:
    pixels(learning_curve(curves, 2, "r2" if "val/r2" in curves else "accuracy"))


def test_the_chosen_depth_is_ringed_where_it_stands() -> None:
    depths, scores = [1, 2, 3, 4], [0.90, 0.95, 0.96, 0.95]
    plain, ringed = (pixels(depth_curve(depths, scores, [0.01] * 4, "accuracy", chosen=c)) for c in (None, 2))
    assert len(of_color(plain, ORANGE)) == 0
    ring = of_color(ringed, ORANGE)
    ring = ring[ring[:, 0] < 0.6 * ringed.shape[0]]  # above the legend
    assert 0.30 < ring[:, 1].mean() / ringed.shape[1] < 0.50


@pytest.mark.parametrize(
    ("depths", "scores", "errors"),
    [
        ([1], [0.9], [0.01]),
        ([0, 1, 2], [0.5, float("nan"), 0.7], [0.1, float("nan"), float("nan")]),
        ([1, 2], [float("nan")] * 2, [float("nan")] * 2),
        ([1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512], [0.9] * 18, [0.0] * 18),
    ],
)
def test_a_depth_curve_is_drawn_for_every_ladder(depths: list[int], scores: list[float], errors: list[float]) -> None:
    pixels(depth_curve(depths, scores, errors, "r2", chosen=depths[0]))


def test_where_less_is_better_the_band_is_around_the_least() -> None:
    band = (229, 240, 247)
    up, down = (
        of_color(pixels(depth_curve([1, 2], [1.0, 5.0], [0.1, 0.1], "rmse", greater_is_better=greater)), band)[:, 0]
        for greater in (True, False)
    )
    assert np.median(up) < np.median(down)


def test_a_confusion_matrix_shows_errors_in_their_own_colour() -> None:
    right = pixels(confusion_matrix([[40, 0], [0, 60]], ["no", "yes"]))
    wrong = pixels(confusion_matrix([[0, 40], [60, 0]], ["no", "yes"]))
    assert len(of_color(right, BLUE)) > 10_000
    assert len(of_color(right, ORANGE)) == 0
    assert len(of_color(wrong, ORANGE)) > 10_000
    assert len(of_color(wrong, BLUE)) == 0


def test_bars_of_labels_are_as_long_as_their_precision_and_recall() -> None:
    actual = np.array([[1, 0], [1, 0], [1, 1], [1, 0]])
    decided = np.array([[1, 0], [0, 0], [0, 0], [0, 0]])  # of the first label 1 of 1 is right, 1 of 4 is found
    image = pixels(label_bars(decided, actual, ["often", "never said"]))
    bars = [np.unique(of_color(image[: int(0.6 * len(image))], color)[:, 1]) for color in (BLUE, ORANGE)]
    precision, recall = (int(columns.max() - columns.min()) for columns in bars)
    assert recall / precision == pytest.approx(0.25, abs=0.02)
    below = image[int(0.5 * len(image)) : int(0.75 * len(image))]  # the label that is never said has no bar
    assert len(of_color(below, BLUE)) == len(of_color(below, ORANGE)) == 0


@pytest.mark.parametrize("name", ["$", "$\\frac$", "a$b$c", "\\$", "x_{", "%", "研究 🎉", "two\nlines"])
def test_classes_and_targets_are_drawn_under_any_name(name: str) -> None:
    pixels(confusion_matrix(np.eye(2), [name, "other"]))
    pixels(residual_plot(*examples(10), name))


@pytest.mark.parametrize("values", [[1e300, -1e300, 0.0], [1e-300, 2e-300, 0.0], [1e308, -1e308, 1.0]])
def test_residuals_are_drawn_however_large_or_small_the_target_is(values: list[float]) -> None:
    pixels(residual_plot(values, values[::-1]))


@pytest.mark.parametrize("count", [1, 2, 10, 36, 37, 200])
def test_a_confusion_matrix_of_any_number_of_classes_stays_small(count: int) -> None:
    counts = np.random.default_rng(0).integers(0, 3, (count, count))
    pixels(confusion_matrix(counts, [f"a class with a long name {i}" for i in range(count)]))


@pytest.mark.parametrize("count", [1, 2, 400, 100_000])
def test_a_residual_plot_of_any_number_of_examples_stays_small(count: int) -> None:
    predicted, actual = examples(count)
    pixels(residual_plot(predicted[:, None], actual[:, None], "price in $ per m^2"))


def test_the_proposed_rate_stands_where_the_cost_is_lowest() -> None:
    rates = np.geomspace(1e-6, 10, 15)
    cost = np.array([*np.geomspace(2.3, 0.3, 8), *np.geomspace(0.6, 80, 5), np.nan, np.nan])
    image = pixels(rate_curve(rates.tolist(), cost.tolist(), cost.tolist(), 2.3, float(rates[7])))
    proposed, drawn = of_color(image, (0, 158, 115)), of_color(image, ORANGE)
    upper = 0.75 * image.shape[0]  # above the legend
    lowest = drawn[drawn[:, 0] < upper]
    lowest = lowest[lowest[:, 0] == lowest[:, 0].max()]
    assert abs(np.median(proposed[proposed[:, 0] < upper, 1]) - np.median(lowest[:, 1])) < 8


@pytest.mark.parametrize("cost", [[1.0, 0.5, 0.2], [float("nan")] * 3, [1e-9, 1e9, 1.0], [0.0, 0.0, 0.0]])
def test_a_rate_curve_is_drawn_whatever_became_of_the_networks(cost: list[float]) -> None:
    pixels(rate_curve([1e-3, 1e-2, 1e-1], cost, cost, 1.0, None))


def test_the_same_values_give_the_same_bytes_and_leave_the_style_of_others_alone() -> None:
    before = dict(mpl.rcParams)
    predicted, actual = examples(50)
    assert residual_plot(predicted, actual) == residual_plot(predicted, actual)
    assert dict(mpl.rcParams) == before
