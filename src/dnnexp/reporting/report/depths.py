"""The charts of depths: how good the best network of each is, what it gained, how it learned, what effort brought."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from dnnexp.notation import gain, interval, with_error
from dnnexp.reporting.report.contents import Baseline, BestOf, Contents, Depth
from dnnexp.reporting.report.plot import Plot, Scale, linear, logarithmic, places, spans_widely

__all__ = ["best_of_curves", "curves_by_depth", "depth_curve", "gains", "layers", "rung"]

DRAWN = 150  # points of a curve
DASHES = ("dash-a", "dash-b", "dash-c")


def rung(depth: int) -> str:
    """Return the class with the colour of a depth: 1, 2, 3, 4, 6, 8, 12 and 16 and beyond differ."""
    place = depth if depth <= 4 else 4 + round(2 * math.log2(depth / 4))
    return f"d{min(max(place, 0), 8)}"


def layers(depth: int) -> str:
    """Return "1 hidden layer"."""
    return f"{depth} hidden layer{'s' * (depth != 1)}"


def depth_curve(contents: Contents) -> Markup:
    """Return the best score of each depth with bars of one standard error, the baselines, the choice ringed."""
    known = [(depth, depth.score) for depth in contents.depths if depth.score is not None]
    lines = [(base, at) for base in contents.baselines if (at := _level(contents, base)) is not None]
    values = [v for _, s in known for v in (s.value - (s.error or 0), s.value + (s.error or 0))]
    shown = _near([at for _, at in lines], values)
    y = linear([*values, *shown])
    plot = Plot(places([str(depth.depth) for depth, _ in known]), y, "hidden layers", contents.judged_by)
    best = (max if contents.greater_is_better else min)(known, key=lambda item: item[1].value)[1]
    if best.error:
        low, high = best.value - best.error, best.value + best.error
        plot.area((plot.x.low, plot.x.high), (low, low), (high, high), "band")
    for i, at in enumerate(dict.fromkeys(shown)):
        names = ", ".join(base.name for base, level in lines if level == at)
        plot.line(((plot.x.low, at), (plot.x.high, at)), DASHES[i % len(DASHES)])
        plot.add("text", names, class_="note end", x=plot.width - 18, y=plot.up(at) - 4)
    plot.line([(i, score.value) for i, (_, score) in enumerate(known)], "main")
    for i, (depth, score) in enumerate(known):
        if score.error:
            _bar(plot, i, score.value - score.error, score.value + score.error)
        plot.dot(i, score.value, "main", 4.5)
        if contents.choice is not None and depth.depth == contents.choice.depth:
            plot.dot(i, contents.choice.score.value, "ring", 10)
    said = "; ".join(f"{layers(d.depth)}: {with_error(s.value, s.error)}" for d, s in known)
    return plot.svg(f"{contents.judged_by} of the best network of each depth. {said}.")


def _level(contents: Contents, base: Baseline) -> float | None:
    """Return the baseline's score on the rows by which the depths are judged."""
    if contents.is_optimistic:
        return base.test
    return None if base.score is None else base.score.value


def _bar(plot: Plot, x: float, low: float, high: float) -> None:
    at = plot.across(x)
    plot.add("path", class_="whisker", d=f"M{at:.1f} {plot.up(low):.1f}V{plot.up(high):.1f}")
    for end in (low, high):
        plot.add("path", class_="whisker", d=f"M{at - 5:.1f} {plot.up(end):.1f}h10")


def _near(values: Sequence[float], drawn: Sequence[float]) -> list[float]:
    """Return the values that can be shown without pressing what is drawn into less than a quarter of the axis."""
    spread = max(max(drawn) - min(drawn), 1e-12)
    return [v for v in values if min(drawn) - 3 * spread <= v <= max(drawn) + 3 * spread]


