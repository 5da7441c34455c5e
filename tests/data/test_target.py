from __future__ import annotations

import numpy as np
import pytest

from dnnexp.data.dataset import row_number
from dnnexp.data.target import Target, read_target
from dnnexp.errors import DataError


def read(values: object, task: str | None = None) -> Target:
    array = np.asarray(values)
    names = ["y"] if array.ndim == 1 else [f"y_{i}" for i in range(array.shape[1])]
    return read_target(array, task, names, "made", row_number)


@pytest.mark.parametrize(
    ("values", "task", "classes", "reason"),
    [
        ([True, False] * 5, "binary", ("False", "True"), "2 distinct booleans"),
        ([3, 7] * 5, "binary", ("3", "7"), "2 distinct whole numbers"),
        ([0.0, 1.0] * 5, "binary", ("0", "1"), "2 distinct numbers"),
        (["no", "yes"] * 5, "binary", ("no", "yes"), "2 distinct texts"),
        (["a", "b", "c", "b"] * 5, "multiclass", ("a", "b", "c"), "3 distinct texts"),
        ([10, 9, 100] * 5, "multiclass", ("9", "10", "100"), "3 distinct whole numbers"),
        (list(range(20)) * 2, "multiclass", tuple(map(str, range(20))), "20 distinct whole numbers"),
        (list(range(21)) * 2, "regression", (), "21 distinct whole numbers"),
        (list(range(10)), "regression", (), "10 distinct whole numbers"),
        ([1.0, 2.0, 3.0, 4.0] * 5, "regression", (), "4 distinct numbers"),
        (np.arange(20.0).reshape(10, 2), "regression", (), "2 columns"),
    ],
)
def test_the_task_is_inferred_from_the_values_and_the_reason_is_said(
    values: object, task: str, classes: tuple[str, ...], reason: str
) -> None:
    target = read(values)
    assert (target.task, target.classes) == (task, classes)
    assert f"{task}, because it has {reason} (data.task overrides)" in target.reason


@pytest.mark.parametrize(
    ("values", "task", "reason"),
    [
        (list(range(47)) * 2, "multiclass", "it has 47 distinct whole numbers, the labels of images"),
        (np.arange(47).repeat(2).astype(np.uint8), "multiclass", "it has 47 distinct whole numbers, the labels of"),
        (np.arange(47.0).repeat(2), "regression", "it has 47 distinct numbers"),
        (list(range(47)), "regression", "it has 47 distinct whole numbers (data.task overrides)"),
    ],
)
def test_whole_numbers_of_images_are_classes_where_they_repeat(values: object, task: str, reason: str) -> None:
    target = read_target(np.asarray(values), None, ["label"], "made", row_number, of_images=True)
    assert target.task == task
    assert f"{task}, because {reason}" in target.reason


def test_codes_point_into_the_classes() -> None:
    target = read(["b", "a", "c", "b"] * 3)
    assert [target.classes[code] for code in target.y[:4]] == ["b", "a", "c", "b"]
    assert target.y.dtype == np.int64


def test_quantities_have_one_column_per_target() -> None:
    assert read(np.arange(30) / 7).y.shape == (30, 1)
    assert read(np.ones((30, 3)) * np.arange(30)[:, None]).y.shape == (30, 3)


@pytest.mark.parametrize(
    "values", [np.eye(3, dtype=bool), np.eye(3), np.eye(3, dtype=np.int8), np.eye(3).astype(object)]
)
def test_several_columns_of_0_and_1_are_labels_and_their_shares_are_said(values: np.ndarray) -> None:
    target = read(np.tile(values, (4, 1)))
    assert (target.task, target.classes, target.y.dtype) == ("multilabel", (), np.int64)
    assert target.y.tolist() == np.tile(np.eye(3, dtype=int), (4, 1)).tolist()
    assert "multilabel, because its 3 columns hold 0 and 1 only (data.task overrides)" in target.reason
    assert "y_0 33.3%, y_1 33.3%, y_2 33.3% are 1" in target.reason


def test_columns_of_0_and_1_are_quantities_where_that_is_asked_for() -> None:
    target = read(np.tile(np.eye(2), (6, 1)), "regression")
    assert (target.task, target.y.dtype) == ("regression", np.float64)


@pytest.mark.parametrize(
    ("values", "task"), [([0, 1, 2] * 5, "regression"), ([0, 1] * 5, "multiclass"), ([0.5, 1.5, 2.5] * 5, "multiclass")]
)
def test_data_task_overrides_what_would_be_inferred(values: list[float], task: str) -> None:
    target = read(values, task)
    assert target.task == task
    assert f"{task}, as data.task asks" in target.reason


@pytest.mark.parametrize(
    ("values", "task", "message"),
    [
        (["a"] * 12, None, "target 'y' must vary, but every row has 'a'"),
        ([5] * 12, "regression", "target 'y' must vary, but every row has '5'"),
        ([f"id {i}" for i in range(12)], None, "12 distinct texts in 12 rows, e.g. 'id 0': too many to be classes"),
        ([0, 1, 2] * 4, "binary", "data.task=binary needs 2 distinct values in target 'y', got 3"),
        (["a", "b", "c"] * 4, "regression", "data.task=regression needs numbers in target 'y', got texts, e.g. 'a'"),
        (np.arange(24.0).reshape(12, 2), "binary", "data.task=binary needs one target column, but it has 2 columns"),
        ([[0, 1], [1, 2]] * 6, "multilabel", "needs 0 or 1 in target 'y_1', row 2, got 2"),
        ([[0, 1], [1, 1]] * 6, None, "target 'y_1' must vary, but every row has 1"),
        ([0, 1] * 6, "multilabel", "data.task=multilabel needs several target columns of 0 and 1, got one, 'y'"),
        ([[0, 1], [1, 0]] * 6, "multiclass", "data.task=multiclass needs one target column, but it has 2 columns"),
        ([1.0, float("nan")] * 6, None, "target 'y', row 2: missing"),
        ([1.0, 2.0, float("inf")] * 4, None, "target 'y', row 3: infinite"),
        (np.array(["2020-01-01"] * 12, dtype="datetime64[D]"), None, "target 'y' must hold numbers, booleans or texts"),
    ],
)
def test_a_target_that_cannot_be_learnt_is_refused(values: object, task: str | None, message: str) -> None:
    with pytest.raises(DataError) as caught:
        read(values, task)
    assert message in str(caught.value)


MONEY = [f"{1 + i % 30},{500 + i % 7}" for i in range(210)]


def test_classes_that_look_like_numbers_are_warned_of_and_what_to_write_is_said_where_they_are_refused() -> None:
    target = read(np.array([f"{1 + i % 9},500" for i in range(90)]))
    assert "'1,500' and its like look like numbers: write them" in target.warning
    assert "as in 1234.5" in target.warning
    assert read(np.array(["3.5.1", "b"] * 10)).warning == ""
    for task in ("regression", None):
        with pytest.raises(DataError, match=r"'1,500'.*look like numbers: write them in digits with a point"):
            read(np.array(MONEY), task)
