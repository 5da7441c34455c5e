"""The charts of trials: scores by what was searched and by size, and all of it at once as parallel coordinates.

All are drawn by the score of their screening: what was scored again is judged by other folds than what was not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median_low

from markupsafe import Markup

from dnnexp.reporting.report.contents import Contents, Trial
from dnnexp.reporting.report.depths import rung
from dnnexp.reporting.report.plot import HEIGHT, Plot, Scale, element, linear, logarithmic, places, spans_widely

__all__ = ["effect", "has_median", "parallel", "score_by_size"]

FEWEST = 32  # trials of which medians along an axis are drawn
STRONG = 30  # lines at most that are drawn as the best


def effect(contents: Contents, name: str, values: Sequence[float | None], *, is_log: bool | None = None) -> Markup:
    """Return the score of each trial by one of its numbers, coloured by depth, with the median along it.

    values: one for each of contents.trials. Scores far below the others are drawn at the edge.
    """
    found = [(k, v, t) for k, (v, t) in enumerate(zip(values, contents.trials, strict=True)) if v is not None]
    scored = [(k, v, t, t.screening.value) for k, v, t in found if t.screening is not None]
    if is_log is None:
        is_log = spans_widely([v for _, v, _ in found])
    x = (logarithmic if is_log else linear)([v for _, v, _ in found])
    y = score_scale([score for *_, score in scored], greater_is_better=contents.greater_is_better)
    plot = Plot(x, y, name + (" (log scale)" if is_log else ""), contents.metric)
    for k, value, trial, score in reversed(scored):
        plot.dot(value, score, f"{rung(trial.depth)}{' choice' * trial.is_choice}", 5.5 if trial.is_choice else 3.2, k)
    worst = y.low if contents.greater_is_better else y.high
    for k, value, trial in found:
        if trial.state == "diverged" and trial.screening is None:
            at, up = plot.across(value), plot.up(worst)
            cross = f"M{at - 3.5:.1f} {up - 3.5:.1f}l7 7m0 -7l-7 7"
            plot.add("path", class_="cross", d=cross, data_k=k)
    middle = running_median([v for _, v, _, _ in scored], [s for *_, s in scored])
    plot.line(middle, "median")
    best = (max if contents.greater_is_better else min)(scored, key=lambda item: item[3], default=None)
    where = f" The best, {best[3]:.4g}, is at {best[1]:.3g}." if best else ""
    trend = f" The median goes from {middle[0][1]:.4g} to {middle[-1][1]:.4g}." if middle else ""
    return plot.svg(f"{contents.metric} of {len(scored)} trials by {name}.{where}{trend}")


def score_scale(scores: Sequence[float], *, greater_is_better: bool) -> Scale:
    """Return a scale on which good scores can be told apart: those far worse than most lie at its edge."""
    if not scores:
        return linear([])
    sign = 1 if greater_is_better else -1
    ordered = sorted(sign * score for score in scores)
    best, quarter = ordered[-1], ordered[len(ordered) // 4]
    edge = max(ordered[0], best - max(2 * (best - quarter), 1e-9))
    return linear([sign * edge, sign * best])


def has_median(count: int) -> bool:
    """Whether so many trials have a line of medians."""
    return count >= FEWEST


def running_median(xs: Sequence[float], ys: Sequence[float], parts: int = 10) -> list[tuple[float, float]]:
    """Return the median (x, y) of `parts` groups of neighbours in x, of at least 8 each; [] of too few for one."""
    if not has_median(len(xs)):
        return []
    pairs = sorted(zip(xs, ys, strict=True))
    size = max(8, len(pairs) // parts)
    groups = [pairs[i : i + size] for i in range(0, len(pairs) - size + 1, size)]
    return [(median_low(x for x, _ in group), median_low(y for _, y in group)) for group in groups]


def score_by_size(contents: Contents) -> Markup:
    """Return the score of each trial by its number of parameters, with the line of the best up to a size."""
    trials = [t for t in contents.trials if t.screening is not None]
    y = score_scale([_value(t) for t in trials], greater_is_better=contents.greater_is_better)
    plot = Plot(logarithmic([t.parameters for t in trials]), y, "parameters (log scale)", contents.metric)
    sign = 1 if contents.greater_is_better else -1
    front: list[tuple[float, float]] = []
    numbers = {id(trial): k for k, trial in enumerate(contents.trials)}
    for trial in sorted(trials, key=lambda t: (t.parameters, -sign * _value(t))):
        if not front or sign * _value(trial) > sign * front[-1][1]:
            front += [(trial.parameters, score) for _, score in front[-1:]]  # a stair
            front.append((trial.parameters, _value(trial)))
    for trial in reversed(trials):
        radius = 5.5 if trial.is_choice else 3.2
        mark = f"{rung(trial.depth)}{' choice' * trial.is_choice}"
        plot.dot(trial.parameters, _value(trial), mark, radius, numbers[id(trial)])
    plot.line(front, "median")
    best = ", ".join(f"{size:,.0f} parameters {score:.4g}" for size, score in front[::2][-4:])
    return plot.svg(f"{contents.metric} of {len(trials)} trials by number of parameters. Best up to a size: {best}.")


def _value(trial: Trial) -> float:
    return math.nan if trial.screening is None else trial.screening.value


def parallel(contents: Contents, axes: Sequence[tuple[str, Sequence[float | str]]]) -> Markup:
    """Return a line for each trial through what it chose to its score, better ones drawn last and stronger.

    axes: name and a value for each of contents.trials; the score is the last axis and is not among them.
    """
    sign = 1 if contents.greater_is_better else -1
    scored = [k for k, trial in enumerate(contents.trials) if trial.screening is not None]
    scored.sort(key=lambda k: -sign * _value(contents.trials[k]))
    y = score_scale([_value(contents.trials[k]) for k in scored], greater_is_better=contents.greater_is_better)
    drawn = [(name, *_axis(values)) for name, values in axes]
    drawn.append((contents.metric, y, [_value(trial) for trial in contents.trials]))
    width, top, bottom = 130 * (len(drawn) - 1) + 110, 34, 250
    step = (width - 110) / max(1, len(drawn) - 1)
    marks = []
    for place, k in enumerate(reversed(scored)):
        trial = contents.trials[k]
        left = len(scored) - place  # as many are as good or better
        best = left <= max(1, min(STRONG, len(scored) // 10))
        mark = "choice" if trial.is_choice else "top" if best else "mid" if 2 * left <= len(scored) else "low"
        points = [
            f"{50 + i * step:.0f} {bottom - scale.at(values[k]) * (bottom - top):.1f}"
            for i, (_, scale, values) in enumerate(drawn)
        ]
        marks.append((trial.is_choice, element("path", class_=f"way {mark}", d="M" + "L".join(points), data_k=k)))
    marks.sort(key=lambda mark: mark[0])
    inside = [mark for _, mark in marks]
    for i, (name, scale, _) in enumerate(drawn):
        x = 50 + i * step
        inside.append(element("line", class_="axis", x1=x, x2=x, y1=top, y2=bottom))
        inside.append(element("text", name, class_="label mid", x=x, y=16))
        for value, label in scale.ticks:
            up = bottom - scale.at(value) * (bottom - top) + 4
            inside.append(element("text", label, class_="tick halo", x=x + 6, y=up))
    said = f"{len(scored)} trials as lines through {', '.join(name for name, _ in axes)} and {contents.metric}."
    many = max(1.0, (len(scored) / 100) ** 0.7)  # what lines are made fainter by, so that many do not cover all
    box = f"0 0 {width:.0f} {HEIGHT}"
    return element(
        "svg", *inside, viewBox=box, role="img", aria_label=said, class_="plot wide", style=f"--many:{many:.2f}"
    )


def _axis(values: Sequence[float | str]) -> tuple[Scale, list[float]]:
    """Return the scale of an axis, and the values as numbers on it: texts in the order of the alphabet."""
    if any(isinstance(value, str) for value in values):
        labels = sorted({str(value) for value in values})
        return places(labels), [float(labels.index(str(value))) for value in values]
    numbers = [float(value) for value in values]
    return (logarithmic if spans_widely(numbers) else linear)(numbers), numbers
