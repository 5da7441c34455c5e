from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from dnnexp.data.dataset import Dataset, assemble
from dnnexp.data.schema import DataConfig
from dnnexp.data.sources import load
from dnnexp.data.split import lock_test
from dnnexp.errors import DataError


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("sizes", [(50, 50), (90, 10), (33, 33, 34), (97, 2, 1), (12, 1, 1)])
@pytest.mark.parametrize("test_size", [0.01, 0.2, 0.5, 0.9])
def test_the_split_is_disjoint_complete_and_keeps_every_class_for_development(
    classified: Callable[..., Dataset], sizes: tuple[int, ...], test_size: float
) -> None:
    dataset = classified(*sizes)
    split = lock_test(dataset, test_size, rng())
    assert sorted([*split.development, *split.test]) == list(range(sum(sizes)))
    assert len(split.test) == max(min(round(test_size * sum(sizes)), sum(sizes) - len(sizes)), 1)
    assert set(dataset.y[split.development]) == set(range(len(sizes)))


def test_each_class_has_its_share_to_the_nearest_row(classified: Callable[..., Dataset]) -> None:
    dataset = classified(601, 299, 100)
    for seed in range(20):
        counts = np.bincount(dataset.y[lock_test(dataset, 0.2, rng(seed)).test])
        np.testing.assert_array_less(np.abs(counts - [120.2, 59.8, 20]), 1)


def test_the_same_generator_gives_the_same_split_and_another_gives_another(classified: Callable[..., Dataset]) -> None:
    dataset = classified(60, 40)
    first, again, other = (lock_test(dataset, 0.2, rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.test, again.test)
    assert first.sha256 == again.sha256 != other.sha256


def test_the_hash_tells_other_data_with_the_same_rows_apart(classified: Callable[..., Dataset]) -> None:
    a, b = lock_test(classified(50, 50), 0.2, rng()), lock_test(classified(50, 49, 1), 0.2, rng())
    assert a.sha256 != b.sha256


def test_rows_are_drawn_evenly(classified: Callable[..., Dataset]) -> None:
    dataset = classified(10, 10)
    drawn = np.bincount(np.concatenate([lock_test(dataset, 0.2, rng(seed)).test for seed in range(2000)]), minlength=20)
    assert np.abs(drawn / 2000 - 0.2).max() < 5 * np.sqrt(0.2 * 0.8 / 2000)


def test_official_test_rows_are_used_as_they_are(classified: Callable[..., Dataset]) -> None:
    split = lock_test(classified(10, 10, test_rows=np.array([19, 3, 4])), 0.5, rng())
    assert split.test.tolist() == [3, 4, 19]
    assert len(split.development) == 17


def test_a_regression_is_split_at_random() -> None:
    dataset = load(DataConfig(name="sawtooth", examples=100))
    split = lock_test(dataset, 0.2, rng())
    assert len(split.test) == 20
    assert (np.diff(split.test) > 0).all()
    assert split.test.tolist() != list(range(80, 100))


def test_development_rows_of_one_class_are_refused(classified: Callable[..., Dataset]) -> None:
    with pytest.raises(DataError, match="the rows left for training hold one class only, 'class 0'"):
        lock_test(classified(10, 5, test_rows=np.arange(10, 15)), 0.2, rng())


def test_test_rows_that_are_all_rows_are_refused() -> None:
    x = np.arange(12.0)
    dataset = assemble("made", x[:, None], ["x"], x, ["y"], origin="made", test_rows=np.arange(12))
    with pytest.raises(DataError, match="need a test row and two others, got 12 of 12 rows for the test"):
        lock_test(dataset, 0.2, rng())


def divided(**sides: np.ndarray | None) -> Dataset:
    x = np.arange(100.0)
    return assemble("made", x[:, None], ["x"], x % 2, ["y"], origin="made", **sides)


def test_the_last_rows_in_time_are_the_test() -> None:
    order = rng().permutation(100)
    split = lock_test(divided(order=order), 0.2, rng(1))
    assert sorted(order[split.test]) == list(range(80, 100))


def test_no_group_is_on_both_sides_of_the_test() -> None:
    groups = np.arange(100) // 4
    tests = set()
    for seed in range(5):
        split = lock_test(divided(groups=groups), 0.2, rng(seed))
        assert not set(groups[split.test]) & set(groups[split.development])
        assert len(split.test) == 20
        tests.add(tuple(split.test))
    assert len(tests) == 5


def test_an_official_test_that_divides_a_group_is_refused() -> None:
    groups = np.arange(100) // 4
    assert len(lock_test(divided(groups=groups, test_rows=np.arange(80, 100)), 0.2, rng()).test) == 20
    with pytest.raises(DataError, match="the official test splits a group of data.group: row 83 of the data"):
        lock_test(divided(groups=groups, test_rows=np.arange(82, 100)), 0.2, rng())
