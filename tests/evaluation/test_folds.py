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


@pytest.mark.parametrize(("key", "rows"), [("score_size", 150), ("stop_size", 120)])
@pytest.mark.parametrize("order", [None, np.arange(150)])
def test_a_share_that_leaves_no_row_to_train_on_is_refused(key: str, rows: int, order: np.ndarray | None) -> None:
    config = EvaluationConfig("holdout", **{key: 0.999})
    with pytest.raises(
        DataError, match=rf"evaluation\.{key}: need a share .* got 0.999 of {rows} rows, which is {rows}"
    ):
        draw_folds(DEVELOPMENT, None, config, SEED, order=order)


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


GROUPS = np.arange(150) // 5 + 7
EVENING = np.random.default_rng(3).permutation(150)


@pytest.mark.parametrize("kind", ["holdout", "cross_validation"])
@pytest.mark.parametrize("labels", [LABELS, None])
def test_a_group_is_in_one_part_of_a_fold_only(kind: str, labels: np.ndarray | None) -> None:
    folds = draw_folds(DEVELOPMENT, labels, EvaluationConfig(kind, repeats=2), SEED, groups=GROUPS)
    for fold in folds:
        np.testing.assert_array_equal(np.sort(np.concatenate(fold)), DEVELOPMENT)
        parts = [set(GROUPS[rows - 100]) for rows in fold]
        assert sum(map(len, parts)) == 30
        assert all(parts)
        assert abs(len(fold.score) - 30) <= 10
        assert abs(len(fold.stop) - 18) <= 10
    if kind == "cross_validation":
        assert not np.array_equal(folds[0].score, folds[5].score)


def test_as_many_folds_as_groups_leave_none_to_stop_by_and_are_refused() -> None:
    with pytest.raises(DataError, match=r"evaluation\.folds: 5 folds need more groups than that, got 5"):
        draw_folds(DEVELOPMENT, LABELS, EvaluationConfig(), SEED, groups=np.arange(150) % 5)


def test_folds_go_forward_in_time_and_the_last_rows_before_stop() -> None:
    folds = draw_folds(DEVELOPMENT, LABELS, EvaluationConfig(folds=4, repeats=2), SEED, order=EVENING)
    assert len(folds) == 8
    for i, fold in enumerate(folds):
        train, stop, score = (np.sort(EVENING[rows - 100]) for rows in fold)
        begin = 30 * (i % 4 + 1)
        assert score.tolist() == list(range(begin, begin + 30))
        assert np.concatenate([train, stop]).tolist() == list(range(begin))
        assert len(stop) == round(0.15 * begin)


def test_held_out_rows_are_the_last_in_time() -> None:
    (fold,) = draw_folds(DEVELOPMENT, None, EvaluationConfig("holdout"), SEED, order=EVENING)
    train, stop, score = (np.sort(EVENING[rows - 100]) for rows in fold)
    assert np.concatenate([train, stop, score]).tolist() == list(range(150))
    assert (len(stop), len(score)) == (18, 30)


def test_rows_of_one_time_are_scored_together() -> None:
    days = EVENING // 7
    for fold in draw_folds(DEVELOPMENT, None, EvaluationConfig(), SEED, order=days):
        before = np.concatenate([fold.train, fold.stop])
        assert days[before - 100].max() < days[fold.score - 100].min()


def test_fewer_times_than_folds_need_are_refused() -> None:
    with pytest.raises(DataError, match=r"5 folds that go forward in time need 6 stretches of it, got 150 rows of 3"):
        draw_folds(DEVELOPMENT, None, EvaluationConfig(), SEED, order=EVENING % 3)
