"""Rows to train on, to stop by and to be scored on never meet."""

from __future__ import annotations

import numpy as np
import pytest

from dnnexp.errors import DataError
from dnnexp.evaluation.folds import draw_folds
from dnnexp.evaluation.schema import EvaluationConfig

DEVELOPMENT = np.arange(100, 250)
LABELS = np.repeat([0, 1, 2], [90, 45, 15])
SEED = np.random.SeedSequence(0)


@pytest.mark.parametrize("kind", ["holdout", "cross_validation"])
@pytest.mark.parametrize("labels", [LABELS, None])
def test_the_three_parts_of_a_fold_are_disjoint_and_cover_the_development_rows(
    kind: str, labels: np.ndarray | None
) -> None:
    for fold in draw_folds(DEVELOPMENT, labels, EvaluationConfig(kind), SEED):
        np.testing.assert_array_equal(np.sort(np.concatenate(fold)), DEVELOPMENT)


def test_every_development_row_is_scored_once_in_each_repeat() -> None:
    folds = draw_folds(DEVELOPMENT, LABELS, EvaluationConfig(folds=4, repeats=3), SEED)
    assert len(folds) == 12
    for repeat in range(3):
        scored = np.concatenate([fold.score for fold in folds[4 * repeat : 4 * repeat + 4]])
        np.testing.assert_array_equal(np.sort(scored), DEVELOPMENT)
    assert not np.array_equal(folds[0].score, folds[4].score)


def test_classes_keep_their_shares_in_every_part() -> None:
    for fold in draw_folds(DEVELOPMENT, LABELS, EvaluationConfig(), SEED):
        for rows in fold:
            shares = np.bincount(LABELS[rows - 100], minlength=3) / len(rows)
            np.testing.assert_allclose(shares, [0.6, 0.3, 0.1], atol=0.03)


def test_a_class_of_one_row_is_no_obstacle() -> None:
    labels = LABELS.copy()
    labels[0] = 3
    assert len(draw_folds(DEVELOPMENT, labels, EvaluationConfig(), SEED)) == 5
    assert len(draw_folds(DEVELOPMENT, labels, EvaluationConfig("holdout"), SEED)) == 1


def test_the_same_seed_draws_the_same_folds_and_another_seed_others() -> None:
    first, again = (draw_folds(DEVELOPMENT, LABELS, EvaluationConfig(), SEED) for _ in range(2))
    for fold, twin in zip(first, again, strict=True):
        for rows, same in zip(fold, twin, strict=True):
            np.testing.assert_array_equal(rows, same)
    other = draw_folds(DEVELOPMENT, LABELS, EvaluationConfig(), np.random.SeedSequence(1))
    assert not np.array_equal(first[0].score, other[0].score)


def test_holding_nothing_back_draws_no_folds() -> None:
    assert draw_folds(DEVELOPMENT, LABELS, EvaluationConfig("none"), SEED) == []


def test_more_folds_than_rows_allow_are_refused() -> None:
    with pytest.raises(DataError, match=r"evaluation\.folds: 6 folds need at least 12 rows, got 11"):
        draw_folds(np.arange(11), None, EvaluationConfig(folds=6), SEED)
