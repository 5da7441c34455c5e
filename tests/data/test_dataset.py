from __future__ import annotations

import dataclasses
import hashlib

import numpy as np
import pandas as pd
import pytest

from dnnexp.data.dataset import Dataset, assemble
from dnnexp.data.fingerprint import fingerprint
from dnnexp.errors import DataError

X = np.arange(40.0).reshape(20, 2)
Y = np.array([0, 1] * 10)


def made(inputs: np.ndarray = X, target: np.ndarray = Y, columns: tuple[str, ...] = ("a", "b")) -> Dataset:
    return assemble("made", inputs, columns, target, ["y"], origin="made")


def changed(array: np.ndarray, value: float) -> np.ndarray:
    copy = array.copy()
    copy.flat[-1] = value
    return copy


def test_the_hash_changes_with_any_value_any_target_and_any_name() -> None:
    last = changed(X, np.nextafter(39.0, 40.0))
    others = [made(last), made(target=changed(Y, 0)), made(columns=("a", "c")), made(target=np.array(["0", "x"] * 10))]
    assert len({dataset.sha256 for dataset in [made(), *others]}) == 5


def test_the_hash_does_not_depend_on_how_the_array_lies_in_memory() -> None:
    assert made(np.asfortranarray(X)).sha256 == made().sha256 == made(X.astype(np.int32)).sha256


def test_the_hash_covers_rows_beyond_a_block() -> None:
    many = np.arange(10_000.0)[:, None]
    target = np.arange(10_000) % 2
    assert made(many, target, ("x",)).sha256 != made(changed(many, -1.0), target, ("x",)).sha256


def test_the_hash_is_the_sha256_of_names_values_and_codes() -> None:
    names = b'{"classes": ["0", "1"], "columns": ["a", "b"], "rows": 20, "targets": ["y"]}'
    content = names + X.astype("<f8").tobytes() + Y.astype("<i8").tobytes()
    assert made().sha256 == hashlib.sha256(content).hexdigest()


def test_the_hash_covers_gaps_categories_weights_groups_and_order() -> None:
    colours = np.array([*["red", "blue", None] * 6, "red", "red"], dtype=object)
    frames = [
        pd.DataFrame({"a": X[:, 0], "b": pd.Series(values, dtype=object)})
        for values in (colours, np.where(colours == "red", "green", colours), colours[::-1])
    ]
    plain = frames[0]
    others = [
        {"weights": np.ones(20)},
        {"groups": np.arange(20)},
        {"order": np.arange(20)},
        {"order": np.arange(20)[::-1]},
    ]
    hashes = [
        fingerprint(frame, Y, ("0", "1"), ("y",)) for frame in [*frames, plain.assign(a=changed(X[:, 0], np.nan))]
    ]
    hashes += [fingerprint(plain, Y, ("0", "1"), ("y",), **sides) for sides in others]
    assert len(set(hashes)) == 8
    assert fingerprint(plain.copy(), Y, ("0", "1"), ("y",)) == hashes[0]


def test_any_pattern_of_bits_that_is_no_number_is_the_same_gap() -> None:
    odd = X.copy()
    odd.view(np.uint64)[3, 1] = 0x7FF8000000000001
    assert np.isnan(odd[3, 1])
    plain = X.copy()
    plain[3, 1] = np.nan
    assert made(odd).sha256 == made(plain).sha256 != made().sha256


def test_gaps_in_inputs_are_kept_and_counted_in_the_summary() -> None:
    dataset = made(changed(X, np.nan))
    assert np.isnan(dataset.X.to_numpy()[-1, -1])
    assert "  missing     1 cell, in 1 row (5.0%): b 5.0%" in dataset.summary


def test_the_description_is_one_line_that_says_rows_columns_task_and_shares() -> None:
    expected = "made: 20 rows, 2 numeric columns; target 'y': binary, because it has 2 distinct whole numbers"
    assert made().description == f"{expected} (data.task overrides): 0 50.0%, 1 50.0%"


def test_a_data_set_cannot_be_changed_by_assignment() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        made().task = "regression"


@pytest.mark.parametrize(
    ("inputs", "target", "columns", "message"),
    [
        (X[:9], Y[:9], ("a", "b"), "made: need at least 10 rows, got 9"),
        (X[:, :0], Y, (), "made: need at least one input column besides the target, got none"),
        (changed(X, -np.inf), Y, ("a", "b"), "made: column 'b', row 20: an infinite value"),
        (X + np.inf, Y, ("a", "b"), "made: column 'a', row 1: an infinite value (also in 'b')"),
    ],
)
def test_a_broken_law_is_named(inputs: np.ndarray, target: np.ndarray, columns: tuple[str, ...], message: str) -> None:
    with pytest.raises(DataError) as caught:
        made(inputs, target, columns)
    assert str(caught.value).startswith(message)


def test_one_column_is_said_to_be_one_and_an_imbalance_to_weigh_only_where_that_is_set() -> None:
    y = np.array(["a"] * 30 + ["b"] * 2)
    dataset = assemble("made", np.arange(32.0)[:, None], ["x"], y, ["y"], origin="made")
    assert "32 rows, 1 numeric column; target" in dataset.description
    said = " ".join(" ".join(dataset.summary).split())
    assert "always to say 'a' is right in 93.8%; classes weigh alike only with trainer.class_weight=balanced" in said
