"""Folds of whole groups: each group in one fold, classes and rows spread, other seeds other folds."""

from __future__ import annotations

import numpy as np
import pytest

from dnnexp.evaluation.group_folds import group_folds

RNG = np.random.default_rng(0)
GROUPS = np.repeat(np.arange(40), RNG.permutation(np.arange(3, 43)))
LABELS = (RNG.random(len(GROUPS)) < 0.2).astype(int)


def drawn(labels: np.ndarray | None, seed: int, folds: int = 5, groups: np.ndarray = GROUPS) -> list[np.ndarray]:
    pairs = list(group_folds(groups, labels, folds, np.random.default_rng(seed)))
    for rest, score in pairs:
        assert sorted([*rest, *score]) == list(range(len(groups)))
        assert not set(groups[rest]) & set(groups[score])
    return [score for _, score in pairs]


@pytest.mark.parametrize("labels", [LABELS, None])
def test_every_group_is_scored_once_and_rows_and_classes_are_spread(labels: np.ndarray | None) -> None:
    for seed in range(20):
        parts = drawn(labels, seed)
        assert sorted(np.concatenate(parts)) == list(range(len(GROUPS)))
        for part in parts:
            assert len(part) == pytest.approx(len(GROUPS) / 5, rel=0.25)
            if labels is not None:
                assert LABELS[part].mean() == pytest.approx(LABELS.mean(), abs=0.07)


def test_groups_of_different_sizes_have_other_folds_with_another_seed() -> None:
    seen = {part.tobytes() for seed in range(20) for part in drawn(LABELS, seed)}
    assert len(seen) == 100
    assert [part.tobytes() for part in drawn(LABELS, 3)] == [part.tobytes() for part in drawn(LABELS, 3)]


@pytest.mark.parametrize("count", [3, 5, 9])
def test_no_fold_is_without_a_group(count: int) -> None:
    for seed in range(50):
        sizes = np.random.default_rng(seed).integers(1, 60, count)
        groups = np.repeat(np.arange(count), sizes)
        labels = np.random.default_rng(seed).integers(0, 3, len(groups))
        assert all(len(part) for part in drawn(labels, seed, count - 1, groups))
