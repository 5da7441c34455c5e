from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from dnnexp.data.dataset import row_number
from dnnexp.data.kinds import CATEGORY, Column, conform, read_column
from dnnexp.errors import DataError

NAN = np.nan
KINDS = {"n": "number", "k": "category"}


@pytest.mark.parametrize(
    ("values", "is_rounded"),
    [
        ([10**20 + 1, 10**20 + 2], True),
        (["1" + "0" * 20, "1" + "0" * 19 + "1", None], True),
        (np.array([2**60, 2**60 + 1]), True),
        (["1" + "0" * 20, "2" + "0" * 20], False),
        (np.array([2**60, 2**61]), False),
        (["1" + "0" * 20, "+1" + "0" * 20, "1e20"], False),
        (["9" * 5000, "8" * 5000, "1"], False),
        ([1.5e300, 1.5], False),
    ],
)
def test_whole_numbers_that_floats_cannot_tell_apart_are_told(values: object, is_rounded: bool) -> None:
    dtype = None if isinstance(values, np.ndarray) else object
    assert read(values, dtype=dtype).is_rounded == is_rounded


def read(values: object, kind: str | None = None, dtype: object = None) -> Column:
    return read_column("c", pd.Series(values, dtype=dtype), kind, "t.csv", row_number)


@pytest.mark.parametrize(
    ("values", "dtype", "numbers"),
    [
        ([1, 2, 3], None, [1, 2, 3]),
        ([True, False], None, [1, 0]),
        ([True, None, False], object, [1, NAN, 0]),
        ([1, None, 3], "Int64", [1, NAN, 3]),
        ([True, None], "boolean", [1, NAN]),
        (["1", "2.5", None], object, [1, 2.5, NAN]),
        (["1", "?", "3", " N/A "], object, [1, NAN, 3, NAN]),
        (["9" * 30, "1e308"], object, [1e30, 1e308]),
        ([None, None], object, [NAN, NAN]),
        (["1970-01-02", None, "1972-01-01 12:00"], object, [1, NAN, 730.5]),
        (["1970-01", "1970-02"], object, [0, 31]),
        (["2/1/1970 06:00", "13/1/1970 12:00"], object, [1.25, 12.5]),
        (["02.01.1970", "31.12.1970", "?"], object, [1, 364, NAN]),
        ([date(1970, 1, 2), date(1970, 1, 31)], object, [1, 30]),
        (pd.to_timedelta(["12h", "48h"]), None, [0.5, 2]),
        (pd.to_datetime(["1970-01-02", None], utc=True), None, [1, NAN]),
    ],
)
def test_what_is_a_number_a_truth_or_a_date_is_read_as_numbers(
    values: object, dtype: object, numbers: list[float]
) -> None:
    column = read(values, dtype=dtype)
    assert column.kind == "number"
    assert column.values.dtype == np.float64
    np.testing.assert_array_equal(column.values, numbers)


@pytest.mark.parametrize(
    ("values", "dtype", "texts"),
    [
        (["red", "blue", None], object, ["red", "blue", None]),
        (["a", "1", "b"], object, ["a", "1", "b"]),
        (["?", "?", "unknown"], object, ["?", "?", "unknown"]),
        ([1, 2, None], "category", ["1", "2", None]),
        (["2020-01-01", "later", "soon"], object, ["2020-01-01", "later", "soon"]),
        (["x", None], "string", ["x", None]),
    ],
)
def test_texts_are_read_as_a_category_with_none_for_a_gap(values: object, dtype: object, texts: list[str]) -> None:
    column = read(values, dtype=dtype)
    assert column.kind == "category"
    assert column.values.tolist() == texts


def test_a_kind_that_is_asked_for_is_given() -> None:
    assert read([3, 1.0, None], "category").values.tolist() == ["3", "1", None]
    assert read([True, False], "category").values.tolist() == ["True", "False"]
    column = read(["7", "x", "y", "8"], "number", object)
    np.testing.assert_array_equal(column.values, [7, NAN, NAN, 8])
    assert column.note == "2 × 'x', 'y' counted as missing"


@pytest.mark.parametrize(
    ("values", "kind", "message"),
    [
        (
            ["1", "2", "x"],
            None,
            "t.csv: column 'c', row 3: 'x' is no number, as most there are (1 are not): correct it",
        ),
        (["1", "2", "x"], None, "or say data.numbers=[c] (the others are then missing), data.categories=[c] or data.d"),
        (["x", "y"], "number", "data.numbers: column 'c' of t.csv holds no number, for instance 'x'"),
        ([[1], [2]], None, "t.csv: column 'c', row 1: need a number or a text, got a list"),
        ([1 + 2j, 3], None, "t.csv: column 'c' holds complex numbers"),
    ],
)
def test_what_is_neither_is_refused_with_its_place_and_a_remedy(values: object, kind: str | None, message: str) -> None:
    with pytest.raises(DataError) as caught:
        read(values, kind)
    assert message in str(caught.value)


