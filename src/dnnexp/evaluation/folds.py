"""Which rows a network trains on, stops by and is scored on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

from dnnexp.errors import DataError
from dnnexp.evaluation.schema import EvaluationConfig
from dnnexp.training.seeds import child

__all__ = ["Fold", "divide", "draw_folds"]

Rows = npt.NDArray[np.intp]


class Fold(NamedTuple):
    """Row numbers, three disjoint sets: stopping on the scored rows would make their score a selected one."""

    train: Rows
    stop: Rows
    score: Rows


def draw_folds(
    development: Rows, labels: npt.NDArray[Any] | None, config: EvaluationConfig, seed: np.random.SeedSequence
) -> list[Fold]:
    """Return the folds of the development rows, the same for every configuration; none for `none`.

    labels: the class of each development row, for shares of classes that are the same in every part; None: no classes.
    """
    if config.kind == "none":
        return []
    pairs = _holdout(development, labels, config, seed) if config.kind == "holdout" else None
    folds = []
    for i, (rest, score) in enumerate(pairs or _cross_validation(development, labels, config, seed)):
        kept = None if labels is None else labels[rest]
        train, stop = divide(np.arange(len(rest)), kept, config.stop_size, child(seed, 1, i))
        folds.append(Fold(development[rest[train]], development[rest[stop]], development[score]))
    return folds


def _holdout(
    development: Rows, labels: npt.NDArray[Any] | None, config: EvaluationConfig, seed: np.random.SeedSequence
) -> list[tuple[Rows, Rows]]:
    return [divide(np.arange(len(development)), labels, config.score_size, child(seed, 0))]


def _cross_validation(
    development: Rows, labels: npt.NDArray[Any] | None, config: EvaluationConfig, seed: np.random.SeedSequence
) -> Iterator[tuple[Rows, Rows]]:
    m = len(development)
    if m < 2 * config.folds:
        raise DataError(f"evaluation.folds: {config.folds} folds need at least {2 * config.folds} rows, got {m}")
    fewest = m if labels is None else int(np.unique(labels, return_counts=True)[1].min())
    kind = KFold if labels is None or fewest < config.folds else StratifiedKFold
    for repeat in range(config.repeats):
        random_state = int(child(seed, 0, repeat).generate_state(1)[0])
        splitter = kind(config.folds, shuffle=True, random_state=random_state)
        yield from splitter.split(np.zeros(m), labels)


def divide(
    rows: Rows, labels: npt.NDArray[Any] | None, share: float, seed: np.random.SeedSequence
) -> tuple[Rows, Rows]:
    """Return (the rest, a share of the rows), by class where every class has rows enough for both."""
    taken = max(1, round(share * len(rows)))
    counts = np.zeros(0) if labels is None else np.unique(labels, return_counts=True)[1]
    can_stratify = len(counts) > 1 and counts.min() >= 2 and len(counts) <= min(taken, len(rows) - taken)
    rest, part = train_test_split(
        rows,
        test_size=taken,
        random_state=int(seed.generate_state(1)[0]),
        stratify=labels if can_stratify else None,
    )
    return np.sort(rest), np.sort(part)
