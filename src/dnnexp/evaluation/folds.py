"""Which rows a network trains on, stops by and is scored on."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from itertools import count, islice, pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dnnexp.data.partition import DRAWS, draw_groups, last_in_time
from dnnexp.errors import DataError
from dnnexp.evaluation.group_folds import group_folds
from dnnexp.evaluation.places import DIVIDED, STOPPED
from dnnexp.evaluation.schema import EvaluationConfig
from dnnexp.training.seeds import child

__all__ = ["Fold", "draw_folds", "draw_share", "most_folds"]

TRIES = 16  # draws for each repeat that is asked for, until it scores rows that none before has
FEW_DRAWS = 4  # of groups, for a repeat: the best of many would be the same part again
GOLDEN = (5**0.5 - 1) / 2

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
    before: Sequence[Fold] = (),
) -> list[Fold]:
    """Return the folds of the development rows, the same for every configuration; none for `none`.

    labels: the class of each development row, for shares of classes that are the same in every part; None: no classes.
    groups: of each development row; a group is in one part of a fold only. order: ranks in time; a fold then trains on
    the rows before those it is scored on, the last of them to stop by, and every repeat cuts time elsewhere. Where
    groups or times are few, repeats that would score the same rows once more are left out.
    before: folds that are not to be drawn again, where rows are held out or time is gone by.
    """
    if config.kind == "none":
        return []
    sides = Sides(labels, groups, order)
    is_partition = config.kind == "cross_validation" and order is None
    scored = set() if is_partition else {fold.score.tobytes() for fold in before}
    folds: list[Fold] = []
    repeats = 0
    for pairs in islice(_drawn(sides, len(development), config, seed), TRIES * config.repeats):
        drawn = len(folds)
        for rest, score in pairs:
            rows = development[score]
            if rows.tobytes() in scored and not (is_partition and groups is None):
                continue
            scored.add(rows.tobytes())
            own, key = child(seed, STOPPED, len(folds)), "evaluation.stop_size"
            train, stop = _divide(sides.of(rest), len(rest), config.stop_size, own, key)
            folds.append(Fold(development[rest[train]], development[rest[stop]], rows))
        repeats += len(folds) > drawn
        if repeats == config.repeats:
            break
    if not folds:
        few = "groups" if order is None else "times"
        size = f", or evaluation.score_size={config.score_size:g} is too large" if config.kind == "holdout" else ""
        raise DataError(
            "search.rescore: the best cannot be scored again on other parts of the data than those that picked them: "
            f"its {few} are too few{size}; take search.rescore=0"
        )
    return folds


def draw_share(
    m: int, labels: npt.NDArray[Any] | None, share: float, seed: np.random.SeedSequence, key: str
) -> tuple[Rows, Rows]:
    """Return (the rest, a share of m rows), drawn by class where there are labels (m,) and each has enough.

    Raises DataError that begins with `key` where the share is all of the rows.
    """
    return _divide(Sides(labels), m, share, seed, key)


def most_folds(
    wanted: int, m: int, groups: npt.NDArray[Any] | None = None, order: npt.NDArray[Any] | None = None
) -> int:
    """Return how many folds of m development rows can be drawn, at most `wanted`, at least 2."""
    most = min(wanted, m // 2, m if groups is None else len(np.unique(groups)) - 1)
    if order is not None:
        edges = _edges(order)
        while most > 2 and not _stretches(edges, most, 0.0):
            most -= 1
    return max(2, most)


def _drawn(
    sides: Sides, m: int, config: EvaluationConfig, seed: np.random.SeedSequence
) -> Iterator[Iterable[tuple[Rows, Rows]]]:
    """Yield, for each repeat without end, the pairs (rows to learn from, rows to be scored on)."""
    if sides.order is not None:
        yield from _forward(sides.order, config)
    for repeat in count():
        if config.kind == "holdout":
            draws = FEW_DRAWS if repeat else DRAWS
            yield [_divide(sides, m, config.score_size, child(seed, DIVIDED, repeat), "evaluation.score_size", draws)]
        else:
            yield _partition(sides, m, config.folds, child(seed, DIVIDED, repeat))


def _partition(sides: Sides, m: int, folds: int, seed: np.random.SeedSequence) -> Iterator[tuple[Rows, Rows]]:
    if m < 2 * folds:
        raise DataError(f"evaluation.folds: {folds} folds need at least {2 * folds} rows, got {m}")
    labels, groups = sides.labels, sides.groups
    if groups is not None:
        had, needed = len(np.unique(groups)), max(4, folds + 1)  # some to train on and some to stop by
        if had < needed:
            fewer = "evaluation=holdout" if had < 4 else f"evaluation.folds={had - 1}"
            raise DataError(f"evaluation.folds: {folds} folds need at least {needed} groups, got {had}; take {fewer}")
        yield from group_folds(groups, labels, folds, np.random.default_rng(seed))
        return
    from sklearn.model_selection import KFold, StratifiedKFold  # slow to import

    is_stratified = labels is not None and int(np.unique(labels, return_counts=True)[1].max()) >= folds
    kind = StratifiedKFold if is_stratified else KFold
    splitter = kind(folds, shuffle=True, random_state=int(seed.generate_state(1)[0]))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)  # it is in as many folds as it can
        pairs = list(splitter.split(np.zeros(m), labels if is_stratified else np.zeros(m, int)))
    yield from pairs


def _forward(order: npt.NDArray[Any], config: EvaluationConfig) -> Iterator[list[tuple[Rows, Rows]]]:
    """Yield, for each repeat without end, pairs (rows before, rows of a stretch of time), equal times never divided.

    Cross-validation cuts the rows into folds + 1 stretches of about the same length, the first only to learn from; in
    other repeats that one is up to twice as long. A holdout scores the last stretch, in other repeats earlier ones,
    before which there are as many rows at least. How far a repeat is moved goes by the golden ratio: any number of
    them is spread evenly, none is moved like another, and the first is not moved.
    """
    rows, edges = np.argsort(order, kind="stable"), _edges(order)
    if not len(edges):
        raise DataError(f"data.time: {len(rows):,} rows must be divided in time, but all are of one time")
    if config.kind == "cross_validation" and not _stretches(edges, config.folds, 0.0):
        raise DataError(
            f"evaluation.folds: {config.folds} folds that go forward in time need {config.folds + 1} stretches of it, "
            f"got {len(rows)} rows of {len(edges)} times; take fewer folds, or evaluation=holdout"
        )
    for repeat in count():
        moved = repeat * GOLDEN % 1
        if config.kind == "cross_validation":
            stretches = _stretches(edges, config.folds, moved)
        else:
            stretches = _held_out(edges, _count(config.score_size, len(rows), "evaluation.score_size"), moved)
        yield [(np.sort(rows[:start]), np.sort(rows[start:stop])) for start, stop in stretches]


def _edges(order: npt.NDArray[Any]) -> Rows:
    """Return how many rows are of the first time, of the first two, …, of all of them; nothing of a single time."""
    sizes = np.unique(order, return_counts=True)[1]
    return np.cumsum(sizes) if len(sizes) > 1 else np.zeros(0, np.intp)


def _stretches(edges: Rows, folds: int, moved: float) -> list[tuple[int, int]]:
    """Return (start, stop) of as many stretches of time as there are folds; [] where the times do not allow them.

    moved: in [0, 1), how many stretches more come before the first that is scored.
    """
    if not len(edges):
        return []
    m = int(edges[-1])
    first = (1 + moved) * m / (folds + 1)
    wanted = first + np.arange(folds) * (m - first) / folds
    cuts = [*(_nearest(edges[:-1], place) for place in wanted), m]
    if len(set(cuts)) <= folds or cuts[0] < 2:
        return []
    return list(pairwise(cuts))


def _held_out(edges: Rows, length: int, moved: float) -> list[tuple[int, int]]:
    """Return (start, stop) of one stretch of about `length` rows; [] where no rows are left before it.

    moved: in [0, 1), how much of the way back to where but as many rows come before.
    """
    m = int(edges[-1])
    stop = _nearest(edges, m - moved * max(0, m - 2 * length))
    starts = edges[edges < stop]
    return [(_nearest(starts, stop - length), stop)] if len(starts) else []


def _nearest(edges: Rows, place: float) -> int:
    return int(edges[np.abs(edges - place).argmin()])


def _with_singles_put(labels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the labels, those of classes of one row replaced by the most common: one row is in one part only."""
    classes, place, counts = np.unique(labels, return_inverse=True, return_counts=True)
    return classes[np.where(counts < 2, counts.argmax(), np.arange(len(classes)))][place.reshape(-1)]


