from __future__ import annotations

import json

import numpy as np
import pytest

from dnnexp.data.target_code import TargetCode
from dnnexp.errors import DataError


def through_json(state: dict[str, object]) -> dict[str, object]:
    restored: dict[str, object] = json.loads(json.dumps(state, allow_nan=False))
    return restored


def test_a_binary_target_is_one_column_of_zeros_and_ones() -> None:
    code = TargetCode.fit("binary", ("no", "yes"), np.array([0, 1, 1]))
    assert code.outputs == 1
    assert code.encode(np.array([0, 1, 1])).tolist() == [[0.0], [1.0], [1.0]]
    assert code.decode(np.array([[0.2], [0.5], [0.51]])).tolist() == ["no", "no", "yes"]
    assert code.codes(np.array([[0.2], [0.5], [0.51]])).tolist() == [0, 0, 1]


def test_a_multiclass_target_is_one_hot_over_all_classes_also_those_not_seen() -> None:
    code = TargetCode.fit("multiclass", ("a", "b", "c"), np.array([0, 1]))
    assert code.outputs == 3
    assert code.encode(np.array([2, 0])).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert code.decode(np.array([[0.1, 0.2, 0.7], [0.4, 0.4, 0.2]])).tolist() == ["c", "a"]


def test_labels_are_a_column_each_and_each_is_decided_for_itself() -> None:
    y = np.array([[0, 1, 1], [1, 0, 1]])
    code = TargetCode.fit("multilabel", (), y)
    assert code.outputs == 3
    assert code.encode(y).tolist() == y.tolist()
    A = np.array([[0.2, 0.5, 0.6], [0.9, 0.1, 0.51]])
    assert code.decode(A).tolist() == [[0, 0, 1], [1, 0, 1]]
    assert code.deciding_at([0.1, 0.45, 0.7]).decode(A).tolist() == [[1, 1, 0], [1, 0, 0]]


def test_another_threshold_moves_the_decision_and_nothing_else() -> None:
    code = TargetCode.fit("binary", ("no", "yes"), np.array([0, 1]))
    assert code.deciding_at([0.3]).decode(np.array([[0.3], [0.31]])).tolist() == ["no", "yes"]
    assert code.deciding_at(()) is code
    assert code.threshold.tolist() == [0.5]


@pytest.mark.parametrize("threshold", [[0.1, 0.2], [1.1], [-0.1], [float("nan")]])
def test_a_threshold_that_cannot_be_is_refused(threshold: list[float]) -> None:
    code = TargetCode.fit("binary", ("no", "yes"), np.array([0, 1]))
    with pytest.raises(DataError, match="threshold: need 1 probabilities for a binary target"):
        code.deciding_at(threshold)
    for task, wrong in (("binary", [0.5, 0.5]), ("multiclass", [0.5]), ("multilabel", [])):
        with pytest.raises(DataError, match="cannot have thresholds of shape"):
            TargetCode.from_state({**code.state(), "task": task, "threshold": wrong})


def test_a_regression_target_is_standardised_per_target_and_comes_back_in_its_units() -> None:
    y = np.random.default_rng(0).standard_normal((30, 2)) * [1e-3, 1e5] + [7, -4]
    code = TargetCode.fit("regression", (), y[:20])
    encoded = code.encode(y)
    np.testing.assert_allclose(encoded[:20].mean(axis=0), 0, atol=1e-10)
    np.testing.assert_allclose(encoded[:20].std(axis=0), 1)
    np.testing.assert_allclose(code.decode(encoded), y, rtol=1e-12)
    np.testing.assert_allclose(code.decode(encoded.astype(np.float32)), y, rtol=1e-3)


@pytest.mark.filterwarnings("error")
def test_a_target_that_is_constant_or_enormous_stays_finite() -> None:
    constant = np.full((5, 1), 0.1)
    code = TargetCode.fit("regression", (), constant)
    assert (code.encode(constant) == 0).all()
    np.testing.assert_array_equal(code.decode(np.array([[0.0], [1.0], [-2.0], [1e30], [0.3]])), constant)
    for count in range(1, 40):  # rounding leaves something of a mean of 0.1
        assert TargetCode.fit("regression", (), np.full((count, 1), 0.1)).mean == 0.1
    huge = np.array([[1.7e308], [-1.7e308]])
    code = TargetCode.fit("regression", (), huge)
    np.testing.assert_allclose(code.decode(code.encode(huge)), huge)
    assert np.isfinite(code.decode(np.array([[1e6]]))).all()


@pytest.mark.parametrize(
    ("task", "classes", "y"),
    [
        ("multilabel", (), [[0, 1], [1, 0], [1, 1]]),
        ("binary", ("n", "y"), [0, 1, 1]),
        ("multiclass", ("a", "b", "c"), [0, 1, 2]),
        ("regression", (), [[0.1], [0.7]]),
        ("regression", (), [[0.1], [0.1]]),
    ],
)
def test_a_target_code_survives_json_to_the_bit(task: str, classes: tuple[str, ...], y: list[object]) -> None:
    code = TargetCode.fit(task, classes, np.array(y))
    if task in ("binary", "multilabel"):
        code = code.deciding_at(np.full(code.outputs, 1 / 3))
    restored = TargetCode.from_state(through_json(code.state()))
    A = np.random.default_rng(1).random((20, code.outputs))
    assert restored.encode(np.array(y)).tobytes() == code.encode(np.array(y)).tobytes()
    assert restored.decode(A).tolist() == code.decode(A).tolist()
    assert (restored.task, restored.classes, restored.outputs) == (code.task, code.classes, code.outputs)


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"threshold": None}, "need 0 finite numbers as 'threshold'"),
        ({"mean": [None]}, "finite numbers as 'mean'"),
        ({"mean": [[1.0, 2.0]]}, "finite numbers as 'mean'"),
        ({"mean": [1.0, 2.0]}, "need 2 finite numbers as 'scale', got shape"),
        ({"mean": []}, "need the means of a regression target"),
        ({"scale": [-1.0]}, "need numbers not below 0 as 'scale'"),
        ({"classes": ["a", "b"]}, "need the classes of a regression target"),
        ({"task": "guess"}, "need one of regression, binary"),
    ],
)
def test_a_damaged_state_is_refused_by_its_part(part: dict[str, object], message: str) -> None:
    state = TargetCode.fit("regression", (), np.arange(9.0)[:, None]).state()
    with pytest.raises(DataError, match=message):
        TargetCode.from_state(state | part)
    (missing,) = part
    with pytest.raises(DataError, match=f"as '{missing}'"):
        TargetCode.from_state({key: value for key, value in state.items() if key != missing})
