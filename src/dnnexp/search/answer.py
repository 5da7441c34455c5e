"""The answer of a sweep in sentences with numbers: which network, what each layer gained, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dnnexp.data.columns import listed
from dnnexp.search.journal import network_name
from dnnexp.search.ladder import Climb
from dnnexp.search.records import TrialRecord
from dnnexp.search.summary import DepthSummary, mean_score, standard_error

__all__ = ["answer", "inputs_sentence", "short_verdict", "verdict"]


def answer(climb: Climb, test_rows: int, development_rows: int) -> list[str]:
    """Return the sentences. Raises nothing: where no network could be trained, that is the answer."""
    choice = climb.choice
    if choice is None:
        return [f"No network could be trained: {climb.reason}."]
    metric = choice.metric
    hidden = "hidden layer" if choice.depth == 1 else "hidden layers"
    sentences = [
        f"Use {network_name(choice)}: {choice.depth} {hidden}, {choice.parameters:,} parameters.",
        f"On development data it has {metric} {choice.score:.4f}{_uncertainty(choice)}.",
    ]
    if climb.confirmation is not None:
        refitted = f"Refitted on all {development_rows:,} development rows, it"
        score, reason = climb.confirmation.score, climb.confirmation.reason
        sentences.append(
            f"{refitted} has test {metric} {score:.4f} on {test_rows:,} rows that chose nothing."
            if score is not None
            else f"{refitted} could not be trained, and there is no model: {reason}."
        )
    best = max((s.best for s in climb.summaries if s.best is not None), key=mean_score)
    if best.key != choice.key:
        sentences.append(
            f"The best mean, {best.score:.4f}, has {network_name(best)}; the choice is the shallowest, then the "
            f"smallest network {'within one standard error of it' if len(best.scores) > 1 else 'that has it'}."
        )
    sentences += [f"Depth {s.depth}: {verdict(s)}." for s in climb.summaries if s.gain is not None]
    tried = _counted(sum(summary.trials for summary in climb.summaries), "configuration")
    depths = ", ".join(str(summary.depth) for summary in climb.summaries)
    where = f"depth{'s' * (len(climb.summaries) > 1)} {depths}"
    return [*sentences, f"Tried: {tried} at {where}. Growing stopped because {climb.reason}."]


def inputs_sentence(columns: Sequence[str], available: int, scaling: str) -> str:
    """Return which of the available columns a network reads, and how its numbers are scaled."""
    which = f"all {available:,} columns"
    if len(columns) < available:
        which = (
            f"{len(columns):,} of the {available:,} columns, found important by the training rows: {listed(columns)}"
        )
    scaled = {"none": "numbers as they are", "global": "one scaling for all numbers"}.get(scaling, f"{scaling} scaling")
    return f"It reads {which}; {scaled}."


def _uncertainty(choice: TrialRecord) -> str:
    """Return what stands behind a score: its standard error and folds, or that there is but one score."""
    if len(choice.scores) == 1:
        return f" on {choice.n_score:,.0f} held-out rows; one score says nothing about its uncertainty"
    return f" ± {standard_error(choice):.4f} (mean over {len(choice.scores)} folds ± corrected standard error)"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"


def verdict(summary: DepthSummary) -> str:
    """Return what a depth gained over the best shallower one, ± , and whether that is distinguishable from nothing."""
    gain = summary.gain
    if gain is None:
        return "no network was completed" if summary.best is None else "the first depth"
    over = f"over depth {summary.compared_depth}"
    if not (math.isfinite(gain.low) and math.isfinite(gain.high)):
        return f"gain {gain.estimate:+.4f} {over}, one score each says nothing about the uncertainty"
    said = f"gain {gain.estimate:+.4f} ± {gain.standard_error:.4f} {over}"
    interval = f"{gain.confidence:.0%} interval {gain.low:+.4f} to {gain.high:+.4f}"
    if gain.low > 0:
        return f"{said}, better ({interval})"
    if gain.high < 0:
        return f"{said}, worse ({interval})"
    return f"{said}, not distinguishable from no gain ({interval})"


def short_verdict(summary: DepthSummary) -> str:
    """Return the verdict in a word or two: "better", "no clear gain", "2 diverged"."""
    words = []
    if summary.gain is not None:
        words.append("better" if summary.gain.low > 0 else "worse" if summary.gain.high < 0 else "no clear gain")
    if summary.diverged:
        words.append(f"{summary.diverged} diverged")
    return ", ".join(words)
