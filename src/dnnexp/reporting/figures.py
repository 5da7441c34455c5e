"""Figures as PNG bytes, in the one style of `reporting.style`, with labelled axes and units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from dnnexp.metrics import r2, rmse
from dnnexp.reporting.canvas import empty_figure, png
from dnnexp.reporting.style import BLUE, COLORS, GREEN, GREY, NAMES, ORANGE, STYLE

__all__ = ["confusion_matrix", "depth_curve", "label_bars", "learning_curve", "rate_curve", "residual_plot"]

LABELLED = 12  # classes at most, beyond which cells carry no numbers
DRAWN = 5000  # points of a scatter
LARGEST = 1e300  # that is drawn: axes end at 1.8e308, and reach beyond what is in them

Array = npt.NDArray[Any]


def learning_curve(curves: Mapping[str, Sequence[float]], best_epoch: int | None, metric: str) -> bytes:
    """Return a picture of cost and metric by epoch.

    curves: "train/loss", "val/loss", "train/METRIC" or "val/METRIC" -> values by epoch from 1; others are passed over.
    best_epoch: the epoch whose weights were kept, marked where there is one.
    """
    panels = [name for name in dict.fromkeys(("loss", metric)) if any(key.endswith(f"/{name}") for key in curves)]
    with mpl.rc_context(STYLE):
        figure = empty_figure(4.2 * max(1, len(panels)), 3.4)
        for axes, name in zip(figure.subplots(1, len(panels), squeeze=False)[0] if panels else (), panels, strict=True):
            drawn = {part: np.asarray(curves[f"{part}/{name}"], float) for part in COLORS if f"{part}/{name}" in curves}
            for part, values in drawn.items():
                axes.plot(range(1, len(values) + 1), values, color=COLORS[part], label=NAMES[part])
            if best_epoch is not None:
                axes.axvline(best_epoch, color=GREY, linestyle=":", linewidth=1.4, label=f"kept: epoch {best_epoch}")
            if name == "loss":
                _scale_cost(axes, np.concatenate(list(drawn.values())))
            else:
                _leave_out_the_start(axes, list(drawn.values()))
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
            what = "cost J" if name == "loss" else name
            axes.set(xlabel="epoch", ylabel=what, title=f"{what} by epoch")
            axes.legend()
        return png(figure)


def depth_curve(
    depths: Sequence[int],
    scores: Sequence[float],
    standard_errors: Sequence[float],
    metric: str,
    *,
    greater_is_better: bool = True,
    chosen: int | None = None,
) -> bytes:
    """Return a picture of the best score at each depth, with bars of one standard error.

    The shaded band is one standard error around the best score: depths in it cannot be told from the best.
    chosen: the depth that was chosen, ringed where there is one.
    """
    score, error = np.asarray(scores, float), np.nan_to_num(np.asarray(standard_errors, float))
    place = np.arange(len(depths))
    with mpl.rc_context(STYLE):
        figure = empty_figure(max(5.2, 0.5 * len(depths) + 2.2), 3.8)
        axes = figure.add_subplot()
        if np.isfinite(score).any():
            best = int(np.nanargmax(score if greater_is_better else -score))
            band = (score[best] - error[best], score[best] + error[best])
            axes.axhspan(*band, color=BLUE, alpha=0.1, linewidth=0, label="best ± 1 standard error")
        axes.errorbar(place, score, yerr=error, color=BLUE, marker="o", capsize=4, label="best network of each depth")
        if chosen is not None:
            at = list(depths).index(chosen)
            ring: dict[str, Any] = {"marker": "o", "markersize": 14, "markerfacecolor": "none", "markeredgewidth": 2.2}
            name = f"chosen: {chosen} hidden layer{'s' * (chosen != 1)}"
            axes.plot(at, score[at], **ring, markeredgecolor=ORANGE, linestyle="none", label=name)
        axes.set_xticks(place, [str(depth) for depth in depths])
        axes.set_xlim(-0.5, len(depths) - 0.5)
        axes.grid(visible=False, axis="x")
        axes.set(xlabel="hidden layers", ylabel=metric, title=f"{metric} by depth")
        _legend_below(figure, axes)
        return png(figure)


def confusion_matrix(counts: npt.ArrayLike, classes: Sequence[str]) -> bytes:
    """Return a picture of how often each class (row) was predicted as each class (column).

    counts: (classes, classes). The shade is the share of the row, the number is the count; errors have another colour.
    """
    count = np.asarray(counts, float)
    share = count / np.maximum(count.sum(axis=1, keepdims=True), 1)
    right = np.eye(len(classes), dtype=bool)
    labels = [text if len(text) <= 16 else text[:15] + "…" for text in map(str, classes)]
    size = min(9.0, max(3.6, 0.46 * len(classes) + 1.6))
    with mpl.rc_context(STYLE | {"axes.grid": False}):
        figure = empty_figure(size, size * 0.94)
        axes = figure.add_subplot()
        axes.imshow(_shades(share, right))
        if len(classes) <= LABELLED:
            for row, column in np.argwhere(count > 0):
                is_dark = share[row, column] > 0.5
                text = f"{count[row, column]:.0f}"
                axes.text(column, row, text, ha="center", va="center", color="white" if is_dark else "black")
        if len(classes) <= 3 * LABELLED:
            is_long, written = max(map(len, labels)) > 3, [_verbatim(text) for text in labels]
            axes.set_xticks(
                range(len(labels)), written, rotation=45 if is_long else 0, ha="right" if is_long else "center"
            )
            axes.set_yticks(range(len(labels)), written)
        accuracy = np.trace(count) / max(count.sum(), 1)
        title = f"{np.trace(count):.0f} of {count.sum():.0f} right ({accuracy:.1%})"
        axes.set(xlabel="predicted class", ylabel="actual class", title=title)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        return png(figure)


def label_bars(decided: npt.ArrayLike, actual: npt.ArrayLike, names: Sequence[str]) -> bytes:
    """Return a picture of the precision and recall of each label, the most frequent on top.

    decided, actual: (examples, labels) of 0 and 1. Of many labels the 40 most frequent are drawn.
    """
    said, truth = np.asarray(decided, bool), np.asarray(actual, bool)
    order = np.argsort(-truth.sum(axis=0), kind="stable")[:40][::-1]
    right, place = (said & truth).sum(axis=0), np.arange(len(order))
    with mpl.rc_context(STYLE):
        figure = empty_figure(5.6, max(2.4, 0.42 * len(order) + 1.3))
        axes = figure.add_subplot()
        for offset, whole, name, color in ((0.2, said, "precision", BLUE), (-0.2, truth, "recall", ORANGE)):
            share = right / np.maximum(whole.sum(axis=0), 1)
            axes.barh(place + offset, share[order], 0.36, color=color, label=name)
        axes.set_yticks(place, [_verbatim(f"{names[i][:24]} ({truth[:, i].sum()})") for i in order])
        axes.grid(visible=False, axis="y")
        axes.set(xlim=(0, 1), xlabel="share", title=f"labels of {len(truth):,} examples (how many have each)")
        _legend_below(figure, axes)
        return png(figure)


def residual_plot(predicted: npt.ArrayLike, actual: npt.ArrayLike, name: str = "target") -> bytes:
    """Return two pictures side by side: actual by predicted values, and their difference by predicted values.

    predicted, actual: (examples,) in the target's units. Of more than 5000 examples, evenly spaced ones are drawn.
    """
    all_predicted, all_actual = (np.clip(np.ravel(values), -LARGEST, LARGEST) for values in (predicted, actual))
    residual = all_actual - all_predicted
    outputs, targets, weights = all_predicted[None, :], all_actual[None, :], np.ones(len(residual))
    explained, error = float(r2(outputs, targets, weights)), float(rmse(outputs, targets, weights))
    shown = np.linspace(0, len(residual) - 1, min(len(residual), DRAWN)).astype(int)
    dots: dict[str, Any] = {
        "s": 16,
        "color": BLUE,
        "alpha": max(0.15, min(0.6, 60 / len(shown) ** 0.75)),
        "linewidths": 0,
    }
    with mpl.rc_context(STYLE):
        figure = empty_figure(8.4, 3.6)
        left, right = figure.subplots(1, 2)
        left.scatter(all_predicted[shown], all_actual[shown], **dots)
        ends = [min(all_predicted.min(), all_actual.min()), max(all_predicted.max(), all_actual.max())]
        left.plot(ends, ends, color=ORANGE, linewidth=1.4, label="perfect")
        what = _verbatim(name)
        left.set(xlabel=f"predicted {what}", ylabel=f"actual {what}", title=f"R² = {explained:.3f}")
        left.legend()
        right.scatter(all_predicted[shown], residual[shown], **dots)
        right.axhline(0, color=ORANGE, linewidth=1.4)
        right.set(
            xlabel=f"predicted {what}", ylabel="actual − predicted", title=f"root mean square error = {error:.4g}"
        )
        return png(figure)


def rate_curve(
    rates: Sequence[float],
    train_cost: Sequence[float],
    held_cost: Sequence[float],
    constant_cost: float,
    proposal: float | None,
) -> bytes:
    """Return a picture of the cost that networks came to at each learning rate; diverged ones are crosses at the top.

    train_cost and held_cost: NaN where the network diverged. constant_cost: of the best constant prediction, a line
    across; costs above twice that are drawn there. proposal: marked where there is one.
    """
    rate = np.asarray(rates, float)
    train, held = np.asarray(train_cost, float), np.asarray(held_cost, float)
    top = 2 * constant_cost
    with mpl.rc_context(STYLE):
        figure = empty_figure(6.4, 4.0)
        axes = figure.add_subplot()
        axes.axhline(constant_cost, color=GREY, linestyle="--", linewidth=1.4, label="constant prediction")
        for name, cost, color in (("training rows", train, BLUE), ("rows held back", held, ORANGE)):
            axes.plot(rate, np.minimum(cost, top), color=color, marker="o", markersize=3.5, label=name)
        gone = rate[np.isnan(train)]
        if gone.size:
            axes.plot(gone, np.full(gone.size, top), color="black", marker="x", linestyle="none", label="diverged")
        if proposal is not None:
            axes.axvline(proposal, color=GREEN, linewidth=1.8, label=f"proposed: {proposal:.2g}")
        costs = np.concatenate([train, held])
        least = float(np.min(costs[np.isfinite(costs) & (costs > 0)], initial=constant_cost))
        axes.set_xscale("log")
        if top > 4 * least:
            axes.set_yscale("log")
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_major_formatter("{x:g}")
            axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set(xlabel="learning rate", ylabel="cost J", title="cost by learning rate", ylim=(0.85 * least, 1.1 * top))
        _legend_below(figure, axes)
        return png(figure)


def _scale_cost(axes: Axes, values: Array) -> None:
    """Use a logarithmic axis where the cost falls by more than a factor of twenty."""
    positive = values[np.isfinite(values) & (values > 0)]
    if positive.size and positive.max() > 20 * positive.min():
        axes.set_yscale("log")


def _leave_out_the_start(axes: Axes, curves: Sequence[Array]) -> None:
    """Let the axis begin where the curves are after a tenth of the epochs: what they end at is told apart there."""
    late = np.concatenate([values[len(values) // 10 :] for values in curves])
    late = late[np.isfinite(late)]
    if late.size and np.ptp(late) > 0:
        margin = 0.06 * np.ptp(late)
        axes.set_ylim(late.min() - margin, late.max() + margin)


def _shades(share: Array, right: Array) -> Array:
    """Return (rows, columns, 3) colours from white to blue for what was right, to orange for what was wrong."""
    full = np.where(right[..., None], mpl.colors.to_rgb(BLUE), mpl.colors.to_rgb(ORANGE))
    strength = np.where(share > 0, 0.12 + 0.88 * share, 0.0)  # a single error in thousands is seen
    return 1 - (1 - full) * strength[..., None]


def _legend_below(figure: Figure, axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=2, fontsize=9)


def _verbatim(text: str) -> str:
    """Return the user's text so that it is drawn as it stands: dollars would begin a formula."""
    return text.replace("$", r"\$")
