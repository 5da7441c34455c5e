"""The page: contents in, one HTML file out that needs nothing else, neither a network nor a script to be read."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from dnnexp.notation import counted, duration, gain, interval, number, with_error
from dnnexp.reporting.report.contents import Confusion, Contents, Residuals, Trial
from dnnexp.reporting.report.depths import best_of_curves, curves_by_depth, depth_curve, gains, layers, rung
from dnnexp.reporting.report.headline import headline, metric_in_words
from dnnexp.reporting.report.leaderboard import TESTED, columns, rows
from dnnexp.reporting.report.outcome import (
    boundary_plot,
    confusion_rows,
    image_url,
    mistakes,
    residual_plots,
    swatches,
)
from dnnexp.reporting.report.trials import effect, has_median, parallel, score_by_size

__all__ = ["report_html"]

Figure = tuple[str, Markup]  # title and drawing
FEWEST = 3  # trials with a score, below which nothing is drawn of them


def report_html(contents: Contents) -> str:
    """Return the page. What users name (studies, classes, columns, paths) is shown as it is and never interpreted."""
    script = _text("script.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    table = rows(contents)
    page = _templates().get_template("page.html")
    return page.render(
        contents=contents,
        choice=contents.choice,
        policy=policy,
        style=Markup(_text("style.css")),  # noqa: S704
        script=Markup(script),  # noqa: S704
        head=headline(contents),
        meaning=metric_in_words(contents.metric, greater_is_better=contents.greater_is_better),
        curve=depth_curve(contents) if any(d.score for d in contents.depths) else None,
        gains=gains(contents) if any(d.gain for d in contents.depths) else None,
        columns=columns(contents),
        rows=table,
        tested=TESTED,
        csv=_address(contents.leaderboard_csv, "text/csv"),
        file=re.sub(r"[^\w.-]+", "-", contents.study),
        searched=_searched(contents),
        ways=_ways(contents),
        learned=_learned(contents),
        efforts=_efforts(contents),
        confusion=contents.outcome if isinstance(contents.outcome, Confusion) else None,
        residuals=residual_plots(contents.outcome) if isinstance(contents.outcome, Residuals) else (),
        boundary=None if contents.boundary is None else boundary_plot(contents.boundary),
        legend=() if contents.boundary is None else swatches(contents.boundary.classes),
        summary=_topics(contents.summary),
        depths=[depth.depth for depth in contents.depths],
        fresh=next((base.name for base in contents.baselines if base.is_fresh), ""),
    )


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_text), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"number": number, "duration": duration, "counted": counted}
    environment.globals |= {
        "with_error": with_error,
        "signed": gain,
        "interval": interval,
        "layers": layers,
        "rung": rung,
        "image_url": image_url,
        "confusion_rows": confusion_rows,
        "mistakes": mistakes,
    }
    return environment


@cache
def _text(name: str) -> str:
    return files("dnnexp.reporting.report").joinpath(name).read_text(encoding="utf-8")


def _address(text: str, kind: str) -> str:
    """Return an address that holds the text itself, "" for none."""
    encoded = base64.b64encode(text.encode()).decode()
    return f"data:{kind};charset=utf-8;base64,{encoded}" if text else ""


def _topics(lines: Sequence[str]) -> list[tuple[str, str]]:
    """Return (topic, what is said of it), wrapped lines joined; the topic of lines that stand at the edge is ""."""
    found: list[tuple[str, list[str]]] = []
    for line in lines:
        if head := re.match(r"  (\S.*?)  +(.+)", line):
            found.append((head[1], [head[2]]))
        elif found and (line.startswith("  ") or not found[-1][0]):
            found[-1][1].append(line.strip())
        else:
            found.append(("", [line]))
    return [(topic, " ".join(said)) for topic, said in found]


def _scored(contents: Contents) -> list[Trial]:
    return [trial for trial in contents.trials if trial.screening is not None]


def _varied(contents: Contents) -> list[str]:
    """Return the settings that differ between trials and that all trials have."""
    names = dict.fromkeys(name for trial in contents.trials for name in trial.settings)
    return [
        name
        for name in names
        if all(name in trial.settings for trial in contents.trials)
        and len({trial.settings[name] for trial in contents.trials}) > 1
    ]


def _searched(contents: Contents) -> list[tuple[str, Markup, str]]:
    """Return the score by each number that was searched, and by size: title, drawing and what is seen on it."""
    scored = _scored(contents)
    if len(scored) < FEWEST:
        return []
    median = " Line: median of neighbours." if has_median(len(scored)) else ""
    note, figures = f"One dot for each trial; crosses diverged.{median}", []
    for name in _varied(contents):
        values = [trial.settings[name] for trial in contents.trials]
        numbers = [float(value) for value in values if not isinstance(value, str)]
        if len(numbers) == len(values):
            figures.append((f"Effect of the {name}", effect(contents, name, numbers), note))
    by_size = "One dot for each trial. Line: the best score of networks up to that size."
    return [*figures, ("Score against parameters", score_by_size(contents), by_size)]


def _ways(contents: Contents) -> Markup | None:
    if len(_scored(contents)) < FEWEST:
        return None
    axes: list[tuple[str, Sequence[float | str]]] = []
    depths = [str(trial.depth) for trial in contents.trials]
    if len(set(depths)) > 1:
        width = max(map(len, depths))
        axes.append(("layers", [depth.rjust(width) for depth in depths]))
    axes += [(name, [trial.settings[name] for trial in contents.trials]) for name in _varied(contents)]
    return parallel(contents, axes) if axes else None


def _learned(contents: Contents) -> list[Figure]:
    """Return the learning curves that there are: the metric, then the cost, on held-out and on training rows."""
    labels: dict[str, str] = {
        f"val/{contents.metric}": f"validation {contents.metric}",
        "val/loss": "validation cost",
        "train/loss": "training cost",
    }
    return [
        (label.capitalize(), curves_by_depth(contents.depths, name, label))
        for name, label in labels.items()
        if any(depth.curves.get(name) for depth in contents.depths)
    ]


def _efforts(contents: Contents) -> list[Figure]:
    """Return the expected best score by trials, and by time where it is known."""
    curves: Any = [curve for curve in contents.best_of if curve.values]
    if not curves:
        return []
    figures = [("By trials", best_of_curves(curves, contents.metric))]
    if all(curve.seconds for curve in curves):
        figures.append(("By time", best_of_curves(curves, contents.metric, by_time=True)))
    return figures
