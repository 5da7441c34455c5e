"""Which rows a network trains on, stops by and is scored on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dnnexp.data.partition import draw_groups, last_in_time
from dnnexp.errors import DataError
from dnnexp.evaluation.schema import EvaluationConfig
from dnnexp.training.seeds import child

__all__ = ["Fold", "draw_folds"]

Rows = npt.NDArray[np.intp]


class Fold(NamedTuple):
    """Row numbers, three disjoint sets: stopping on the scored rows would make their score a selected one."""

    train: Rows
    stop: Rows
    score: Rows


class Sides(NamedTuple):
    """What divides m rows, besides chance: classes to spread evenly, groups to keep whole, ranks in time to go by."""

    labels: npt.NDArray[Any] | None = None  # (m,) codes of classes; None: quantities
    groups: npt.NDArray[Any] | None = None  # (m,) codes
    order: npt.NDArray[Any] | None = None  # (m,) ascending

    def of(self, rows: Rows) -> Sides:
        """Return the same of some of the rows."""
        return Sides(*(None if values is None else values[rows] for values in self))


def draw_folds(
    development: Rows,
    labels: npt.NDArray[Any] | None,
    config: EvaluationConfig,
    seed: np.random.SeedSequence,
    groups: npt.NDArray[Any] | None = None,
    order: npt.NDArray[Any] | None = None,
) -> list[Fold]:
    """Return the folds of the development rows, the same for every configuration; none for `none`.

    labels: the class of each development row, for shares of classes that are the same in every part; None: no classes.
    groups: of each development row; a group is in one part of a fold only. order: ranks in time; a fold then trains on
    the rows before those it is scored on, the last of them to stop by, and repeats draw the same folds again.
    """
    if config.kind == "none":
        return []
    sides = Sides(labels, groups, order)
    m = len(development)
    if config.kind == "holdout":
        pairs: Iterable[tuple[Rows, Rows]] = [
            _divide(sides, m, "score_size", config.score_size, child(seed, 0, repeat))
            for repeat in range(config.repeats)
        ]
    elif order is not None:
        pairs = _forward(order, config)
    else:
        pairs = _cross_validation(sides, m, config, seed)
    folds = []
    for i, (rest, score) in enumerate(pairs):
        train, stop = _divide(
            sides.of(rest), len(rest), "stop_size", config.stop_size, child(seed, 1, i), is_strict=False
        )
        folds.append(Fold(development[rest[train]], development[rest[stop]], development[score]))
    return folds


def _cross_validation(
    sides: Sides, m: int, config: EvaluationConfig, seed: np.random.SeedSequence
) -> Iterator[tuple[Rows, Rows]]:
    from sklearn.model_selection import KFold, StratifiedGroupKFold, StratifiedKFold  # slow to import

    if m < 2 * config.folds:
        raise DataError(f"evaluation.folds: {config.folds} folds need at least {2 * config.folds} rows, got {m}")
    labels, groups = sides.labels, sides.groups
    fewest = m if labels is None else int(np.unique(labels, return_counts=True)[1].min())
    is_stratified = labels is not None and fewest >= config.folds
    if groups is not None:
        count = len(np.unique(groups))
        if count <= config.folds:
            raise DataError(f"evaluation.folds: {config.folds} folds need more groups than that, got {count}")
        kind = (
            StratifiedGroupKFold  # without classes it spreads rows evenly, which GroupKFold does not when it shuffles
        )
    else:
        kind = StratifiedKFold if is_stratified else KFold
    for repeat in range(config.repeats):
        random_state = int(child(seed, 0, repeat).generate_state(1)[0])
        splitter = kind(config.folds, shuffle=True, random_state=random_state)
        yield from splitter.split(np.zeros(m), labels if is_stratified else np.zeros(m, int), groups)


def _forward(order: npt.NDArray[Any], config: EvaluationConfig) -> Iterator[tuple[Rows, Rows]]:
    """Yield (rows before, rows of the next stretch of time) for each of as many stretches as there are folds.

    The rows are cut into folds + 1 stretches of about the same length, equal times never divided.
    """
    rows = np.argsort(order, kind="stable")
    edges = np.flatnonzero(np.diff(order[rows])) + 1  # places where a later time begins
    wanted = np.arange(1, config.folds + 1) * len(rows) / (config.folds + 1)
    cuts = [int(edges[np.abs(edges - place).argmin()]) for place in wanted] if len(edges) else []
    if len(set(cuts)) < config.folds or cuts[0] < 2:
        raise DataError(
            f"evaluation.folds: {config.folds} folds that go forward in time need {config.folds + 1} stretches of it, "
            f"got {len(rows)} rows of {len(edges) + 1} times"
        )
    for _ in range(config.repeats):
        for start, stop in zip(cuts, [*cuts[1:], len(rows)], strict=True):
            yield np.sort(rows[:start]), np.sort(rows[start:stop])


def _divide(
    sides: Sides, m: int, key: str, share: float, seed: np.random.SeedSequence, *, is_strict: bool = True
) -> tuple[Rows, Rows]:
    """Return (the rest, a share of m rows): the last in time, whole groups, or drawn by class where each has enough.

    Rows of one time are divided only where there is no other and is_strict is False. Raises DataError where no row is
    left; key: of the share.
    """
    rows, taken = np.arange(m), max(1, round(share * m))
    if taken >= m:
        raise DataError(
            f"evaluation.{key}: need a share that leaves rows to train on, got {share:g} of {m} rows, "
            f"which is {taken}; lower it, or have more rows"
        )
    if sides.order is not None:
        if is_strict or len(np.unique(sides.order)) > 1:
            is_part = last_in_time(sides.order, taken)
        else:
            is_part = rows >= m - taken
        return rows[~is_part], rows[is_part]
    if sides.groups is not None:
        is_part = draw_groups(sides.groups, sides.labels, taken, np.random.default_rng(seed))
        return rows[~is_part], rows[is_part]
    from sklearn.model_selection import train_test_split  # slow to import, and workers are told their folds

    labels = sides.labels
    counts = np.zeros(0) if labels is None else np.unique(labels, return_counts=True)[1]
    can_stratify = len(counts) > 1 and counts.min() >= 2 and len(counts) <= min(taken, m - taken)
    rest, part = train_test_split(
        rows,
        test_size=taken,
        random_state=int(seed.generate_state(1)[0]),
        stratify=labels if can_stratify else None,
    )
    return np.sort(rest), np.sort(part)
