"""Folds made of whole groups, drawn at random however unequal the groups are.

scikit-learn's StratifiedGroupKFold places groups in the order in which they are uneven in their classes, so that
groups of different sizes have the same folds whatever the seed: drawn again, they would not be other folds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["group_folds"]

Rows = npt.NDArray[np.intp]


def group_folds(
    groups: npt.NDArray[Any], labels: npt.NDArray[Any] | None, folds: int, rng: np.random.Generator
) -> Iterator[tuple[Rows, Rows]]:
    """Yield (the rest, the rows to be scored on) of each fold: a group at least, and two outside, to divide again.

    There are more groups than folds, and four at least.
    groups (rows,): codes; labels (rows,): codes of classes whose shares all folds should have, None for quantities.
    Groups come in a random order, large ones rather early; each goes where the squared shares of the classes, summed
    over the folds, grow the least, that is, to the fold that has the fewest of such rows.
    """
    codes = np.unique(groups, return_inverse=True)[1]
    classes = np.zeros(len(codes), np.intp) if labels is None else np.unique(labels, return_inverse=True)[1]
    tallies = np.zeros((codes.max() + 1, classes.max() + 1))
    np.add.at(tallies, (codes, classes), 1)
    total = tallies.sum(axis=0)
    held, fold_of = np.zeros((folds, len(total))), np.zeros(len(tallies), np.intp)
    lacking = np.full(folds, 2 if folds == 2 else 1)  # groups that each fold still has to get
    order = np.argsort(rng.exponential(size=len(tallies)) / tallies.sum(axis=1))
    for left, group in zip(range(len(order), 0, -1), order, strict=True):
        growth = held @ (tallies[group] / total**2)
        if left <= lacking.sum():
            growth[lacking == 0] = np.inf
        fold = np.lexsort((held.sum(axis=1), growth))[0]
        lacking[fold] = max(0, lacking[fold] - 1)
        fold_of[group] = fold
        held[fold] += tallies[group]
    for fold in range(folds):
        is_scored = fold_of[codes] == fold
        yield np.flatnonzero(~is_scored), np.flatnonzero(is_scored)
