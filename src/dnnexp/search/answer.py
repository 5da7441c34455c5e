"""The answer of a sweep in sentences with numbers: which network, what each layer gained, and how sure that is."""

from __future__ import annotations

import math

from dnnexp.notation import counted, interval, number, with_error
from dnnexp.notation import gain as signed
from dnnexp.search.journal import network_name
from dnnexp.search.ladder import Climb
from dnnexp.search.records import TrialRecord
from dnnexp.search.summary import DepthSummary, mean_score, standard_error

__all__ = ["answer", "short_verdict", "verdict"]


def answer(climb: Climb, test_rows: int, development_rows: int) -> list[str]:
    """Return the sentences. Raises nothing: where no network could be trained, that is the answer."""
    choice = climb.choice
    if choice is None:
        return [f"No network could be trained: {climb.reason}."]
    metric = choice.metric
    hidden = "hidden layer" if choice.depth == 1 else "hidden layers"
    sentences = [
        f"Use {network_name(choice)}: {choice.depth} {hidden}, {choice.parameters:,} parameters.",
        f"On development data it has {metric} {_score(choice)}.",
    ]
    if climb.confirmation is not None:
        refitted = f"Refitted on all {development_rows:,} development rows, it"
        score, reason = climb.confirmation.score, climb.confirmation.reason
        sentences.append(
            f"{refitted} has test {metric} {number(score)} on {test_rows:,} rows that chose nothing."
            if score is not None
            else f"{refitted} could not be trained, and there is no model: {reason}."
        )
    best = max((s.best for s in climb.summaries if s.best is not None), key=mean_score)
    if best.key != choice.key:
        sentences.append(
            f"The best mean, {number(best.score)}, has {network_name(best)}; the choice is the shallowest, then the "
            f"smallest network {'within one standard error of it' if len(best.scores) > 1 else 'that has it'}."
        )
    sentences += [f"Depth {s.depth}: {verdict(s)}." for s in climb.summaries if s.gain is not None]
    tried = counted(sum(summary.trials for summary in climb.summaries), "configuration")
    depths = ", ".join(str(summary.depth) for summary in climb.summaries)
    where = f"depth{'s' * (len(climb.summaries) > 1)} {depths}"
    return [*sentences, f"Tried: {tried} at {where}. Growing stopped because {climb.reason}."]


def _score(choice: TrialRecord) -> str:
    """Return the score and what stands behind it: its standard error and folds, or that there is but one score."""
    if len(choice.scores) == 1:
        rows = f"{choice.n_score:,.0f} held-out rows"
        return f"{number(choice.score)} on {rows}; one score says nothing about its uncertainty"
    said = with_error(choice.score, standard_error(choice))
    return f"{said} (mean over {len(choice.scores)} folds ± corrected standard error)"


def verdict(summary: DepthSummary) -> str:
    """Return what a depth gained over the best shallower one, ± , and whether that is distinguishable from nothing."""
    gain = summary.gain
    if gain is None:
        return "no network was completed" if summary.best is None else "the first depth"
    over = f"over depth {summary.compared_depth}"
    if not (math.isfinite(gain.low) and math.isfinite(gain.high)):
        return f"gain {signed(gain.estimate)} {over}, one score each says nothing about the uncertainty"
    said = f"gain {signed(gain.estimate, gain.standard_error)} {over}"
    limits = f"{gain.confidence:.0%} interval {interval(gain.low, gain.high, signed=True)}"
    if gain.low > 0:
        return f"{said}, better ({limits})"
    if gain.high < 0:
        return f"{said}, worse ({limits})"
    return f"{said}, not distinguishable from no gain ({limits})"


def short_verdict(summary: DepthSummary) -> str:
    """Return the verdict in a word or two: "better", "no clear gain", "2 diverged"."""
    words = []
    if summary.gain is not None:
        words.append("better" if summary.gain.low > 0 else "worse" if summary.gain.high < 0 else "no clear gain")
    if summary.diverged:
        words.append(f"{summary.diverged} diverged")
    return ", ".join(words)
