"""The baselines of a sweep: scored once, kept with its studies; what the choice is worth beside the best of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from dnnexp.errors import DnnexpError
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.statistics import Interval, paired_gain
from dnnexp.evaluation.yardsticks import Baseline, Yardsticks, from_plain, to_plain
from dnnexp.processes.workers import started_workers
from dnnexp.search.ladder import Climb
from dnnexp.search.schema import SearchConfig
from dnnexp.search.storage import trouble_in_words
from dnnexp.search.studies import Studies
from dnnexp.search.sweep import Sweep

__all__ = ["Lead", "are_scored", "keep_yardsticks", "lead", "scored_beside", "stored_yardsticks"]

BASELINES = "baselines, given what networks are"  # what they are kept by


class Lead(NamedTuple):
    """How much better the choice scores than the best baseline, on the same folds."""

    baseline: Baseline
    gain: Interval  # positive is better whatever the metric
    is_flattered: bool  # both as screened, though the choice was scored again: of the two, it alone was picked by that


def are_scored(yardsticks: Yardsticks, config: SearchConfig) -> bool:
    """Whether nothing is left to score of what the configuration asks for."""
    if not config.baselines:
        return True
    has_best = yardsticks.best(greater_is_better=True) is not None
    return bool(yardsticks.screened) and (yardsticks.rescored is not None or not has_best or not config.scores_again)


def stored_yardsticks(studies: Studies) -> Yardsticks:
    """Return the baselines that are kept with the studies, none where they have not been scored."""
    return from_plain(studies.kept(BASELINES))


def keep_yardsticks(sweep: Sweep, protocol: Protocol) -> Yardsticks:
    """Return the sweep's baselines from its storage; those that are missing there are scored, and kept."""
    with trouble_in_words(sweep.url), sweep.studies() as studies:
        found = stored_yardsticks(studies)
        if not are_scored(found, sweep.config):
            from dnnexp.evaluation.baselines import score_yardsticks  # scikit-learn: workers do without

            is_balanced = sweep.base.trainer.class_weight == "balanced"
            found = score_yardsticks(protocol, again=sweep.config.scores_again, is_balanced=is_balanced)
            studies.keep(BASELINES, to_plain(found))
    return found


@contextmanager
def scored_beside(sweep: Sweep, protocol: Protocol) -> Iterator[Callable[[Callable[[str], None]], Yardsticks]]:
    """Have the baselines scored in a process of its own meanwhile.

    What is yielded waits for them, says so where that takes long, and returns them; where that process died they are
    scored here.
    """
    with trouble_in_words(sweep.url), sweep.studies() as studies:
        found = stored_yardsticks(studies)
    if are_scored(found, sweep.config):
        yield lambda _: found
        return
    with started_workers(_keep, ("baselines",), ("dnnexp.evaluation.baselines",)) as workers:
        workers.hand(sweep, protocol)

        def wait(say: Callable[[str], None]) -> Yardsticks:
            news = ["the baselines are still being scored"]
            with suppress(DnnexpError):
                workers.finish(lambda: say(news.pop()) if news else None)
            return keep_yardsticks(sweep, protocol)

        yield wait


def _keep(sweep: Sweep, protocol: Protocol, _tell: Callable[[object], None]) -> None:
    keep_yardsticks(sweep, protocol)


def lead(climb: Climb, yardsticks: Yardsticks) -> Lead | None:
    """Return what the choice gains over the best baseline, paired by fold; None where they have no folds in common.

    Both as they were scored again, where they were; else both as they were screened.
    """
    choice, screened = climb.choice, climb.screened
    if choice is None or screened is None:
        return None
    best, again = yardsticks.best(greater_is_better=choice.greater_is_better), yardsticks.again
    record = choice if choice.stage == "rescore" and again is not None else screened
    baseline = again if record.stage == "rescore" else best
    if baseline is None or len(baseline.scores) != len(record.scores):
        return None
    sign = 1 if record.greater_is_better else -1
    gain = paired_gain(record.oriented_scores, sign * baseline.scores, record.n_train, record.n_score)
    return Lead(baseline, gain, is_flattered=choice.stage == "rescore" and record.stage != "rescore")
