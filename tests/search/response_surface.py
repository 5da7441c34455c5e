"""A made-up world to search in: what a configuration scores on five folds, known exactly, in no time.

Run as a script it is one worker: `response_surface.py URL TRIALS SECONDS GRACE [STUDY]`.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from dnnexp.evaluation.configuration import Configuration
from dnnexp.network.optimizers import OptimizerConfig
from dnnexp.search.records import TrialRecord
from dnnexp.search.schema import SearchConfig, SpaceConfig
from dnnexp.search.studies import Studies, study_name
from dnnexp.search.sweep import Listeners, Scorers, Sweep
from dnnexp.search.worker import climb_ladder

FOLD_EFFECTS = np.array([0.02, -0.01, 0.0, -0.03, 0.02])  # shared by all configurations: folds differ in difficulty
NOISE = 0.004
EPOCHS = 6


class News(NamedTuple):
    epoch: int
    best_metric: float


class Scored(NamedTuple):
    """The fields of an Evaluation that the search reads."""

    scores: Any
    test_scores: Any
    metric: str = "accuracy"
    greater_is_better: bool = True
    metrics: dict[str, float] = {}  # noqa: RUF012
    curves: dict[str, Any] = {}  # noqa: RUF012
    best_steps: Any = np.arange(5)
    schedule_steps: int = 100
    epochs: int = EPOCHS
    n_train: float = 80.0
    n_score: float = 20.0
    parameters: int = 0
    threshold: tuple[float, ...] = ()
    diverged: str = ""
    learned: float = 1.0
    seconds: float = 0.25


def truth(configuration: Configuration, kind: str) -> float:
    """The expected score: best at lr 1e-2 / sqrt(depth) and weight decay 1e-3, and what depth is worth by kind."""
    depth = len(configuration.model.hidden)
    off_lr = math.log10(configuration.optimizer.lr * math.sqrt(depth) / 1e-2)
    off_decay = math.log10(configuration.optimizer.weight_decay / 1e-3)
    worth = {"deep": 0.05 * min(depth, 4), "untrainable": 0.05 * depth}.get(kind, 0.0)
    return 0.7 + worth - 0.05 * off_lr**2 - 0.01 * off_decay**2


def scorer(kind: str, seconds: float = 0.0) -> Callable[..., Scored]:
    def screen(configuration: Configuration, on_epoch: Any = None) -> Scored:
        widths = [units for units, _ in configuration.model.hidden]
        entropy = [len(widths), *widths, round(1e9 * configuration.optimizer.lr)]
        rng = np.random.default_rng(entropy)
        mean = truth(configuration, kind)
        scores = mean + FOLD_EFFECTS + rng.normal(0, NOISE, 5)
        parameters = sum(a * (b + 1) for a, b in zip([8, *widths], [*widths, 2], strict=True))
        diverges = {"diverging": configuration.optimizer.lr > 1e-2, "untrainable": len(widths) >= 3}.get(kind, False)
        for epoch in range(1, EPOCHS + 1):
            time.sleep(seconds / EPOCHS)
            if diverges and epoch == 3:
                gone = np.full(5, np.nan)
                return Scored(gone, gone, parameters=parameters, diverged="epoch 3, layer 1: the loss is nan", epochs=3)
            if on_epoch is not None and on_epoch(News(epoch, mean * (1 - 0.5**epoch))):
                return Scored(scores, scores, parameters=parameters, epochs=epoch)
        metrics = {"score/accuracy": float(scores.mean()), "test/accuracy": float(scores.mean()) - 0.01}
        curves = {"train/loss": np.linspace(1, 0.1, EPOCHS), "val/loss": np.array([1.0, np.nan, 0.5])}
        return Scored(scores, scores - 0.01, metrics=metrics, curves=curves, parameters=parameters)

    return screen


def scorers(kind: str, seconds: float = 0.0) -> Scorers:
    screen = scorer(kind, seconds)

    def confirm(configuration: Configuration, source: TrialRecord) -> Scored:
        return screen(configuration)._replace(scores=np.zeros(0), test_scores=np.array([0.9, 0.92]))

    def rescore(configuration: Configuration, on_epoch: Any = None) -> Scored:
        fresh = np.random.default_rng(17).normal(0, NOISE, 20) + np.tile(FOLD_EFFECTS, 4)
        return screen(configuration)._replace(scores=truth(configuration, kind) + fresh, n_train=90.0, n_score=10.0)

    return Scorers(screen, confirm, rescore)  # type: ignore[arg-type]


def sweep(url: str, name: str = "study", trials: int = 4, **changes: Any) -> Sweep:
    """A sweep with short heartbeats; changes go to the search config, or to the sweep for seed and fingerprint."""
    told = {key: changes.pop(key) for key in ("seed", "fingerprint", "grace") if key in changes}
    space = SpaceConfig(width=[4, 64], weight_decay=[1e-5, 1e-1])  # the best is in the middle
    settings = {"max_depth": 4, "patience": 1, "rescore": 0, "space": space} | changes
    config = SearchConfig(trials_per_depth=trials, **settings)
    told = {"seed": 0, "fingerprint": {"data": "made up", "seed": told.get("seed", 0)}} | told
    base = Configuration(optimizer=OptimizerConfig(lr=1e-2, weight_decay=1e-3))  # where the search starts: the best
    return Sweep(name, url, config, base, heartbeat=1, **({"grace": 2} | told))


def begin(studies: Studies, depth: int, stage: str = "screen") -> int:
    """A trial that has a number and nothing more, as a worker leaves it that dies at once; return its id."""
    studies.open(depth, stage)
    study_id = studies.storage.get_study_id_from_name(study_name(studies.name, depth, stage))
    return studies.storage.create_new_trial(study_id)


def work(url: str, trials: int, seconds: float, grace: int, name: str = "study") -> None:
    """One worker on depths 1 and 2, as a target for processes; a trial takes that many seconds."""
    climb_ladder(sweep(url, name, trials=trials, max_depth=2, grace=grace), scorers("linear", seconds))


def work_and_tell(url: str, trials: int, seconds: float, grace: int, tell: Callable[[TrialRecord], None]) -> None:
    """The same, for processes that are listened to."""
    told = sweep(url, "study", trials=trials, max_depth=2, grace=grace)
    climb_ladder(told, scorers("linear", seconds), Listeners(on_trial=tell))


if __name__ == "__main__":
    work(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]), *sys.argv[5:])
