"""The one style of all pictures: colours that the colour-blind tell apart, and how matplotlib draws with them."""

from __future__ import annotations

from typing import Any

__all__ = ["BLUE", "COLORS", "GREEN", "GREY", "NAMES", "ORANGE", "STYLE"]

BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#6b6b6b"  # the first three of Okabe and Ito 2008
COLORS = {"train": BLUE, "val": ORANGE, "test": GREEN}
NAMES = {"train": "training", "val": "validation", "test": "test"}
STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.8,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": "black",
    "ytick.labelcolor": "black",
    "lines.linewidth": 1.8,
    "legend.edgecolor": "none",
    "legend.framealpha": 0.85,
}
