from __future__ import annotations

import numpy as np
import pytest

from dnnexp.data.partition import draw_groups, last_in_time
from dnnexp.errors import DataError


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("seed", range(10))
def test_groups_are_whole_and_about_as_many_rows_as_wanted(seed: int) -> None:
    groups = rng(seed).integers(0, 40, 500)
    is_part = draw_groups(groups, None, 100, rng(seed))
    assert not set(groups[is_part]) & set(groups[~is_part])
    assert abs(is_part.sum() - 100) <= 5


def test_classes_keep_about_their_shares() -> None:
    groups = np.repeat(np.arange(100), 5)
    labels = (groups % 10 == 0).astype(int)  # a class of whole groups
    for seed in range(10):
        is_part = draw_groups(groups, labels, 100, rng(seed))
        assert 0.05 <= labels[is_part].mean() <= 0.15


def test_a_class_is_left_outside_where_any_draw_can() -> None:
    groups = np.repeat(np.arange(6), 10)
    labels = np.repeat([0, 0, 0, 0, 1, 1], 10)
    for seed in range(20):
        is_part = draw_groups(groups, labels, 20, rng(seed))
        assert set(labels[~is_part]) == {0, 1}


def test_one_group_is_always_left_on_either_side() -> None:
    groups = np.repeat([0, 1], [95, 5])
    for count in (1, 50, 99):
        assert set(draw_groups(groups, None, count, rng()).tolist()) == {True, False}
    with pytest.raises(DataError, match=r"data\.group: 9 rows must be divided by groups, but all are in one group"):
        draw_groups(np.zeros(9), None, 3, rng())


def test_the_last_rows_in_time_are_taken_wherever_they_stand() -> None:
    order = rng().permutation(50)
    assert sorted(order[last_in_time(order, 10)]) == list(range(40, 50))


def test_equal_times_are_never_divided() -> None:
    order = np.repeat(np.arange(5), [10, 10, 10, 4, 4])
    assert last_in_time(order, 9).sum() == 8
    assert last_in_time(order, 14).sum() == 18
    assert last_in_time(order, 38).sum() == 28
    with pytest.raises(DataError, match=r"data\.time: 7 rows must be divided in time, but all are of one time"):
        last_in_time(np.zeros(7), 2)
