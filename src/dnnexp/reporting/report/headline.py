"""What is read first: which network, how good, how much better than one layer, how sure; in words, for anybody."""

from __future__ import annotations

from typing import NamedTuple

from dnnexp.notation import counted, gain, interval, number, with_error
from dnnexp.reporting.report import optimistic
from dnnexp.reporting.report.contents import Choice, Contents, Depth, Estimate
from dnnexp.reporting.report.depths import layers

__all__ = ["Card", "Headline", "headline", "metric_in_words"]

WORDS = {
    "accuracy": "the share of rows that are classified right",
    "balanced_accuracy": "the share of rows classified right, averaged over the classes",
    "f1": "the harmonic mean of precision and recall",
    "roc_auc": "the chance that a row of a class is ranked above one that is not",
    "average_precision": "the area under precision by recall",
    "log_loss": "the mean of −log(probability given to the right class)",
    "calibration_error": "how far stated probabilities are from the shares that come true",
    "r2": "the share of the target's variation that is explained: 1 is perfect, 0 no better than its mean",
    "rmse": "the root of the mean squared error, in the target's units",
    "mae": "the mean absolute error, in the target's units",
}
NUMERALS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve")


class Card(NamedTuple):
    """One question, its answer in large letters, and what stands behind it."""

    question: str
    answer: str
    behind: tuple[str, ...]


class Headline(NamedTuple):
    """The top of the page."""

    title: str
    lead: str
    cards: tuple[Card, ...]


def metric_in_words(metric: str, *, greater_is_better: bool) -> str:
    """Return "accuracy is the share of rows that are classified right; higher is better"."""
    meaning = f" is {WORDS[metric]};" if metric in WORDS else ":"
    return f"{metric}{meaning} {'higher' if greater_is_better else 'lower'} is better"


def headline(contents: Contents) -> Headline:
    """Return the top of the page; where there is no choice, why."""
    choice = contents.choice
    if choice is None:
        title = "No network could be trained" if contents.stopped else "Not finished yet"
        many = len(contents.trials)
        ended = f"{counted(many, 'trial')} {'has' if many == 1 else 'have'} ended so far."
        lead = contents.sentences[0] if contents.sentences else ended
        return Headline(title, lead, ())
    words = NUMERALS[choice.depth] if choice.depth < len(NUMERALS) else f"{choice.depth:,}"
    plain = f"Use {words.lower()} hidden layer{'s' * (choice.depth != 1)}"
    which, over = _which(choice), _over_one_layer(contents, choice)
    if contents.is_optimistic:
        score, behind = optimistic.how_good(contents, choice)
        good = Card("How good?", score, (*behind, *_over_baselines(contents, choice)))
        cards = (which, good, over, Card("How sure of the score?", *optimistic.how_sure(contents, choice)))
        return Headline(f"{plain}: optimistic, chosen by the test rows", optimistic.lead(contents, choice), cards)
    cards = (which, _how_good(contents, choice), over, _how_sure(contents, choice))
    return Headline(f"{plain}: {_verdict(contents, choice)}", _lead(contents, choice), cards)


def _verdict(contents: Contents, choice: Choice) -> str:
    over = choice.over_one_layer
    if over is not None:
        return "clearly better than one" if (over.low or 0) > 0 else "perhaps better than one"
    others = [depth for depth in contents.depths if depth.depth != choice.depth]
    deeper = [depth for depth in others if depth.depth > choice.depth]
    if not others:
        return "the only depth tried"
    if not any(depth.score for depth in others):
        return "deeper networks could not be trained" if deeper else "the only depth that could be trained"
    if choice.depth == 1 or len(deeper) == len(others):
        return "deeper networks are not clearly better"
    return "the shallowest that is as good"


def _lead(contents: Contents, choice: Choice) -> str:
    if choice.test is None:
        missing = f" It could not be trained on all of the data: {choice.reason}." if choice.reason else ""
        score = with_error(choice.score.value, choice.score.error)
        return f"On data it had not seen it reaches {contents.metric} {score}.{missing}"
    where = f"on {counted(choice.test_rows, 'row')} kept aside until the end"
    if len(choice.test_seeds) > 1:
        where += f" (mean of {len(choice.test_seeds)} trainings)"
    elif choice.right is not None:
        where += f": {choice.right:,} of {choice.test_rows:,} right"
    return f"Trained on the rest of the data, it reaches {contents.metric} {number(choice.test.value)} {where}."


def _which(choice: Choice) -> Card:
    shape = f"{choice.widths.replace('x', ' × ')} units, {choice.activation}" if choice.depth else "linear"
    behind = (f"{shape}; {choice.parameters:,} parameters", choice.network)
    return Card("Which network?", layers(choice.depth), behind)


def _how_good(contents: Contents, choice: Choice) -> Card:
    score = with_error(choice.score.value, choice.score.error)
    where = f"mean of {choice.folds} folds ± standard error" if choice.folds > 1 else "held-out rows"
    if choice.test is None:
        return Card("How good?", score, (f"{contents.metric} on development data ({where})",))
    tested = f"test {contents.metric} on {counted(choice.test_rows, 'row')} that chose nothing"
    if len(choice.test_seeds) > 1:
        tested += f", mean of {len(choice.test_seeds)} trainings"
    answer = with_error(choice.test.value, choice.test.error)
    return Card("How good?", answer, (tested, *_over_baselines(contents, choice)))


