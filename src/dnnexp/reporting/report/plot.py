"""One chart as SVG that is part of the page: its colours are the page's, light and dark, so it carries classes only."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from markupsafe import Markup, escape
from matplotlib.ticker import LogLocator, MaxNLocator

__all__ = ["Plot", "Scale", "element", "linear", "logarithmic", "places", "spans_widely", "text_of"]

WIDTH, HEIGHT = 440, 270  # of a chart, in units of which letters have 13
LEFT, RIGHT, TOP, BOTTOM = 66, 14, 12, 46  # margins
NAME, LETTER = 18, 7  # widths of an axis's name, written upwards, and of a letter of its ticks
TICKS = 5
LARGEST = 1e300  # that is drawn: numbers end at 1.8e308, and margins reach beyond them
WIDE = 20  # a range beyond this factor is drawn on a logarithmic axis


class Scale(NamedTuple):
    """From values to a place along an axis, 0 to 1."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]  # value, label
    is_log: bool = False

    def at(self, value: float) -> float:
        """Return the place of a value; what lies beyond the ends is put there."""
        if self.is_log:
            place = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        else:
            place = (value - self.low) / (self.high - self.low)
        return min(max(place, 0.0), 1.0)


def linear(values: Iterable[float], *, margin: float = 0.06) -> Scale:
    """Return a linear scale that holds the finite values, with a margin, a share of their range, at both ends."""
    finite = [min(max(value, -LARGEST), LARGEST) for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    spread = (high - low) or abs(high) * 0.1 or 1.0
    low, high = low - margin * spread, high + margin * spread
    if low == high:  # a single value and no margin: a single epoch
        low, high = low - spread / 2, high + spread / 2
    marks = [float(v) for v in MaxNLocator(TICKS, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high) if low <= v <= high]
    return Scale(low, high, tuple((mark + 0.0, text_of(mark + 0.0)) for mark in marks))


def logarithmic(values: Iterable[float]) -> Scale:
    """Return a logarithmic scale that holds the positive values."""
    positive = [value for value in values if math.isfinite(value) and value > 0] or [0.1, 1.0]
    low, high = min(positive), max(positive)
    margin = (high / low) ** 0.04 if high > low else 2.0
    low, high = low / margin, high * margin
    subs: tuple[float, ...] = (1.0, 2.0, 5.0) if high / low < 60 else (1.0, 3.0) if high / low < 1000 else (1.0,)
    marks = [float(v) for v in LogLocator(10, subs, numticks=12).tick_values(low, high) if low <= v <= high]
    return Scale(low, high, tuple((mark, text_of(mark)) for mark in marks), is_log=True)


def spans_widely(values: Sequence[float]) -> bool:
    """Whether the values are positive and differ by more than a factor of 20."""
    return bool(values) and min(values) > 0 and max(values) / min(values) > WIDE


def places(labels: Sequence[str]) -> Scale:
    """Return a scale of as many places, from 0, with their labels; of many, some are left out."""
    every = -(-len(labels) // 14)
    marks = tuple((float(i), label) for i, label in enumerate(labels) if i % every == 0)
    return Scale(-0.5, max(len(labels) - 0.5, 0.5), marks)


def text_of(value: float) -> str:
    """Return a tick's label: 0.95, 20, 3e-4, 100k."""
    if value and not 1e-3 <= abs(value) < 1e4:
        if 1e4 <= abs(value) < 1e9:
            unit, name = (1e6, "M") if abs(value) >= 1e6 else (1e3, "k")
            return f"{value / unit:.4g}{name}"
        mantissa, _, exponent = f"{value:.2g}".partition("e")
        return f"{mantissa}e{int(exponent)}" if exponent else mantissa
    return f"{value:.4g}"


def element(name: str, *inside: str, **attributes: object) -> Markup:
    """Return an element; texts inside and attributes are escaped, a trailing _ of a name goes, an inner one is a -."""
    said = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _short(value))
        for key, value in attributes.items()
        if value is not None
    )
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), said, Markup("").join(map(escape, inside)))  # noqa: S704


