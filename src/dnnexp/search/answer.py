"""The answer of a sweep in sentences with numbers: which network, what each layer gained, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dnnexp.data.columns import listed
from dnnexp.evaluation.statistics import Interval
from dnnexp.evaluation.yardsticks import Yardsticks
from dnnexp.notation import counted, interval, like, number, with_error
from dnnexp.notation import gain as signed
from dnnexp.search.journal import network_name
from dnnexp.search.ladder import Climb, by_test
from dnnexp.search.records import TrialRecord
from dnnexp.search.summary import DepthSummary, mean_score, standard_error
from dnnexp.search.yardsticks import lead

__all__ = ["OPTIMISTIC", "answer", "inputs_sentence", "short_verdict", "verdict"]

NO_YARDSTICKS = Yardsticks()
FEWER = 0.9  # times the rows, from which down a score is lower for that reason too
TOO_FEW = "these rows are too few for one, or their groups, or those of a class, or weigh too unevenly"
BIASED = {
    "calibration_error": "a calibration error is the larger the fewer rows it is of, and draws of these are of fewer"
}
OPTIMISTIC = "optimistic"  # what a figure is that was chosen by the rows it was measured on


def answer(
    climb: Climb, test_rows: int, development_rows: int, yardsticks: Yardsticks = NO_YARDSTICKS, inputs: str = ""
) -> list[str]:
    """Return the sentences. Raises nothing: where no network could be trained, that is the answer.

    yardsticks: the baselines, to compare with. inputs: what the network reads, in a sentence; "" where it is not known.
    """
    choice = climb.choice
    if choice is None:
        return [f"No network could be trained: {climb.reason}."]
    hidden = "hidden layer" if choice.depth == 1 else "hidden layers"
    sentences = [f"Use {network_name(choice)}: {choice.depth} {hidden}, {choice.parameters:,} parameters."]
    sentences += [inputs] if inputs else []
    sentences += _by_test_rows(climb, test_rows) if climb.honest is not None else _on_development_data(climb)
    if climb.confirmation is not None:
        sentences += _confirmed(climb.confirmation, test_rows, development_rows, is_honest=climb.honest is None)
    sentences += _beside_baselines(climb, yardsticks)
    best = max((s.best for s in climb.summaries if s.best is not None), key=mean_score)
    by_rows = "" if climb.honest is None else f" by the test rows ({OPTIMISTIC})"
    if best.key != choice.key:
        sentences.append(
            f"The best mean{by_rows}, {number(best.score)}, has {network_name(best)}; the choice is the shallowest, "
            f"then the smallest network {'within one standard error of it' if len(best.scores) > 1 else 'that has it'}."
        )
    sentences += [
        f"Depth {s.depth}{by_rows}: {verdict(s)}."
        if s.best is not None
        else f"Depth {s.depth}: {verdict(s)}, {s.diverged} of {counted(s.trials, 'trial')} diverged."
        for s in climb.summaries
        if s.gain is not None or s.best is None
    ]
    tried = counted(sum(summary.trials for summary in climb.summaries), "configuration")
    depths = ", ".join(str(summary.depth) for summary in climb.summaries)
    where = f"depth{'s' * (len(climb.summaries) > 1)} {depths}"
    again = sum(summary.best is not None and summary.best.stage == "rescore" for summary in climb.summaries)
    picked = ", the best of each scored again on fresh folds and seeds" if again else ""
    return [*sentences, f"Tried: {tried} at {where}{picked}. Growing stopped because {climb.reason}."]


def _beside_baselines(climb: Climb, yardsticks: Yardsticks) -> list[str]:
    """Return what scores without a network, and whether the choice is better than the best of that."""
    known = {base.name: float(base.scores.mean()) for base in yardsticks.screened if len(base.scores)}
    if not known:
        return []
    again = yardsticks.again
    listed_scores = ", ".join(f"{name} {number(score)}" for name, score in known.items())
    fresh = "" if climb.honest is None else ", on development data"
    if again is not None:
        folds = len(yardsticks.screened[0].scores), len(again.scores)
        fresh = (
            f" over the {counted(folds[0], 'fold')} of the screening; {again.name} "
            f"{number(float(again.scores.mean()))} over the {counted(folds[1], 'fresh fold')}"
        )
    said = [f"For comparison, without a network: {listed_scores}{fresh}."]
    found = lead(climb, yardsticks)
    if found is None:
        return said
    gain, name = found.gain, found.baseline.name
    where = "as both were screened, which flatters the network" if found.is_flattered else "on the same folds"
    if not (math.isfinite(gain.low) and math.isfinite(gain.high)):
        flattered = f", {where}" if found.is_flattered else ""
        return [
            *said,
            f"The network gains {signed(gain.estimate)} over {name}{flattered}; one score each says no more.",
        ]
    limits = f"{gain.confidence:.0%} interval {interval(gain.low, gain.high, signed=True)}"
    over = f"gain {signed(gain.estimate, gain.standard_error)} {where}, {limits}"
    told = f"is {'better' if gain.low > 0 else 'worse'} than" if gain.excludes_zero else "cannot be told apart from"
    return [*said, f"The network {told} {name}, the best of these ({over})."]


def _on_development_data(climb: Climb) -> list[str]:
    """Return what the choice scored, and how much better it looked when it was picked."""
    choice, screened = climb.choice, climb.screened
    assert choice is not None
    said = [f"On development data it has {choice.metric} {_score(choice)}."]
    if screened is not None and climb.flattery is not None:
        said.append(_beside_screening(choice, screened, climb.flattery))
    return said


def _beside_screening(choice: TrialRecord, screened: TrialRecord, flattery: Interval) -> str:
    """Return how much less, or more, the choice has on fresh folds than when it was picked, and if that may be none."""
    has_fallen = flattery.estimate >= 0
    ends = (flattery.low, flattery.high) if has_fallen else (-flattery.high, -flattery.low)
    limits = ""
    if math.isfinite(flattery.low):
        chance = "" if flattery.excludes_zero else ": no flattery can be told from chance"
        limits = f" ({flattery.confidence:.0%} interval {interval(*ends, signed=True)}){chance}"
    rows = ""
    if choice.n_train < FEWER * screened.n_train:
        rows = f", with fewer rows to learn from ({choice.n_train:,.0f} instead of {screened.n_train:,.0f}),"
    change = like(abs(flattery.estimate), screened.score)
    word = "less" if has_fallen == choice.greater_is_better else "more"
    over = counted(len(screened.scores), "fold")
    return (
        f"Screening had picked it with {number(screened.score)} over {over}; scored again on fresh folds{rows} it has "
        f"{change} {word}{limits}."
    )


def _by_test_rows(climb: Climb, test_rows: int) -> list[str]:
    """Return what the test rows say of a network that they chose, and what that is worth."""
    choice, screened, honest, optimism = climb.choice, climb.screened, climb.honest, climb.optimism
    assert choice is not None
    assert screened is not None
    assert honest is not None
    assert optimism is not None
    metric, marked = choice.metric, OPTIMISTIC.capitalize()
    other = "the same one" if honest.key == choice.key else network_name(honest)
    of_honest = by_test(honest).score
    scored = "Its folds' networks have mean" if len(screened.scores) > 1 else "Its network has"
    return [
        f"{marked}: depth and network were chosen by the test rows (search.selection=test).",
        f"{scored} test {metric} {number(choice.score)} on the {counted(test_rows, 'row')} that chose it.",
        f"On development data it has {metric} {_score(screened)}.",
        f"Of the same trials development data chooses {other}, with test {metric} {number(of_honest)} alike.",
        f"Choosing by the test rows makes the figure look better by {number(optimism)}.",
    ]


def _confirmed(confirmation: TrialRecord, test_rows: int, development_rows: int, *, is_honest: bool) -> list[str]:
    """Return what the refitted networks score on the test rows: their mean, its spread, and the one that is kept."""
    metric, score, scores = confirmation.metric, confirmation.score, confirmation.test_scores
    refitted = f"Refitted on all {development_rows:,} development rows"
    if score is None:
        return [f"{refitted}, it could not be trained, and there is no model: {confirmation.reason}."]
    rows = f"on {counted(test_rows, 'row')} that {'chose nothing' if is_honest else f'chose it ({OPTIMISTIC})'}"
    unknown = ""
    if f"test/{metric}" in confirmation.metrics and f"test/{metric}_low" not in confirmation.metrics:
        unknown = f" No interval: {BIASED.get(metric, TOO_FEW)}."
    if len(scores) <= 1:
        limits = _limits(confirmation, "first")
        return [f"{refitted}, it has test {metric} {number(score)}{f' ({limits})' if limits else ''} {rows}.{unknown}"]
    trained = [value for value in scores if math.isfinite(value)]
    lost = len(scores) - len(trained)
    limits = _limits(confirmation, "test")
    said = with_error(score, confirmation.metrics.get(f"test/{metric}_sd") if len(trained) > 1 else None)
    spread = f"mean ± sd over {counted(len(trained), 'seed')}" if len(trained) > 1 else ""
    behind = ", ".join(part for part in (spread, limits) if part)
    means = f" ({behind})" if behind else ""
    own = f" ({limits})" if (limits := _limits(confirmation, "first")) else ""
    gone = f" {counted(lost, 'network')} of {len(scores)} diverged." if lost else ""
    kind = "test" if is_honest else f"{OPTIMISTIC} test"
    return [
        f"{refitted}, it has test {metric} {said}{means} {rows}.{gone}{unknown}",
        f"The champion, the network of the first seed, has {kind} {metric} {number(scores[0])}{own}.",
    ]


def _limits(confirmation: TrialRecord, of: str) -> str:
    """Return "95% interval 0.9634 to 0.9790" of the test score, of all seeds ("test") or the first; "" if not known."""
    low, high = (confirmation.metrics.get(f"{of}/{confirmation.metric}_{side}") for side in ("low", "high"))
    return "" if low is None or high is None else f"95% interval {interval(low, high)}"


def inputs_sentence(columns: Sequence[str], available: int, scaling: str) -> str:
    """Return which of the available columns a network reads, and how its numbers are scaled."""
    which = f"all {available:,} columns" if available != 1 else "its one column"
    if len(columns) < available:
        which = (
            f"{len(columns):,} of the {available:,} columns, found important by the training rows: {listed(columns)}"
        )
    scaled = {"none": "numbers as they are", "global": "one scaling for all numbers"}.get(scaling, f"{scaling} scaling")
    return f"It reads {which}; {scaled}."


def _score(choice: TrialRecord) -> str:
    """Return the score and what stands behind it: its standard error and folds, or that there is but one score."""
    if len(choice.scores) == 1:
        rows = counted(round(choice.n_score), "held-out row")
        return f"{number(choice.score)} on {rows}; one score says nothing about its uncertainty"
    fresh = "fresh " if choice.stage == "rescore" else ""
    said = with_error(choice.score, standard_error(choice))
    return f"{said} (mean over {len(choice.scores)} {fresh}folds ± corrected standard error)"


def verdict(summary: DepthSummary) -> str:
    """Return what a depth gained over the best shallower one, ± , and whether that is distinguishable from nothing."""
    gain = summary.gain
    if gain is None:
        if summary.best is not None:
            return "the first depth"
        return "none of its best could be scored again" if summary.complete else "no network was completed"
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
    if summary.untrained:
        words.append(f"{summary.untrained} learned nothing")
    return ", ".join(words)
