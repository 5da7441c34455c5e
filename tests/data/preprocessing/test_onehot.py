"""Categories as zeros and ones."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import OneHotEncoder

from dnnexp.data.preprocessing import Preprocessor
from dnnexp.data.preprocessing.onehot import Categories
from dnnexp.data.schema import SCALINGS, SKEWS, PreprocessingConfig
from dnnexp.errors import ConfigError, DataError


def frame(*values: object) -> pd.DataFrame:
    return pd.DataFrame({"c": pd.Series(list(values), dtype=object)})


def fit(*values: object, most: int = 32) -> Preprocessor:
    return Preprocessor.fit(PreprocessingConfig(categories=most), frame(*values))


@pytest.mark.parametrize("most", [32, 5, 3])
def test_categories_are_scikit_learns_one_hot_with_the_rare_ones_in_one_place(most: int) -> None:
    words = np.repeat(list("zyxwvu"), [13, 1, 8, 5, 3, 2])
    features = fit(*words, most=most).transform(frame(*words, "new"))
    encoder = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=most, sparse_output=False)
    np.testing.assert_array_equal(features, encoder.fit(frame(*words)).transform(frame(*words, "new")))


def test_a_missing_value_is_a_category_of_its_own_however_rare() -> None:
    fitted = fit(*"aaaabbbbccc", None, *"de", most=4)
    assert fitted.feature_names == ("c is a", "c is b", "c is missing", "c is another")
    features = fitted.transform(frame("a", None, np.nan, pd.NA, "d", "new"))
    np.testing.assert_array_equal(features.argmax(axis=1), [0, 2, 2, 2, 3, 3])
    np.testing.assert_array_equal(features.sum(axis=1), 1)


def test_two_categories_are_one_feature_and_what_is_neither_lies_between() -> None:
    fitted = fit("no", "yes", "yes")
    assert fitted.feature_names == ("c is yes",)
    np.testing.assert_array_equal(fitted.transform(frame("no", "yes", "maybe", None)), [[0], [1], [0.5], [0.5]])


def test_unknown_categories_are_read_as_none_of_the_known_and_counted() -> None:
    fitted = fit("a", "b", "c")
    np.testing.assert_array_equal(fitted.transform(frame("b", "d", None)), [[0, 1, 0], [0, 0, 0], [0, 0, 0]])
    fitted.transform(frame("e"))
    assert fitted.warnings() == ["input: column 'c': 3 values that the training rows did not have: read as unknown"]


def test_one_category_says_nothing_whatever_comes_later() -> None:
    fitted = fit("a", "a", "a")
    np.testing.assert_array_equal(fitted.transform(frame("a", "b", None)), np.zeros((3, 1)))


def test_a_category_is_its_text_whatever_type_it_is_read_as() -> None:
    fitted = fit("1", "2", "3")
    for column in (pd.Series([2, 1]), pd.Series([2.0, 1.0]), pd.Series(["2", "1"], dtype="category")):
        np.testing.assert_array_equal(fitted.transform(pd.DataFrame({"c": column})), [[0, 1, 0], [1, 0, 0]])
    assert not fitted.warnings()


def test_kinds_go_by_the_type_of_the_column_and_features_follow_numbers_indicators_categories() -> None:
    table = pd.DataFrame({
        "size": ["S", "M", "L"], "price": [1.0, np.nan, 3.0], "new": [True, False, True],
        "grade": pd.Categorical([1, 2, 2]),
    })  # fmt: skip
    fitted = Preprocessor.fit(PreprocessingConfig("none"), table)
    assert fitted.kinds == {"size": "category", "price": "number", "new": "number", "grade": "category"}
    assert fitted.columns == ("size", "price", "new", "grade")
    assert fitted.feature_names == (
        "price", "new", "price is missing", "size is L", "size is M", "size is S", "grade is 2",
    )  # fmt: skip
    np.testing.assert_array_equal(fitted.origins, [1, 2, 1, 0, 0, 0, 3])
    np.testing.assert_array_equal(
        fitted.transform(table), [[1, 1, 0, 0, 0, 1, 0], [2, 0, 1, 0, 1, 0, 1], [3, 1, 0, 1, 0, 0, 1]]
    )


def test_a_column_that_holds_no_texts_is_named() -> None:
    with pytest.raises(DataError, match="input: column 'c' must hold texts"):
        fit(["a list"], ["another"])


def test_fewer_than_two_categories_to_a_column_are_refused() -> None:
    with pytest.raises(ConfigError, match="data.preprocessing.categories: need categories >= 2, got 1"):
        PreprocessingConfig(categories=1)


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("skew", SKEWS)
def test_a_table_without_a_number_is_no_trouble(scaling: str, skew: str) -> None:
    words = frame("a", "b", "c", "a")
    fitted = Preprocessor.fit(PreprocessingConfig(scaling, skew), words)
    restored = Preprocessor.from_state(json.loads(json.dumps(fitted.state())))
    np.testing.assert_array_equal(restored.transform(words), np.eye(3)[[0, 1, 2, 0]])


cells = st.one_of(st.none(), st.text(max_size=3), st.integers(), st.floats(), st.booleans())


@given(st.lists(cells, min_size=1, max_size=30), st.lists(cells, min_size=1, max_size=30), st.integers(2, 6))
@settings(max_examples=80, deadline=None)
def test_any_cells_become_at_most_one_one_to_a_row(train: list[object], later: list[object], most: int) -> None:
    fitted = fit(*train, most=most)
    features = fitted.transform(frame(*later))
    width = len(fitted.feature_names)
    assert features.shape == (len(later), width)
    assert width <= most + 1  # the missing one has its place in any case
    assert set(np.unique(features)) <= {0.0, 0.5, 1.0}
    assert (features.sum(axis=1) <= 1).all()
    known = fitted.transform(frame(*train))
    assert width == 1 or (known.sum(axis=1) == 1).all()


def test_a_category_that_training_did_not_have_is_counted_where_others_share_a_place() -> None:
    places = Categories.fit(pd.Series(["a"] * 5 + ["b"] * 4 + ["c", "d"]), 3)
    out = np.zeros((4, 3))
    assert places.write(pd.Series(["a", "d", "new", "new"]), out) == 2
    np.testing.assert_array_equal(out, [[1, 0, 0], [0, 0, 1], [0, 0, 1], [0, 0, 1]])


def test_a_whole_number_with_a_point_is_the_category_without_where_all_are_whole_numbers() -> None:
    def unknown(known: list[str], cells: list[str]) -> int:
        places = Categories.fit(pd.Series(known), 32)
        return places.write(pd.Series(cells, dtype=object), np.zeros((len(cells), places.width)))

    assert unknown(["1", "2", "30"], ["1.0", "2.00", "30", "4.0"]) == 1
    assert unknown(["01067", "1067", "2"], ["01067.0", "1067.0"]) == 0
    assert unknown(["1067", "2", "3"], ["01067"]) == 1
    assert unknown(["1", "1.5", "2"], ["1.0", "1.5"]) == 1


def test_a_model_of_before_that_does_not_know_who_shares_a_place_counts_none() -> None:
    fitted = fit(*"aaaabbbcd", most=3)
    state = fitted.state()
    assert Preprocessor.from_state(json.loads(json.dumps(state))).categories == fitted.categories
    older = Preprocessor.from_state({key: value for key, value in state.items() if key != "rest"})
    np.testing.assert_array_equal(older.transform(frame(*"adx")), fitted.transform(frame(*"adx")))
    assert older.warnings() == []
    assert len(fitted.warnings()) == 1
