"""The answer of a sweep in sentences with numbers: which network, what each layer gained, and how sure that is."""

from __future__ import annotations

import math

from dnnexp.search.journal import network_name
from dnnexp.search.ladder import Climb
from dnnexp.search.summary import DepthSummary, standard_error

__all__ = ["answer", "short_verdict", "verdict"]


def answer(climb: Climb, test_rows: int, development_rows: int) -> list[str]:
    """Return the sentences. Raises nothing: where no network could be trained, that is the answer."""
    choice = climb.choice
    if choice is None:
        return [f"No network could be trained: {climb.reason}."]
    metric = choice.metric
    hidden = "hidden layer" if choice.depth == 1 else "hidden layers"
    score = f"{metric} {choice.score:.4f} ± {standard_error(choice):.4f}"
    sentences = [
        f"Use {network_name(choice)}: {choice.depth} {hidden}, {choice.parameters:,} parameters.",
        f"On development data it has {score} (mean over {len(choice.scores)} folds ± corrected standard error).",
    ]
    if climb.confirmation is not None and climb.confirmation.score is not None:
        sentences.append(
            f"Refitted on all {development_rows:,} development rows, it has test {metric} "
            f"{climb.confirmation.score:.4f} on {test_rows:,} rows that chose nothing."
        )
    best = max((s for s in climb.summaries if s.best is not None), key=_oriented)
    if best.best is not None and best.best.key != choice.key:
        sentences.append(
            f"The best mean, {best.score:.4f}, has {network_name(best.best)}; the choice is the shallowest, then the "
            "smallest network within one standard error of it."
        )
    sentences += [f"Depth {s.depth}: {verdict(s)}." for s in climb.summaries if s.gain is not None]
    tried = sum(summary.trials for summary in climb.summaries)
    depths = ", ".join(str(summary.depth) for summary in climb.summaries)
    sentences.append(f"Tried: {tried} configurations at depths {depths}. Growing stopped because {climb.reason}.")
    return sentences


def verdict(summary: DepthSummary) -> str:
    """Return what a depth gained over the best shallower one, ± , and whether that is distinguishable from nothing."""
    gain = summary.gain
    if gain is None:
        return "no network was completed" if summary.best is None else "the first depth"
    said = f"{gain.estimate:+.4f} ± {gain.standard_error:.4f} against depth {summary.compared_depth}"
    if not (math.isfinite(gain.low) and math.isfinite(gain.high)):
        return f"{said}, one score each says nothing about the uncertainty"
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


def _oriented(summary: DepthSummary) -> float:
    assert summary.best is not None
    return sum(summary.best.oriented_scores) / len(summary.best.oriented_scores)