def test_dates_that_two_notations_fit_are_read_month_first_and_that_is_said() -> None:
    column = read(["01/02/1970", "01/03/1970"])
    assert column.values.tolist() == [1, 2]
    assert column.note == "dates (month/day/year), as days since 1970-01-01"
    assert column.notation == "%m/%d/%Y"
    assert read(["13/02/1970", "01/03/1970"]).values.tolist() == [43, 59]


@pytest.mark.parametrize(
    ("texts", "days", "said"),
    [
        (["15-Jan-2023", "1-FEB-2023"], [19372, 19389], "day-month's name-year"),
        (["15-Jan-23", "01-Feb-23"], [19372, 19389], "day-month's name-year of two digits"),
        (["01/15/23", "02/01/23"], [19372, 19389], "month/day/year of two digits"),
        (["15/01/23", "01/02/23"], [19372, 19389], "day/month/year of two digits"),
        (["1/15/2023 12:00 AM", "2/1/2023 6:00 PM"], [19372, 19389.75], "month/day/year time"),
        (["1/15/2023 12:00:00 PM", "2/1/2023 06:00:00 AM"], [19372.5, 19389.25], "month/day/year time"),
    ],
)
def test_dates_as_spreadsheets_write_them_are_read(texts: list[str], days: list[float], said: str) -> None:
    column = read(texts)
    np.testing.assert_array_equal(column.values, days)  # of datetime(2023, 1, 15) - datetime(1970, 1, 1), and so on
    assert column.note == f"dates ({said}), as days since 1970-01-01"
    later = conform(pd.DataFrame({"n": texts[::-1]}), KINDS, {"n": column.notation}, "t.csv", row_number)
    np.testing.assert_array_equal(later["n"], days[::-1])


@pytest.mark.parametrize("texts", [["01/15/23", "02/01/2023"], ["15-Jan-2023", "15-Jan"], ["1-abc-2023", "2-abc-2023"]])
def test_texts_that_are_not_all_dates_of_one_notation_are_categories(texts: list[str]) -> None:
    assert read(texts).kind == CATEGORY


class TestNewRows:
    def test_are_kept_as_the_columns_they_were_learnt_from(self) -> None:
        frame = pd.DataFrame({"k": [1.0, 2.0], "n": ["1970-01-03", "?"], "other": ["x", "y"]})
        kept = conform(frame, KINDS, {"n": "ISO8601"}, "new.csv", row_number)
        assert kept["k"].tolist() == ["1", "2"]
        np.testing.assert_array_equal(kept["n"], [2, NAN])
        assert kept["other"].tolist() == ["x", "y"]

    @pytest.mark.parametrize("values", [["1", "2", "x"], ["?", "unknown", "x"], ["a", "b", "x"]])
    def test_are_refused_where_a_number_is_a_text(self, values: list[str]) -> None:
        with pytest.raises(DataError, match=r"new\.csv: column 'n', row [13]: need a number, got '[ax]'"):
            conform(pd.DataFrame({"n": values}), KINDS, {}, "new.csv", row_number)

    def test_have_the_dates_of_the_notation_that_was_learnt(self) -> None:
        frame = pd.DataFrame({"n": ["01/02/1970"]})
        for notation, day in {"%m/%d/%Y": 1, "%d/%m/%Y": 31}.items():
            assert conform(frame, KINDS, {"n": notation}, "new.csv", row_number)["n"].tolist() == [day]
        with pytest.raises(
            DataError, match=r"column 'n', row 1: need a date written like the others \(ISO8601\), got '01"
        ):
            conform(frame, KINDS, {"n": "ISO8601"}, "new.csv", row_number)
        with pytest.raises(DataError, match=r"column 'n', row 1: need a number, got '01/02/1970'"):
            conform(frame, KINDS, {}, "new.csv", row_number)


def test_true_beside_1_among_texts_is_another_category_whatever_the_order_of_the_rows() -> None:
    cells = [True, "low", 1, "high", 1.0, None, False, "low", 0]
    names = ["True", "low", "1", "high", "1", None, "False", "low", "0"]
    for order in (slice(None), slice(None, None, -1)):
        column = pd.Series(cells[order], dtype=object)
        assert read_column("a", column, "category", "data", row_number).values.tolist() == names[order]