def _count(share: float, m: int, key: str) -> int:
    """Return how many rows are that share of m. Raises DataError that begins with `key` where it is all of them."""
    count = max(1, round(share * m))
    if count >= m:
        plural = "s" * (m != 1)
        raise DataError(
            f"{key}: need a row left to train on, got {share:g} of {m:,} row{plural}; lower it, or add rows"
        )
    return count


def _divide(
    sides: Sides, m: int, share: float, seed: np.random.SeedSequence, key: str, draws: int = DRAWS
) -> tuple[Rows, Rows]:
    """Return (the rest, a share of m rows): the last in time, whole groups, or drawn by class where not too many.

    Rows of one time are divided only where there is no other. draws: of groups, the best of which is taken.
    """
    rows, taken = np.arange(m), _count(share, m, key)
    if sides.order is not None:
        is_part = last_in_time(sides.order, taken) if len(np.unique(sides.order)) > 1 else rows >= m - taken
        return rows[~is_part], rows[is_part]
    if sides.groups is not None:
        is_part = draw_groups(sides.groups, sides.labels, taken, np.random.default_rng(seed), draws)
        return rows[~is_part], rows[is_part]
    from sklearn.model_selection import train_test_split  # slow to import, and workers are told their folds

    labels = None if sides.labels is None else _with_singles_put(sides.labels)
    classes = 0 if labels is None else len(np.unique(labels))
    can_stratify = 1 < classes <= min(taken, m - taken)
    rest, part = train_test_split(
        rows,
        test_size=taken,
        random_state=int(seed.generate_state(1)[0]),
        stratify=labels if can_stratify else None,
    )
    return np.sort(rest), np.sort(part)