def _short(value: object) -> object:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else value


class Plot:
    """A drawing in the making: axes, then marks in the order they are drawn."""

    def __init__(
        self, x: Scale, y: Scale, x_label: str, y_label: str, *, height: int = HEIGHT, left: int = LEFT, grid: str = "y"
    ) -> None:
        """left: the margin there at least. grid: at the ticks of which axes lines are drawn, of "x" and "y"."""
        self.x, self.y = x, y
        longest = max((len(label) for _, label in y.ticks), default=0)
        self.width, self.height = WIDTH, height
        self.left = max(left, NAME * bool(y_label) + LETTER * (longest + 1))
        self._marks: list[Markup] = []
        self._axes(x_label, y_label, grid)

    def across(self, value: float) -> float:
        """Return the horizontal place of a value of x."""
        return self.left + self.x.at(value) * (self.width - self.left - RIGHT)

    def up(self, value: float) -> float:
        """Return the vertical place of a value of y, counted from the top."""
        return TOP + (1 - self.y.at(value)) * (self.height - TOP - BOTTOM)

    def _axes(self, x_label: str, y_label: str, grid: str) -> None:
        bottom, right = self.height - BOTTOM, self.width - RIGHT
        for value, label in self.y.ticks:
            if "y" in grid:
                self.add("line", class_="grid", x1=self.left, x2=right, y1=self.up(value), y2=self.up(value))
            self.add("text", label, class_="tick end", x=self.left - 7, y=self.up(value) + 4)
        for value, label in self.x.ticks:
            if "x" in grid:
                self.add("line", class_="grid", x1=self.across(value), x2=self.across(value), y1=TOP, y2=bottom)
            self.add("text", label, class_="tick mid", x=self.across(value), y=bottom + 17)
        self.add("line", class_="axis", x1=self.left, x2=right, y1=bottom, y2=bottom)
        self.add("text", x_label, class_="label mid", x=(self.left + right) / 2, y=self.height - 6)
        if y_label:
            middle = (TOP + bottom) / 2
            self.add("text", y_label, class_="label mid", transform=f"translate(12 {middle:.0f}) rotate(-90)")

    def add(self, name: str, *inside: str, **attributes: object) -> None:
        """Draw an element, in the drawing's own units."""
        self._marks.append(element(name, *inside, **attributes))

    def line(self, points: Iterable[tuple[float, float]], class_: str) -> None:
        """Draw a line through the (x, y) that are finite."""
        finite = [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]
        if finite:
            self.add("path", class_=f"line {class_}", d="M" + "L".join(self._place(x, y) for x, y in finite))

    def area(self, xs: Sequence[float], low: Sequence[float], high: Sequence[float], class_: str) -> None:
        """Fill between two lines over the same x."""
        there = [self._place(x, y) for x, y in zip(xs, low, strict=True)]
        back = [self._place(x, y) for x, y in zip(reversed(xs), reversed(high), strict=True)]
        self.add("path", class_=f"area {class_}", d="M" + "L".join([*there, *back]) + "Z")

    def dot(self, x: float, y: float, class_: str, radius: float = 3.5, key: int | None = None) -> None:
        """Draw a dot; key: the row of the leaderboard that it is."""
        self.add("circle", class_=f"dot {class_}", cx=self.across(x), cy=self.up(y), r=radius, data_k=key)

    def _place(self, x: float, y: float) -> str:
        return f"{self.across(x):.1f} {self.up(y):.1f}"

    def svg(self, description: str, class_: str = "") -> Markup:
        """Return the drawing; description: what it shows, for those who do not see it."""
        box = f"0 0 {self.width} {self.height}"
        return element("svg", *self._marks, viewBox=box, role="img", aria_label=description, class_=f"plot {class_}")
