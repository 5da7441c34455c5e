"""How a network was doing inside, layer by layer: a picture, a table, and the curves that a run is compared by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from matplotlib.ticker import MaxNLocator

from dnnexp.reporting.canvas import empty_figure, png
from dnnexp.reporting.style import STYLE

__all__ = ["health_csv", "health_figure", "sparse_curves"]

Array = npt.NDArray[Any]
MEASURES = {  # what is measured: how it is written in a figure
    "gradient_norm": "norm of dW[l]",
    "update_ratio": "norm of a step / norm of W[l]",
    "activation_rms": "root mean square of A[l]",
    "dead_share": "share of silent units",
}
SHARES = ("dead_share",)  # between 0 and 1; the others are compared by their ratios
DRAWN = 24  # lines of a panel at most
CURVES = 12  # layers at most of which a run has curves: more can be neither read nor sent in short time
POINTS = 100  # of such a curve
TINIEST, LARGEST = 1e-30, 1e30  # that are drawn


def health_figure(health: Mapping[str, Array]) -> bytes:
    """Return a picture of each measure by epoch, a line for each layer, coloured from the first to the last.

    health: "health/<measure>/l<layer>" -> values by epoch from 1. Of more than 24 layers, evenly spaced ones are drawn.
    """
    shown = {name: np.clip(values, None, LARGEST) for name, values in health.items()}
    measured = {measure: _by_layer(shown, measure) for measure in MEASURES}
    last = max((layer for layers in measured.values() for layer in layers), default=1)
    colormap: Colormap = mpl.colormaps["viridis"].resampled(last) if last <= DRAWN else mpl.colormaps["viridis"]
    with mpl.rc_context(STYLE):
        figure = empty_figure(9.2, 6.0)
        panels = figure.subplots(2, 2)
        for axes, (measure, layers) in zip(panels.flat, measured.items(), strict=True):
            numbers = sorted(layers)
            for layer in [numbers[i] for i in _evenly(len(numbers), DRAWN)]:
                values = layers[layer]
                axes.plot(range(1, len(values) + 1), values, color=colormap((layer - 0.5) / last), linewidth=1.3)
            _scale(axes, measure, list(layers.values()))
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
            axes.set(xlabel="epoch", title=MEASURES[measure])
        scale = ScalarMappable(Normalize(0.5, last + 0.5), colormap)
        bar = figure.colorbar(scale, ax=list(panels.flat), label=f"layer l (the output is {last})", aspect=40)
        bar.locator = MaxNLocator(integer=True, nbins=10)
        bar.ax.invert_yaxis()
        bar.update_ticks()
        return png(figure)


def health_csv(health: Mapping[str, Array]) -> str:
    """Return every measure of every layer at every epoch as CSV; the output layer has no units to be silent."""
    measured = {measure: _by_layer(health, measure) for measure in MEASURES}
    layers = sorted({layer for values in measured.values() for layer in values})
    lines = [",".join(("epoch", "layer", *MEASURES))]
    for epoch in range(1, max(map(len, health.values()), default=0) + 1):
        for layer in layers:
            found = [values.get(layer, np.zeros(0))[epoch - 1 : epoch] for values in measured.values()]
            cells = [f"{values[0]:.6g}" if len(values) else "" for values in found]
            lines.append(",".join((str(epoch), str(layer), *cells)))
    return "\n".join(lines) + "\n"


def sparse_curves(health: Mapping[str, Array]) -> dict[str, dict[int, float]]:
    """Return epoch -> value of each measure, of at most 12 layers and 100 epochs, evenly spaced with first and last."""
    layers = sorted({_layer(name) for name in health})
    kept = {layers[i] for i in _evenly(len(layers), CURVES)}
    return {
        name: {i + 1: float(values[i]) for i in _evenly(len(values), POINTS)}
        for name, values in health.items()
        if _layer(name) in kept
    }


def _by_layer(health: Mapping[str, Array], measure: str) -> dict[int, Array]:
    """Return the curves of one measure by layer."""
    return {_layer(name): values for name, values in health.items() if name.startswith(f"health/{measure}/")}


def _layer(name: str) -> int:
    return int(name.rpartition("/l")[2])


def _evenly(count: int, most: int) -> list[int]:
    """Return the places of that many things, or of as many of them, evenly spaced from the first to the last."""
    places = np.linspace(0, count - 1, min(count, most)).round().astype(int)
    return [int(place) for place in places]


def _scale(axes: Axes, measure: str, curves: list[Array]) -> None:
    """Give shares an axis from 0 to 1, and what spans more than a factor of twenty a logarithmic one."""
    if measure in SHARES:
        axes.set_ylim(-0.03, 1.03)
        return
    values = np.concatenate([*curves, np.zeros(0)])
    positive = values[np.isfinite(values) & (values > TINIEST)]
    if positive.size and positive.max() > 20 * positive.min():
        axes.set_yscale("log")
        axes.set_ylim(positive.min() / 2, positive.max() * 2)
