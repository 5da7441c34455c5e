from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dnnexp.data.suspicion import Findings, examine

ROWS = 60
LABELS = np.arange(ROWS) % 3
RNG = np.random.default_rng(0)
NOISE = RNG.normal(size=ROWS)


def found(column: object, target: object = LABELS) -> Findings:
    values = pd.Series(column)
    values = values if values.dtype.kind == "f" else values.astype(object)
    return examine(pd.DataFrame({"noise": NOISE, "c": values}), pd.DataFrame({"y": target}))


@pytest.mark.parametrize(
    "column",
    [
        np.array(["u", "v", "w"])[LABELS],
        np.array([10.5, -3, 0])[LABELS],
        pd.Series(np.array(["u", "v", "w"])[LABELS]).replace("w", None),
        LABELS.astype(float),
    ],
)
def test_a_column_that_renames_the_classes_is_the_target(column: object) -> None:
    assert found(column).leaks == [("c", "y")]


@pytest.mark.parametrize(
    "column",
    [
        np.array(["u", "v", "v"])[LABELS],  # two classes share a name
        np.array(["u", "v", "w"])[np.append(LABELS[:-1], 0)],  # one row differs
        np.array([f"row {i}" for i in range(ROWS)]),  # names rows, and so implies every class
        np.arange(ROWS) / 7,
    ],
)
def test_a_column_that_only_goes_with_the_classes_is_not_the_target(column: object) -> None:
    assert found(column).leaks == []


def test_a_quantity_is_leaked_by_the_same_numbers_and_not_by_numbers_of_rows() -> None:
    assert found(NOISE * 2, NOISE * 2).leaks == [("c", "y")]
    assert found(np.arange(ROWS, dtype=float), NOISE * 2).leaks == []
    few = LABELS * 1.5
    assert found(np.array(["u", "v", "w"])[LABELS], few).leaks == [("c", "y")]


def test_constants_names_of_rows_and_rare_texts_are_found() -> None:
    assert found(np.full(ROWS, 2.5)).constants == ["c"]
    assert found(np.full(ROWS, np.nan)).constants == ["c"]
    assert found(np.array([f"row {i}" for i in range(ROWS)])).row_texts == ["c"]
    assert found(RNG.permutation(ROWS).astype(float)).row_numbers == ["c"]
    assert found(np.array([f"text {i % 40}" for i in range(ROWS)])).rare_texts == {"c": 40}


@pytest.mark.parametrize(
    "texts",
    [["3,5", "4"], ["12%", "7.5 %"], ["1 234", "5,000", "?"], ["-€ 3", "4"], ["1.234.567,8", None], ["\u22123", "4"]],
)
def test_texts_that_look_like_numbers_are_found_with_one_that_is_none(texts: list[str | None]) -> None:
    column = np.array([texts[i % len(texts)] for i in range(ROWS)], dtype=object)
    assert found(column).number_texts == {"c": texts[0]}


@pytest.mark.parametrize("texts", [["1", "2.5"], ["1.2.3"], ["192.168.0.1"], ["A1", "3,5"], ["1/2"], ["?", "-"], ["%"]])
def test_other_texts_do_not_look_like_numbers(texts: list[str]) -> None:
    assert found(np.array([texts[i % len(texts)] for i in range(ROWS)], dtype=object)).number_texts == {}


def test_numbers_that_are_not_whole_or_too_large_to_tell_name_no_rows() -> None:
    assert found(np.arange(ROWS) + 0.5).row_numbers == []
    assert found(np.arange(ROWS) * 1e300).row_numbers == []


def test_doubled_rows_are_those_with_the_same_target_too() -> None:
    X = pd.DataFrame({"a": [1.0, 1, 2, 1], "b": np.array(["x", "x", "x", "x"], dtype=object)})
    assert examine(X, pd.DataFrame({"y": [0, 0, 0, 1]})).doubled_rows == 1


@pytest.mark.parametrize("text", ["15 Jan {}", "Jan {}, 2023", "Monday, 2 January 20{}", "2023.1.{}", "{}-Mai-2023"])
def test_texts_that_look_like_dates_and_are_not_read_are_found(text: str) -> None:
    days = [text.format(10 + i % 20) for i in range(ROWS - 1)] + ["later"]
    if text == "15 Jan {}":
        days = [f"{day} 2023" for day in days]
    assert list(found(np.array(days, dtype=object)).date_texts) == ["c"]
    assert found(np.array([f"room {i % 20} 2" for i in range(ROWS)], dtype=object)).date_texts == {}


@pytest.mark.parametrize(
    "text",
    [
        "2023-1-5", "31.12.2023", "5. 1. 2023", "1/31/23", "31/1/2023", "5 1 2023", "2023 12 31", "1/5/2023 14:05",
        "15-Jan-2023", "15 Sept 2023", "Sept. 15, 2023", "May 5 2023", "2. January 2023", "Sun, 02 Jan 2023 10:00",
        "JAN 02, 2023", "2023-Jan-05", "3. M\u00e4rz 2023",
    ],
)  # fmt: skip
def test_a_day_of_a_month_looks_like_a_date(text: str) -> None:
    assert list(found(np.array([text, f"{text} ", "x"] * (ROWS // 3), dtype=object)).date_texts.values()) == [text]


@pytest.mark.parametrize(
    "text",
    [
        "555-12-3456", "12 34 5678", "Haus 5 2000", "Route 12 2020", "31/31/2023", "2023-13-01", "2023-02-32",
        "0/1/2023", "99.1.2023", "12-Foo-2023", "Jan 32, 2023", "Mark 7 2021", "Maypole 5 2020", "1.2.345",
        "192.168.10.25",
    ],
)  # fmt: skip
def test_other_numbers_and_words_do_not_look_like_dates(text: str) -> None:
    assert found(np.array([text, f"{text} ", "x"] * (ROWS // 3), dtype=object)).date_texts == {}
