"""The rows of the leaderboard, as texts and as numbers to sort by; baselines stand among the trials."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from dnnexp.notation import duration, number, with_error
from dnnexp.reporting.report.contents import ACTIVATION, FIRST_WIDTH, Baseline, Contents, Estimate, Trial
from dnnexp.reporting.report.plot import text_of
from dnnexp.reporting.report.trials import score_scale

__all__ = ["TESTED", "Field", "Row", "columns", "rows"]

Place = Callable[[float], float]
TESTED = "of a network the mean of those of its folds, of a baseline one model, fitted on all development rows"
SHOWN = 25  # rows before more are asked for


class Field(NamedTuple):
    """One field: what is shown, and the value that it is sorted by."""

    text: str
    value: float | str


class Row(NamedTuple):
    """One row; `key` is the place of its trial among the contents' trials, -1 for a baseline."""

    key: int
    kind: str  # choice, trial, baseline
    depth: int
    network: str
    fields: tuple[Field, ...]  # as `columns` names them
    bar: tuple[float, float, float] | None  # the score ± one standard error along a common axis, percent
    is_hidden: bool


def columns(contents: Contents) -> list[tuple[str, str, bool]]:
    """Return the heading, its explanation, and whether a small screen can do without, of what follows the network."""
    metric = contents.metric
    score = f"{metric} on development data ± corrected standard error"
    test = f"{metric} on the test rows, {TESTED}"
    if contents.is_optimistic:
        judged = [(metric, f"{score}; nothing is chosen by it", False)]
        judged += [("test (optimistic)", f"{test}; what is chosen by, and so optimistic", False)]
    else:
        judged = [(metric, f"{score}; what is chosen by", False), ("test", f"{test}; nothing is chosen by it", False)]
    return [
        ("layers", "hidden layers", False),
        *judged,
        ("parameters", "trained numbers", True),
        *((name, "searched", True) for name in _settings(contents)),
        ("epochs", "until the last network stopped", True),
        ("time", "of training, all folds", True),
        ("state", "complete, pruned, diverged; rescored: on fresh folds and seeds", True),
    ]


def _settings(contents: Contents) -> list[str]:
    """Return the names of what was searched, less what the network's name says."""
    names = dict.fromkeys(name for trial in contents.trials for name in trial.settings)
    return [name for name in names if name not in (FIRST_WIDTH, ACTIVATION)]


def rows(contents: Contents) -> list[Row]:
    """Return the trials in their order, with each baseline before the first trial that it beats."""
    sign = 1 if contents.greater_is_better else -1
    settings = _settings(contents)
    scores = [trial.score for trial in contents.trials] + [base.score for base in contents.baselines]
    known = [(score.value, score.error or 0.0) for score in scores if score is not None]
    limits = [end for value, error in known for end in (value - error, value + error)]
    scale = score_scale(limits, greater_is_better=contents.greater_is_better)
    waiting = [(sign * base.score.value, base) for base in contents.baselines if base.score is not None]
    waiting.sort(key=lambda scored: -scored[0])
    table: list[Row] = []
    for key, trial in enumerate(contents.trials):
        while waiting and (trial.score is None or waiting[0][0] > sign * trial.score.value):
            table.append(_baseline(waiting.pop(0)[1], settings, scale.at))
        table.append(_trial(key, trial, settings, scale.at))
    last = [*(base for _, base in waiting), *(base for base in contents.baselines if base.score is None)]
    table += [_baseline(base, settings, scale.at) for base in last]
    return [row._replace(is_hidden=place >= SHOWN and row.kind == "trial") for place, row in enumerate(table)]


def _trial(key: int, trial: Trial, settings: list[str], at: Place) -> Row:
    state = "rescored" if trial.stage == "rescore" and trial.state == "complete" else trial.state
    fields = (
        Field(str(trial.depth), trial.depth),
        _score(trial.score),
        _number(trial.test),
        Field(f"{trial.parameters:,}", trial.parameters),
        *(_setting(trial.settings.get(name)) for name in settings),
        Field(str(trial.epochs), trial.epochs),
        Field(duration(trial.seconds), trial.seconds),
        Field(f"{state}{': ' * bool(trial.reason)}{trial.reason}", state),
    )
    kind = "choice" if trial.is_choice else "trial"
    return Row(key, kind, trial.depth, trial.network, fields, _bar(trial.score, at), is_hidden=False)


def _baseline(base: Baseline, settings: list[str], at: Place) -> Row:
    fields = (
        Field("", -1.0),
        _score(base.score),
        _number(base.test),
        Field("", -1.0),
        *(Field("", "") for _ in settings),
        Field("", -1.0),
        Field("" if base.seconds is None else duration(base.seconds), base.seconds or 0.0),
        Field("baseline, rescored" if base.is_fresh else "baseline", "baseline"),
    )
    return Row(-1, "baseline", -1, base.name, fields, _bar(base.score, at), is_hidden=False)


def _score(score: Estimate | None) -> Field:
    if score is None:
        return Field("", "")
    return Field(with_error(score.value, score.error), score.value)


def _number(value: float | None) -> Field:
    return Field("", "") if value is None else Field(number(value), value)


def _setting(value: float | str | None) -> Field:
    if value is None:
        return Field("", "")
    if isinstance(value, str | int):
        return Field(str(value), value)
    return Field(text_of(float(f"{value:.2g}")), value)


def _bar(score: Estimate | None, at: Place) -> tuple[float, float, float] | None:
    if score is None:
        return None
    error = score.error or 0.0
    low, middle, high = (round(100 * at(v), 1) for v in (score.value - error, score.value, score.value + error))
    return low, middle, round(high - low, 1)
