"""Rows to train on, to stop by and to be scored on never meet."""

from __future__ import annotations

import numpy as np
import pytest

from dnnexp.errors import DataError
from dnnexp.evaluation.folds import draw_folds, most_folds
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
    with pytest.raises(DataError, match=rf"^evaluation\.{key}: need a row left to train on, got 0.999 of {rows} rows;"):
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


@pytest.mark.parametrize("config", [EvaluationConfig(), EvaluationConfig("holdout")])
def test_a_rare_class_does_not_spoil_the_shares_of_the_others(config: EvaluationConfig) -> None:
    labels = np.repeat([0, 1, 2, 3], [74, 72, 3, 1])
    for seed in range(10):
        for fold in draw_folds(DEVELOPMENT, labels, config, np.random.SeedSequence(seed)):
            counts = np.bincount(labels[fold.score - 100], minlength=4)
            assert abs(counts[0] - counts[1]) <= 2
            assert counts[2] <= 1


def test_nine_of_a_class_are_spread_over_ten_folds() -> None:
    labels = np.repeat([0, 1], [141, 9])
    folds = draw_folds(DEVELOPMENT, labels, EvaluationConfig(folds=10), SEED)
    assert sorted(int(labels[fold.score - 100].sum()) for fold in folds) == [0, *[1] * 9]


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
    with pytest.raises(
        DataError, match=r"evaluation\.folds: 5 folds need at least 6 groups, got 5; take evaluation\.folds=4"
    ):
        draw_folds(DEVELOPMENT, LABELS, EvaluationConfig(), SEED, groups=np.arange(150) % 5)


def test_two_folds_of_four_groups_leave_some_to_train_on_and_some_to_stop_by() -> None:
    config = EvaluationConfig(folds=2)
    for seed in range(20):
        groups = np.repeat(np.arange(4), [100, 20, 10, 20])
        for fold in draw_folds(DEVELOPMENT, LABELS, config, np.random.SeedSequence(seed), groups=groups):
            assert all(map(len, fold))
    with pytest.raises(DataError, match="2 folds need at least 4 groups, got 3; take evaluation=holdout"):
        draw_folds(DEVELOPMENT, LABELS, config, SEED, groups=np.arange(150) % 3)


def test_folds_go_forward_in_time_and_the_last_rows_before_stop() -> None:
    folds = draw_folds(DEVELOPMENT, LABELS, EvaluationConfig(folds=4), SEED, order=EVENING)
    assert len(folds) == 4
    for i, fold in enumerate(folds):
        train, stop, score = (np.sort(EVENING[rows - 100]) for rows in fold)
        begin = 30 * (i + 1)
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
    with pytest.raises(DataError, match=r"data\.time: 150 rows must be divided in time, but all are of one time"):
        draw_folds(DEVELOPMENT, None, EvaluationConfig("holdout"), SEED, order=np.zeros(150, int))


SIDES = {
    "time": {"order": EVENING},
    "days": {"order": EVENING // 7},
    "groups": {"groups": GROUPS},
    "few groups": {"groups": np.repeat(np.arange(8), [10, 22, 31, 14, 20, 17, 23, 13])},
}


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("kind", ["holdout", "cross_validation"])
def test_no_repeat_scores_the_same_rows_again(kind: str, side: str) -> None:
    folds = draw_folds(DEVELOPMENT, LABELS, EvaluationConfig(kind, folds=4, repeats=5), SEED, **SIDES[side])
    scored = {fold.score.tobytes() for fold in folds}
    assert len(scored) == len(folds)
    if side in ("time", "groups"):
        assert len(folds) == (5 if kind == "holdout" else 20)
    assert len(folds) > (1 if kind == "holdout" else 4)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("kind", ["holdout", "cross_validation"])
def test_what_is_held_out_before_or_gone_by_is_not_drawn_again(kind: str, side: str) -> None:
    config = EvaluationConfig(kind, folds=4)
    before = draw_folds(DEVELOPMENT, LABELS, config, SEED, **SIDES[side])
    again = draw_folds(DEVELOPMENT, LABELS, config, np.random.SeedSequence(1), **SIDES[side], before=before)
    scored = [fold.score.tobytes() for fold in (*before, *again)]
    if kind == "holdout" or "order" in SIDES[side]:
        assert len(set(scored)) == 2 * len(before)
    assert len(again) == len(before)


@pytest.mark.parametrize("kind", ["holdout", "cross_validation"])
@pytest.mark.parametrize("order", [EVENING, EVENING // 7])
def test_in_every_repeat_what_is_learned_is_earlier_than_what_stops_and_what_is_scored(
    kind: str, order: np.ndarray
) -> None:
    for fold in draw_folds(DEVELOPMENT, None, EvaluationConfig(kind, repeats=7), SEED, order=order):
        train, stop, score = (order[rows - 100] for rows in fold)
        assert train.max() < stop.min()
        assert stop.max() < score.min()
        if kind == "holdout":
            assert len(fold.score) == pytest.approx(30, abs=7)
            assert len(fold.train) + len(fold.stop) >= 30 - 7


def test_no_other_part_to_be_scored_on_is_an_error_with_a_remedy() -> None:
    config = EvaluationConfig("holdout")
    two_days = EVENING // 75
    before = draw_folds(DEVELOPMENT, None, config, SEED, order=two_days)
    with pytest.raises(
        DataError, match=r"search\.rescore: .* its times are too few, or .*score_size=0.2 is too.*\.rescore=0"
    ):
        draw_folds(DEVELOPMENT, None, config, SEED, order=two_days, before=before)


@pytest.mark.parametrize(
    ("sides", "most"),
    [
        ({}, 10),
        ({"groups": np.arange(150) % 6}, 5),
        ({"groups": np.arange(150) % 2}, 2),
        ({"order": EVENING}, 10),
        ({"order": EVENING % 8}, 7),
        ({"order": np.repeat([0, 1, 2, 3], [10, 120, 10, 10])}, 2),
    ],
)
def test_there_are_no_more_folds_than_rows_groups_and_times_allow(sides: dict[str, np.ndarray], most: int) -> None:
    assert most_folds(10, 150, **sides) == most
    assert most_folds(10, 12) == most_folds(10, 12, np.arange(12)) == 6
