"""What is read first where the test rows chose: the same questions, answered for what such figures are worth."""

from __future__ import annotations

from dnnexp.notation import counted, interval, number, with_error
from dnnexp.reporting.report.contents import Choice, Contents

__all__ = ["how_good", "how_sure", "lead"]


def lead(contents: Contents, choice: Choice) -> str:
    """Return how good the choice is on the rows that chose it, and on development data."""
    chosen = f"Optimistic: depth and network were chosen by the {counted(choice.test_rows, 'test row')}"
    if choice.test is None:
        why = f" It could not be trained on all of the data: {choice.reason}." if choice.reason else ""
        return f"{chosen}, on which the networks of its folds have mean {_score(contents, choice)}.{why}"
    where = f" (mean of {len(choice.test_seeds)} trainings)" if len(choice.test_seeds) > 1 else ""
    on_development = "" if choice.development is None else f", and {_on_development(choice)}"
    reached = f"{contents.metric} {number(choice.test.value)}{where}"
    return f"{chosen} themselves. Trained on the rest of the data, it reaches {reached} on them{on_development}."


def how_good(contents: Contents, choice: Choice) -> tuple[str, tuple[str, ...]]:
    """Return the score on the rows that chose, called optimistic, and what stands behind it."""
    shown = choice.score if choice.test is None else choice.test
    networks = "the networks of its folds" if choice.test is None else counted(len(choice.test_seeds) or 1, "training")
    behind = [f"test {contents.metric} on the {counted(choice.test_rows, 'row')} that chose it, mean of {networks}"]
    if choice.development is not None:
        behind.append(_on_development(choice))
    if choice.gap is not None:
        behind.append(f"choosing by the test rows makes the figure look better by {number(choice.gap)}")
    return f"{with_error(shown.value, shown.error)}, optimistic", tuple(behind)


def how_sure(contents: Contents, choice: Choice) -> tuple[str, tuple[str, ...]]:
    """Return the interval that holds before anything was chosen by these rows, with that said."""
    left_out = "that these rows chose the network is not in it: optimistic"
    if choice.test is None or choice.test.low is None or choice.test.high is None:
        return "not known", (f"there is no interval of its test {contents.metric}, which is optimistic besides",)
    limits = interval(choice.test.low, choice.test.high)
    return f"{limits}, optimistic", (f"95% interval of its test {contents.metric}", left_out)


def _score(contents: Contents, choice: Choice) -> str:
    return f"{contents.metric} {number(choice.score.value)}"


def _on_development(choice: Choice) -> str:
    assert choice.development is not None
    score = with_error(choice.development.value, choice.development.error)
    where = f" (mean of {choice.folds} folds ± standard error)" if choice.folds > 1 else ""
    return f"{score} on development data{where}"