def _over_baselines(contents: Contents, choice: Choice) -> list[str]:
    """Return what baselines reach on the test rows, which chose none of them, and the choice's gain over the best."""
    said = [f"{base.name} {number(base.test)}" for base in contents.baselines if base.test is not None]
    lines = [f"for comparison, on the same test rows: {', '.join(said)}"] if said else []
    over = choice.over_baseline
    if over is not None:
        where = "as both were screened, which flatters the network" if choice.is_flattered else "on the same folds"
        gained = f"over {choice.baseline} on development data, {where}: {gain(over.value, over.error)}"
        lines.append(f"{gained}, {_is_told_apart(over)}")
    return lines


def _over_one_layer(contents: Contents, choice: Choice) -> Card:
    question = "Better than one layer?"
    if choice.over_one_layer is not None:
        over = choice.over_one_layer
        answer = f"{gain(over.value, over.error)}{', optimistic' if contents.is_optimistic else ''}"
        sure = _is_told_apart(over)
        return Card(
            question,
            answer,
            (f"{contents.judged_by} gained over the best network of one layer", sure, *_not_ruled_out(contents)),
        )
    if choice.depth == 0:
        return Card(question, "no layer needed", ("a linear model is as good", *_not_ruled_out(contents)))
    if choice.depth > 1 and any(depth.depth == 1 for depth in contents.depths):
        return Card(question, "not known", ("no network of one layer could be trained", *_not_ruled_out(contents)))
    question = "Do more layers help?"
    deeper = [depth for depth in contents.depths if depth.depth > choice.depth]
    if not deeper:
        return Card(question, "not tried", ("no deeper network was tried",))
    told = [_gained(depth) for depth in deeper[:3]]
    rest = [f"and {counted(len(deeper) - 3, 'depth')} more, below"] if len(deeper) > 3 else []
    known = [f"gains in {contents.judged_by}, ± standard error"] if any(depth.gain for depth in deeper) else []
    answer = "not clearly" if known else "they could not be trained"
    return Card(question, answer, (*known, *told, *rest, *_not_ruled_out(contents)))


def _gained(depth: Depth) -> str:
    if depth.gain is not None:
        return f"{layers(depth.depth)}: {gain(depth.gain.value, depth.gain.error)} over {depth.compared_depth}"
    return f"{layers(depth.depth)}: {depth.verdict}, {depth.diverged} of {counted(depth.trials, 'trial')} diverged"


def _is_told_apart(over: Estimate) -> str:
    if over.low is None or over.high is None:
        return "one score each says nothing about the uncertainty"
    limits = f"95% interval {interval(over.low, over.high, signed=True)}"
    told = "better" if over.low > 0 else "worse" if over.high < 0 else "not distinguishable from no gain"
    return f"{told} ({limits})"


def _how_sure(contents: Contents, choice: Choice) -> Card:
    question = "How sure of the score?"
    is_tested = choice.test is not None and choice.test.low is not None
    shown = choice.test if choice.test is not None and is_tested else choice.score
    chosen_by = [] if choice.test is None else [_chosen_by(choice)]
    if shown.low is None or shown.high is None:
        return Card(question, "not known", ("one score says nothing about its uncertainty", *chosen_by))
    low, high = _possible(shown, greater_is_better=contents.greater_is_better)
    of = f"its test {contents.metric}" if is_tested else f"its {contents.metric} on development data"
    return Card(question, interval(low, high), (f"95% interval of {of}", *chosen_by))


def _chosen_by(choice: Choice) -> str:
    """Return the score on development data, which is another one than that of the test rows."""
    score = with_error(choice.score.value, choice.score.error)
    if choice.folds <= 1:
        return f"it was chosen by another: {score} on held-out rows"
    return f"it was chosen by another: {score} on development data (mean of {choice.folds} folds ± standard error)"


def _possible(estimate: Estimate, *, greater_is_better: bool) -> tuple[float, float]:
    """Return the limits, none beyond a perfect score: 1 where more is better, 0 where less is."""
    low, high = estimate.low or 0.0, estimate.high or 0.0
    return (
        (low, max(min(high, 1.0), estimate.value)) if greater_is_better else (min(max(low, 0.0), estimate.value), high)
    )


def _not_ruled_out(contents: Contents) -> list[str]:
    """Return how much a deeper network might still gain over the choice."""
    choice = contents.choice
    over = [d.over_choice for d in contents.depths if choice is not None and d.depth > choice.depth]
    limits = [gained.high for gained in over if gained is not None and gained.high is not None]
    if not limits:
        return []
    if max(limits) <= 0:
        return ["more layers: gains over the choice are ruled out (95% intervals)"]
    return [f"more layers: gains up to {gain(max(limits))} over the choice are not ruled out"]
