"""What figures are drawn on, and how they become bytes."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

__all__ = ["empty_figure", "png"]

DOTS_PER_INCH = 120
PALETTE = 128  # colours


def empty_figure(width: float, height: float) -> Figure:
    """Return an empty figure of that size in inches, drawn without any window or global state."""
    figure = Figure(figsize=(width, height), dpi=DOTS_PER_INCH)
    figure.set_layout_engine("constrained", w_pad=0.08, h_pad=0.08)
    return figure


def png(figure: Figure) -> bytes:
    """Return the figure as PNG with a palette, a third of the size of one with full colours."""
    canvas: Any = FigureCanvasAgg(figure)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # an empty box is drawn
        canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    buffer = io.BytesIO()
    picture.quantize(PALETTE, dither=Image.Dither.NONE).save(buffer, "png", optimize=True, dpi=(DOTS_PER_INCH,) * 2)
    return buffer.getvalue()
