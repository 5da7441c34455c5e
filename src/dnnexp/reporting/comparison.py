"""What a comparison of two configurations says, in sentences with numbers."""

from __future__ import annotations

import math
from typing import NamedTuple

from dnnexp.evaluation.comparison import Comparison
from dnnexp.evaluation.statistics import Interval
from dnnexp.evaluation.superiority import MEANINGFUL, Superiority, noether_runs
from dnnexp.notation import counted, interval, number, with_error

__all__ = ["Contestant", "comparison_sentences"]


class Contestant(NamedTuple):
    """One side: "A" or "B", what its network is called, and what it scored."""

    side: str
    network: str
    score: float  # mean over the folds
    standard_error: float  # corrected; NaN where one score is all there is
    test_score: float  # of the network trained on all development rows


def comparison_sentences(
    a: Contestant, b: Contestant, comparison: Comparison, metric: str, *, greater_is_better: bool, test_rows: int
) -> list[str]:
    """Return what each scored, how much better A or B is and how sure that is, and what it would take to know."""
    scores = comparison.superiority.wins + comparison.superiority.ties + comparison.superiority.losses
    folds = comparison.folds
    on = "One score each, on held-out rows"
    if scores > 1:  # where groups or times are few, repeats bring fewer folds
        drawn = f"{counted(folds, 'fold')} × {counted(scores // folds, 'repeat')}"
        on = f"{scores} scores each, {drawn if scores % folds == 0 else f'at most {folds} to a repeat'}"
    said = []
    for one in (a, b):
        score = with_error(one.score, one.standard_error)
        said.append(f"{one.side}, {one.network}: {metric} {score}; test {metric} {number(one.test_score)}.")
    means = " (means ± corrected standard error)" if scores > 1 else ""
    less = "" if greater_is_better else f" Less {metric} is better."
    said.append(f"{on}{means}; the {test_rows:,} test rows decide nothing.{less}")
    said.append(_difference(comparison.gain, metric))
    if scores > 1:
        said.append(_how_often(comparison.superiority, scores))
    if needed := _what_it_takes(comparison, scores):
        said.append(needed)
    return said


def _difference(gain: Interval, metric: str) -> str:
    who = f"{'A' if gain.estimate > 0 else 'B'} is better by" if gain.estimate else "A and B differ by"
    first = f"{who} {with_error(abs(gain.estimate), gain.standard_error)} {metric}"
    if not math.isfinite(gain.low):
        return f"{first}; one score each says nothing about the uncertainty."
    limits = f"{gain.confidence:.0%} interval of A's gain over B {interval(gain.low, gain.high, signed=True)}"
    sure = "distinguishable" if gain.excludes_zero else "not distinguishable"
    return f"{first}, {sure} from no difference ({limits})."


def _how_often(found: Superiority, scores: int) -> str:
    p = found.probability
    counts = f"A scored better in {found.wins} of {scores} runs, B in {found.losses}"
    ties = f", {found.ties} were ties" if found.ties else ""
    sure = "" if found.is_distinguishable else ", not distinguishable from a toss of a coin"
    return (
        f"{counts}{ties}: P(A > B) = {p.estimate:.2f} ({p.confidence:.0%} interval of independent runs {p.low:.2f} to "
        f"{p.high:.2f}; folds share rows, and it is too narrow for them){sure}."
    )


def _what_it_takes(comparison: Comparison, scores: int) -> str:
    """Return what would tell the difference where these scores do not, "" where they do."""
    gain, folds = comparison.gain, comparison.folds
    if gain.excludes_zero:
        return ""
    if not math.isfinite(gain.low):
        return "evaluation=cross_validation gives a difference its uncertainty."
    if gain.estimate == 0:
        return f"P(A > B) = {MEANINGFUL} would need {noether_runs()} runs to be seen (Noether)."
    size = f"To tell a difference of {number(abs(gain.estimate))} from none every second time"
    times = comparison.rows_needed
    rows = "more rows" if times is None else f"{times:,.{0 if times >= 10 else 1}f} times as many rows"
    if comparison.repeats_needed is None:
        return (
            f"{size}, no number of repeats of these {folds} folds is enough, as they share rows; about {rows} may be."
        )
    repeats = comparison.repeats_needed
    like = f"{folds * repeats:,} scores like these {scores} ({folds} folds × {repeats:,})"
    return f"{size} would take about {like}, or {rows}."
