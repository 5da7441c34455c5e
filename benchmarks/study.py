"""One made-up study through the real ladder, and the truth about everything it says, from 100,000 fresh rows."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from truths import KINDS, draw, made_up

from dnnexp.config import Composer, Config
from dnnexp.data.split import TestSplit
from dnnexp.evaluation.configuration import Configuration
from dnnexp.evaluation.confirmation import confirm
from dnnexp.evaluation.cross_validation import cross_validate
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.refit import refit_length
from dnnexp.evaluation.schema import EvaluationConfig
from dnnexp.evaluation.scoring import score
from dnnexp.evaluation.several_seeds import refit_seeds
from dnnexp.evaluation.stack import make_member, train_stack
from dnnexp.search.answer import short_verdict
from dnnexp.search.ladder import Climb
from dnnexp.search.records import TrialRecord
from dnnexp.search.summary import mean_score
from dnnexp.search.worker import climb_ladder
from dnnexp.study import chosen_config, make_scorers, make_sweep
from dnnexp.training.fit import Length

__all__ = ["Outcome", "run"]

ROWS, FRESH = 500, 100_000
SEEDS = 20  # networks by which the mean over all seeds is known
IN_MEMORY = Path("/dev/shm")  # where Linux keeps files that need no disk
SETTINGS = (  # small and fast; all else is as shipped: two of each depth re-scored, five seeds to confirm
    "data=moons", "tracking=none", "trainer.epochs=30", "trainer.patience=10", "search.trials_per_depth=8",
    "search.max_depth=4", "search.space.lr=[0.01, 0.2]", "search.space.activation=[relu, tanh, silu]",
    "search.space.weight_decay=[1e-5, 0.1]", "search.space.scaling=null",
)  # fmt: skip
WIDTHS = {"sawtooth": "[6, 6]"}  # where width must not do what depth could
USUAL_WIDTHS = "[4, 32]"


class Outcome(NamedTuple):
    """What one study said, each beside what is true of the same networks. Accuracies, as shares of the rows."""

    kind: str
    seed: int
    deepest: int  # depth that was tried
    chosen: int  # depth
    claimed: int  # the first depth that is said to be better than all shallower ones; 0: none
    gain: float  # of depth 2 over depth 1
    gain_low: float
    gain_high: float
    gain_true: float
    screened: float  # the winner of screening, where it won
    screened_true: float
    rescored: float  # the same on fresh folds and seeds
    rescored_true: float
    mean: float  # of the refitted choice over seeds, by the test rows
    mean_low: float
    mean_high: float
    mean_true: float  # over SEEDS seeds
    champion: float  # the network of the first seed
    champion_low: float
    champion_high: float
    champion_true: float
    seconds: float  # of the processor


def run(kind: str, seed: int) -> Outcome:
    """Return what a study of data made with this seed says, and what is true."""
    begun = time.process_time()
    rng = np.random.default_rng([list(KINDS).index(kind), seed])
    X, y = draw(kind, ROWS + FRESH, rng)
    with tempfile.TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as root:
        config = replace(configured(kind), seed=seed, storage=f"sqlite:///{root}/optuna.db")
        protocol = config.protocol(made_up(kind, X[:ROWS], y[:ROWS]))
        sweep = make_sweep(config, protocol)
        climb = climb_ladder(sweep, make_scorers(config, protocol))
        with sweep.studies() as studies:
            records = studies.read_all()
    truth = knowing(protocol, X, y)

    @cache
    def true_of(key: tuple[int, int, int]) -> float:
        return true_score(next(r for r in records if r.key == key), config, truth)

    screened = max((r for r in records if r.stage == "screen" and r.score is not None), key=mean_score)
    rescored = next(r for r in records if (r.stage, r.depth, r.claim) == ("rescore", screened.depth, screened.number))
    first, second = climb.summaries[:2]
    assert first.best is not None
    assert second.best is not None
    assert second.gain is not None
    assert climb.choice is not None
    gain = second.gain
    claims = [summary.depth for summary in climb.summaries if short_verdict(summary).startswith("better")]
    return Outcome(
        kind, seed, climb.summaries[-1].depth, climb.choice.depth, claims[0] if claims else 0,
        gain.estimate, gain.low, gain.high, true_of(second.best.key) - true_of(first.best.key),
        mean_score(screened), true_of(screened.key), mean_score(rescored), true_of(rescored.key),
        *refitted(climb, config, protocol, truth), time.process_time() - begun,
    )  # fmt: skip


@cache
def configured(kind: str) -> Config:
    """Return what the studies of a kind are told."""
    return Composer().compose([*SETTINGS, f"search.space.width={WIDTHS.get(kind, USUAL_WIDTHS)}"])


def knowing(protocol: Protocol, X: npt.NDArray[np.float64], y: npt.NDArray[np.bool_]) -> Protocol:
    """Return the same protocol with the fresh rows for its test rows: the same networks are trained, and known well."""
    whole = Protocol(made_up(protocol.dataset.name, X, y), 0.5, EvaluationConfig("none"), 0)
    whole.seed, whole.folds, whole.metrics = protocol.seed, protocol.folds, {protocol.metric_name: protocol.metric}
    whole.rescoring = protocol.rescoring
    whole.split = TestSplit(protocol.split.development, np.arange(ROWS, len(X)), "")
    return whole


def true_score(record: TrialRecord, config: Config, truth: Protocol) -> float:
    """Return the mean score on the fresh rows of the very networks that a screened or rescored trial is of."""
    stage = truth.rescoring if record.stage == "rescore" else truth.screening
    evaluation = cross_validate(chosen_config(config, record).configuration, truth, stage=stage)
    assert evaluation.scores.tolist() == list(record.scores), "other networks were trained than those of the study"
    return float(evaluation.test_scores.mean())


def refitted(climb: Climb, config: Config, protocol: Protocol, truth: Protocol) -> Sequence[float]:
    """Return estimate, low, high and truth of the mean over seeds, and of the champion."""
    choice = climb.screened
    assert choice is not None
    configuration = chosen_config(config, choice).configuration
    rows = len(protocol.split.development)
    length = refit_length(choice.best_steps, choice.schedule_steps, config.trainer, rows)
    several = refit_seeds(configuration, protocol, length, config.search.confirm_seeds, choice.threshold)
    said = confirm(several.predictions, several.targets, protocol.metric, np.random.default_rng(config.seed))
    true = true_scores(configuration, truth, length)
    return (*said.mean[:3], float(true.mean()), *said.first[:3], float(true[0]))


def true_scores(configuration: Configuration, truth: Protocol, length: Length) -> npt.NDArray[np.float64]:
    """Return the score on the fresh rows (SEEDS,) of networks trained on all development rows; the first are those."""
    rows = truth.split.development
    prepared = truth.prepare(configuration.preprocessing, [rows], configuration.trainer.precision)
    members = [make_member(configuration, rows, rows[:0], truth.refit_seed(s)) for s in range(SEEDS)]
    architecture, fits, _ = train_stack(configuration, truth, prepared, members, length)
    fresh, dataset = [truth.split.test], truth.dataset
    scores = [score(fit.theta[None], architecture, prepared, dataset, fresh, truth.metrics) for fit in fits]
    return np.concatenate([by_metric[truth.metric_name] for by_metric in scores])