def gains(contents: Contents) -> Markup:
    """Return a bar for what each depth gained over the best shallower one, with its 95% interval."""
    known = [(depth, depth.gain) for depth in contents.depths if depth.gain is not None]
    ends = [e for _, g in known for e in (g.low, g.high) if e is not None]
    x = linear([0.0, *[g.value for _, g in known], *ends])
    labels = [f"{depth.depth} over {depth.compared_depth}" for depth, _ in known]
    y = Scale(-0.5, len(known) - 0.5, tuple((len(known) - 1.0 - i, label) for i, label in enumerate(labels)))
    height = 58 + 44 * len(known)
    plot = Plot(x, y, f"gain in {contents.judged_by}", "", height=height, left=86, grid="x")
    zero = plot.across(0)
    plot.add("line", class_="axis", x1=zero, x2=zero, y1=12, y2=height - 46)
    for i, (_, won) in enumerate(known):
        at, end = plot.up(len(known) - 1 - i), plot.across(won.value)
        state = "better" if (won.low or 0) > 0 else "worse" if (won.high or 0) < 0 else "unclear"
        box = {"x": min(zero, end), "width": max(abs(end - zero), 1.5), "y": at - 8, "height": 16}
        plot.add("rect", class_=f"bar {state}", **box)
        if won.low is not None and won.high is not None:
            low, high = plot.across(won.low), plot.across(won.high)
            plot.add("path", class_="whisker", d=f"M{low:.1f} {at:.1f}H{high:.1f}")
            for edge in (low, high):
                plot.add("path", class_="whisker", d=f"M{edge:.1f} {at - 5:.1f}v10")
    said = "; ".join(
        f"{d.depth} layers over {d.compared_depth}: {gain(g.value, g.error)}{_limits(g.low, g.high)}" for d, g in known
    )
    return plot.svg(f"What each depth gained over the best shallower one, with 95% intervals. {said}.")


def _limits(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return ""
    return f", {interval(low, high, signed=True)}"


def curves_by_depth(depths: Sequence[Depth], name: str, label: str) -> Markup:
    """Return one curve by epoch, such as "val/accuracy", of the best network of each depth."""
    drawn = [(d.depth, [float(v) for v in d.curves[name]]) for d in depths if d.curves.get(name)]
    ends = [v for _, curve in drawn for v in curve[len(curve) // 10 :]]
    finite = [v for v in ends if math.isfinite(v)]
    is_log = name.endswith("/loss") and spans_widely(finite)
    longest = max(len(curve) for _, curve in drawn)
    y = logarithmic(finite) if is_log else linear(finite)
    plot = Plot(linear([1, longest], margin=0), y, "epoch", label + (" (log scale)" if is_log else ""))
    for depth, curve in drawn:
        every = max(1, len(curve) // DRAWN)
        start = len(curve) // 10
        points = [(i, value) for i, value in enumerate(curve, 1) if i > start and (i % every == 0 or i == len(curve))]
        plot.line(points, rung(depth))
    said = "; ".join(f"{layers(depth)} ends at {curve[-1]:.4g} after {len(curve)} epochs" for depth, curve in drawn)
    return plot.svg(f"{label} by epoch of the best network of each depth. {said}.")


def best_of_curves(curves: Sequence[BestOf], metric: str, *, by_time: bool = False) -> Markup:
    """Return the expected best score by trials, or by the seconds they take, one curve for each depth."""
    drawn = [(c, [float(s) for s in c.seconds] if by_time else [*range(1, len(c.values) + 1)]) for c in curves]
    ends = [v for c, _ in drawn for part in (c.values, c.low, c.high) for v in part]
    xs = [x for _, places_ in drawn for x in places_]
    x = logarithmic(xs) if by_time and spans_widely(xs) else linear(xs, margin=0.02)
    plot = Plot(x, linear(ends), "seconds of training" if by_time else "trials", f"expected best {metric}")
    for curve, at in drawn:
        if curve.low and curve.high:
            plot.area(at[: len(curve.low)], curve.low, curve.high, rung(curve.depth))
    for curve, at in drawn:
        plot.line(zip(at, curve.values, strict=True), rung(curve.depth))
    said = "; ".join(f"{layers(c.depth)}: {c.values[-1]:.4g} at {len(c.values)} trials" for c, _ in drawn)
    return plot.svg(f"Expected best {metric} of n trials, whichever they are. {said}.")
