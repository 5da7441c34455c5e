"""One trial: claims its place, builds the configuration, has it scored and writes down what came of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import optuna

from dnnexp.processes.interrupts import Interrupts
from dnnexp.search.ladder import Confirm, Rescore, Screen
from dnnexp.search.pruning import PRUNERS_BY_NAME, RUNGS, Rungs, earlier_rungs
from dnnexp.search.records import INTERRUPTED, OVER_BUDGET, next_claim, result_fields
from dnnexp.search.residual import made_trainable
from dnnexp.search.sampling import fixed_sampler, seeded_sampler
from dnnexp.search.schema import LADDER
from dnnexp.search.space import flatten, start, suggest
from dnnexp.search.studies import CLAIM, REASON, RESULT, Studies
from dnnexp.search.sweep import Listeners, Scorers, Sweep

if TYPE_CHECKING:
    from dnnexp.evaluation.configuration import Configuration
    from dnnexp.evaluation.cross_validation import Evaluation
    from dnnexp.training.fit import EpochNews

__all__ = ["Trial", "WithdrawnError"]


class WithdrawnError(Exception):
    """This trial is not needed: others were quicker. It counts as failed."""


class Trial:
    """The objective of one trial; called once, by Optuna, between asking for a number and telling the result."""

    def __init__(
        self,
        sweep: Sweep,
        studies: Studies,
        scorers: Scorers,
        listeners: Listeners,
        interrupts: Interrupts,
        work: Screen | Rescore | Confirm,
        study: optuna.Study,
    ) -> None:
        self.sweep, self.studies, self.scorers, self.listeners = sweep, studies, scorers, listeners
        self.interrupts, self.work, self.study = interrupts, work, study
        self.prune = PRUNERS_BY_NAME[sweep.config.pruner if work.stage == "screen" else "none"]
        self.earlier: list[Rungs] = []  # of the trials that it may be compared with
        self.number: int | None = None  # once it has one
        self.last: tuple[int, float] | None = None  # epoch and score, of the last finite score
        self.rungs: list[tuple[int, float]] = []  # epoch and score
        self.is_pruned = False

    def __call__(self, trial: optuna.Trial) -> float:
        """Return the mean score. Raises TrialPruned where it diverged or was pruned, WithdrawnError over the budget."""
        self.number = trial.number
        try:
            self.study.sampler = self.claim(trial)
            suggested = suggest(trial, self.work.depth, self.sweep.base, self.sweep.config.space)
            configuration = made_trainable(suggested, self.sweep.config.space)
            with self.interrupts.allowed():
                evaluation = self.score(trial, configuration)
        except KeyboardInterrupt:
            trial.set_user_attr(REASON, INTERRUPTED)
            raise
        except WithdrawnError:
            trial.set_user_attr(REASON, OVER_BUDGET)
            raise
        except optuna.exceptions.UpdateFinishedTrialError:
            raise
        except Exception as error:
            trial.set_user_attr(REASON, f"{type(error).__name__}: {error}")
            raise
        return self.write(trial, configuration, evaluation)

    def claim(self, trial: optuna.Trial) -> optuna.samplers.BaseSampler:
        """Say which part of the work this trial is, and return the sampler that goes with it."""
        work = self.work
        if not isinstance(work, Screen):
            trial.set_user_attr(CLAIM, work.source.origin)
            before = [r for r in self.studies.read(work.depth, work.stage) if r.number < trial.number]
            if any(r.state != "failed" and r.claim in (None, work.source.origin) for r in before):
                raise WithdrawnError
            return fixed_sampler(work.source.params)
        records = self.studies.read(work.depth, work.stage)
        counted = sum(r.state != "failed" for r in records if r.number < trial.number)
        if counted >= self.sweep.config.trials_per_depth:
            raise WithdrawnError
        self.earlier = earlier_rungs(records, self.sweep.greater_is_better)
        place = next_claim(records, trial.number)
        trial.set_user_attr(CLAIM, place)
        seed = start(self.sweep.base, self.sweep.config.space) if work.depth == LADDER[0] else work.seed
        if place == 0 and seed is not None:
            return fixed_sampler(seed)
        is_alone = not any(r.state == "running" and r.number != trial.number for r in records)
        return seeded_sampler(self.sweep.config.sampler, self.sweep.seed, work.depth, place, is_alone=is_alone)

    def score(self, trial: optuna.Trial, configuration: Configuration) -> Evaluation:
        """Return what the stage's scorer says of the configuration."""

        def on_epoch(news: EpochNews) -> bool:
            if self.listeners.on_epoch is not None:
                self.listeners.on_epoch(self.work.depth, self.work.stage, trial.number, news)
            if not math.isfinite(news.best_metric):
                return False
            self.last = (news.epoch, news.best_metric)
            if news.epoch in RUNGS:
                self.rungs.append(self.last)
                sign = 1 if self.sweep.greater_is_better else -1
                self.is_pruned = self.prune(news.epoch, sign * news.best_metric, self.earlier)
            return self.is_pruned

        if isinstance(self.work, Confirm):
            return self.scorers.confirm(configuration, self.work.source)
        if isinstance(self.work, Rescore):
            assert self.scorers.rescore is not None
            return self.scorers.rescore(configuration, on_epoch)
        return self.scorers.screen(configuration, on_epoch)

    def write(self, trial: optuna.Trial, configuration: Configuration, evaluation: Evaluation) -> float:
        """Store the result and return the value that the sampler learns from, never NaN."""
        judged = evaluation.scores
        if isinstance(self.work, Confirm):  # the first seed's network is the one that is kept; of others some may fail
            judged = evaluation.test_scores
            judged = judged[np.isfinite(judged)] if np.isfinite(judged[:1]).all() else judged[:1]
        is_finite = len(judged) > 0 and bool(np.isfinite(judged).all())
        diverged = evaluation.diverged or ("" if is_finite or self.is_pruned else "a score is not finite")
        is_complete = not diverged and not self.is_pruned
        value = float(np.mean(judged)) if is_complete else None
        fields: dict[str, Any] = result_fields(evaluation, flatten(configuration), value)
        if not is_complete and self.last is not None:  # what the sampler learns from
            trial.report(self.last[1], self.last[0])
        trial.set_user_attr(RESULT, {**fields, "rungs": self.rungs, "diverged": diverged})
        if value is None:
            raise optuna.TrialPruned(diverged or "pruned")
        return value

    def was_taken_away(self) -> bool:
        """Whether others took this worker for dead while it slept, and have failed the trial."""
        records = self.studies.read(self.work.depth, self.work.stage)
        return any(r.number == self.number and r.state == "failed" and not r.reason for r in records)
