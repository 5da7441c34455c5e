"""What every table goes through, whatever format it comes in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnnexp.data.dataset import Dataset
from dnnexp.data.schema import DataConfig
from dnnexp.data.sources import load
from dnnexp.errors import DnnexpError

ROWS = 40
I = np.arange(ROWS)


def good(**columns: object) -> pd.DataFrame:
    """Return a table of a number, a category and a target of two classes, with other columns beside or instead."""
    frame = pd.DataFrame({"a": I * 0.37, "k": np.array(["u", "v", "w"])[I % 3], "y": I * 7 % 11 % 2})
    return frame.assign(**columns)


@pytest.fixture(params=["csv", "parquet"])
def saved(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., dict[str, object]]:
    """Write a table as CSV and as Parquet, and give the settings that read it."""

    def written(frame: pd.DataFrame, **others: object) -> dict[str, object]:
        values = {"name": request.param, "path": write(frame, "table"), "target": "y"}
        if isinstance(test := others.pop("test", None), pd.DataFrame):
            values["test_path"] = write(test, "final")
        return values | others

    def write(frame: pd.DataFrame, name: str) -> str:
        path = tmp_path / f"{name}.{request.param}"
        if request.param == "csv":
            frame.to_csv(path, index=False)
        else:
            frame.to_parquet(path)
        return str(path)

    return written


@pytest.fixture
def read(saved: Callable[..., dict[str, object]]) -> Callable[..., Dataset]:
    """Give the data set of a table."""
    return lambda frame, **others: load(DataConfig(**saved(frame, **others)))


@pytest.fixture
def refused(saved: Callable[..., dict[str, object]], refusal: Callable[..., str]) -> Callable[..., str]:
    """Give the line that a table is refused with; lines of a text are rows of any format here."""

    def line(frame: pd.DataFrame, **others: object) -> str:
        message = refusal(**saved(frame, **others)).replace(".parquet", ".csv")
        for i in reversed(range(ROWS)):
            message = message.replace(f"line {i + 2}:", f"row {i + 1}:")
        return message

    return line


def test_numbers_and_categories_are_read_with_their_gaps(read: Callable[..., Dataset]) -> None:
    frame = good(k=np.array(["u", None, "w"], dtype=object)[I % 3], flag=I % 4 == 0, b=np.where(I == 5, np.nan, I / 3))
    dataset = read(frame)
    assert [dtype.kind for dtype in dataset.X.dtypes] == ["f", "O", "f", "f"]
    assert dataset.X["k"].tolist()[:3] == ["u", None, "w"]
    assert dataset.X["flag"].tolist()[:5] == [1, 0, 0, 0, 1]
    assert np.flatnonzero(dataset.X["b"].isna()).tolist() == [5]
    assert dataset.summary[:3] == (
        f"{'table.csv' if 'csv' in dataset.description[:9] else 'table.parquet'}: 40 rows, 4 input columns",
        "  numbers     3: a, flag, b",
        "  categories  1: k (2)",
    )
    assert "  missing     14 cells, in 14 rows (35.0%): k 32.5%, b 2.5%" in dataset.summary


def test_columns_are_dropped_kept_and_given_a_kind(read: Callable[..., Dataset]) -> None:
    frame = good(b=I % 5, c=np.where(I == 3, "x", (I * 0.5).astype(str)))
    settings = {"numbers": ["c"], "categories": ["b"]}
    assert list(read(frame, drop=["a"], **settings).X) == ["k", "b", "c"]
    dataset = read(frame, keep=["b", "c"], **settings)
    assert list(dataset.X) == ["b", "c"]
    assert set(dataset.X["b"]) == set("01234")
    assert np.flatnonzero(dataset.X["c"].isna()).tolist() == [3]
    assert "  read as     c: 1 × 'x' counted as missing" in dataset.summary


@pytest.mark.parametrize(
    ("columns", "settings", "message"),
    [
        ({}, {"target": "z"}, "data.target: table.csv has no column 'z', choices: a, k, y"),
        ({}, {"keep": ["b"]}, "data.keep: table.csv has no column 'b'"),
        ({}, {"keep": ["y"]}, "data.keep: 'y' is named by data.target already, it cannot be both"),
        ({}, {"keep": ["a"], "group": "a"}, "data.keep: 'a' is named by data.group already"),
        ({}, {"group": "y"}, "data.group: 'y' is named by data.target already"),
        ({}, {"weight": "a", "time": "a"}, "data.weight: 'a' is named by data.time already"),
        ({}, {"numbers": ["kk"]}, "data.numbers: table.csv has no column 'kk', did you mean"),
        ({}, {"numbers": ["k"]}, "data.numbers: column 'k' of table.csv holds no number, for instance 'u'"),
        ({"a": 1, "k": "x"}, {}, "table.csv: no input column is of use: 'a', 'k': the same in every row"),
        ({"y": np.where(I == 3, np.nan, I)}, {}, "target 'y', row 4: the value is missing (1 in all); fill it in, or"),
        ({"y": np.where(I == 3, None, "x")}, {}, "leave such rows out with data.drop_missing_target=true"),
        (
            {"y": np.where(I == 3, None, "x")},
            {},
            "; if a text like NA or None is a class of its own, say data.missing_tar",
        ),
        ({"y": np.nan}, {"drop_missing_target": True}, "table.csv: no row has a value in target 'y'"),
        ({"y": np.where(I < 9, I, np.nan)}, {"drop_missing_target": True}, "table.csv: need at least 10 rows, got 9"),
        ({"y": "x"}, {}, "table.csv: target 'y' must vary, but every row has 'x'"),
        (
            {"b": np.where(I == 7, np.inf, 1 / (I + 1))},
            {},
            "table.csv: column 'b', row 8: an infinite value; correct it",
        ),
        (
            {"b": np.where(I == 7, "seven", I.astype(str))},
            {},
            "table.csv: column 'b', row 8: 'seven' is no number, as most there are (1 are not)",
        ),
        ({"w": I - 3}, {"weight": "w"}, "data.weight: table.csv, column 'w', row 1: need a finite number >= 0, got -3"),
        ({"w": I * 0}, {"weight": "w"}, "data.weight: table.csv, column 'w': need a weight above 0, got none"),
        ({"w": "x"}, {"weight": "w"}, "data.weight: table.csv, column 'w', row 1: need a finite number >= 0, got x"),
        (
            {"g": np.where(I == 2, None, "x")},
            {"group": "g"},
            "data.group: table.csv, column 'g', row 3: the value is m",
        ),
        (
            {"t": np.where(I % 2, "noon", "dawn")},
            {"time": "t"},
            "column 't': need numbers or dates, got texts, e.g. 'dawn'",
        ),
        ({"s": np.where(I == 4, "dev", "test")}, {"split": "s"}, "column 's', row 5: need train or test (or true or f"),
        ({"s": "train"}, {"split": "s"}, "column 's': need rows of both, got training rows only"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_with_column_and_row(
    refused: Callable[..., str], columns: dict[str, object], settings: dict[str, object], message: str
) -> None:
    assert message in refused(good(**columns), **settings)


def test_rows_without_a_target_are_left_out_where_that_is_asked_and_whole_numbers_stay_so(
    read: Callable[..., Dataset],
) -> None:
    dataset = read(good(y=np.where(I < 3, np.nan, I * 5 % 7 % 3)), drop_missing_target=True)
    assert (dataset.task, dataset.classes, len(dataset.X)) == ("multiclass", ("0", "1", "2"), 37)
    assert dataset.X["a"].iloc[0] == pytest.approx(3 * 0.37)
    assert "  rows        3 left out, without a target" in dataset.summary


def test_rows_after_some_were_left_out_are_still_named_as_in_the_file(refused: Callable[..., str]) -> None:
    frame = good(y=np.where(I < 3, np.nan, np.where(I == 20, np.inf, I)))
    assert "target 'y', row 21: infinite" in refused(frame, drop_missing_target=True)


def test_several_targets_are_read_as_a_regression(read: Callable[..., Dataset]) -> None:
    dataset = read(good(b=I / 3), target=["y", "b"])
    assert dataset.target_names == ("y", "b")
    np.testing.assert_allclose(dataset.y, np.stack([I * 7 % 11 % 2, I / 3], axis=1))
    assert list(dataset.X) == ["a", "k"]


@pytest.mark.parametrize(("training", "test"), [("train", "test"), ("False", "True"), ("0", "1"), ("TRAIN", " Test")])
def test_an_official_split_is_kept(read: Callable[..., Dataset], training: str, test: str) -> None:
    dataset = read(good(s=np.where(I % 4 == 1, test, training)), split="s")
    assert dataset.test_rows is not None
    assert dataset.test_rows.tolist() == I[I % 4 == 1].tolist()
    assert list(dataset.X) == ["a", "k"]
    assert "  rows        s: the official split, 10 test rows" in dataset.summary


def test_a_file_of_test_rows_is_the_official_test_whatever_order_its_columns_are_in(
    read: Callable[..., Dataset], refused: Callable[..., str]
) -> None:
    frame = good()
    dataset = read(frame[:30], test=frame[30:][["y", "k", "a"]].assign(other=1))
    assert dataset.test_rows is not None
    assert dataset.test_rows.tolist() == list(range(30, 40))
    pd.testing.assert_frame_equal(dataset.X.astype({"k": object}), read(frame).X)
    assert refused(frame[:30], test=frame[["a", "y"]]) == "data.test_path: final.csv lacks 'k', which table.csv has"
    infinite = frame[30:].assign(a=np.inf)
    assert "table.csv: column 'a', final.csv, row 1: an infinite value" in refused(frame[:30], test=infinite)


def test_groups_times_and_weights_are_no_inputs_and_are_kept(read: Callable[..., Dataset]) -> None:
    days = pd.date_range("2024-01-01", periods=ROWS)[::-1].astype(str)
    dataset = read(good(t=days, w=I % 4), time="t", weight="w")
    assert list(dataset.X) == ["a", "k"]
    assert dataset.weights is not None
    assert dataset.order is not None
    assert dataset.weights.tolist() == [i % 4 for i in I if i % 4]  # a row of weight 0 is none
    assert dataset.order.tolist() == list(range(30))[::-1]
    assert "  rows        10 left out, of weight 0" in dataset.summary
    grouped = read(good(g=np.array(["x", "y", "z", "u"])[I // 10]), group="g")
    assert grouped.groups is not None
    np.testing.assert_array_equal(grouped.groups, I // 10)
    assert "  rows        g: 4 groups, none of them on two sides of a division" in grouped.summary


def test_a_column_that_renames_the_target_is_refused_unless_that_is_wanted(
    read: Callable[..., Dataset], refused: Callable[..., str]
) -> None:
    frame = good(alive=np.array(["no", "yes"])[good()["y"]], lives=good()["y"] * 2.5)
    said = "column 'alive' says the same as the target 'y' in every row (and so does 'lives')"
    message = refused(frame, drop=["a"])
    assert said in message
    assert message.endswith("leave it out with data.drop=[a,alive,lives], or keep it with data.allow_leaks=true")
    dataset = read(frame, allow_leaks=True)
    assert list(dataset.X) == ["a", "k", "alive", "lives"]
    assert said in " ".join(" ".join(dataset.summary).split())


def test_columns_that_are_of_no_use_are_left_out_and_odd_ones_are_named(read: Callable[..., Dataset]) -> None:
    frame = good(id=[f"r{i}" for i in I], number=I + 1000, same="x", name=[f"n{i % 25}" for i in I])
    dataset = read(pd.concat([frame, frame.iloc[:4].assign(id=["s", "t", "u", "v"], number=range(4))]))
    assert list(dataset.X) == ["a", "k", "number", "name"]
    said = " ".join(" ".join(dataset.summary).split())
    for line in (
        "not used 'same': the same in every row",
        "not used 'id': another text in every row, so no category repeats",
        "warning 'number': another whole number in every row; if it only names the rows, leave it out with",
        "warning 'name': 25 texts in 44 rows, most of them rare",
    ):
        assert line in said
    doubled = " ".join(read(pd.concat([good(), good().iloc[:4]])).summary)
    assert "warning     4 of 44 rows are the same as an earlier one, target" in doubled


def test_texts_that_look_like_dates_are_warned_of_with_what_to_write(read: Callable[..., Dataset]) -> None:
    frame = good(day=[f"{1 + i % 20} Jan 2023" for i in I])
    said = " ".join(" ".join(read(frame).summary).split())
    assert "'day': read as texts, but '1 Jan 2023' look like dates; write them all alike, best as 2024-01-31" in said
    assert "look like" not in " ".join(read(frame, categories=["day"]).summary)


def test_a_target_whose_classes_look_like_numbers_is_warned_of(read: Callable[..., Dataset]) -> None:
    said = " ".join(" ".join(read(good(y=[f"{1 + i % 5},500" for i in I])).summary).split())
    assert "warning target 'y': texts, so classes; '1,500' and its like look like numbers: write them in" in said


def test_dates_are_days_and_name_no_rows(read: Callable[..., Dataset]) -> None:
    dataset = read(good(day=pd.date_range("1970-01-01", periods=ROWS).strftime("%d/%m/%Y")))
    assert dataset.X["day"].tolist() == I.tolist()
    assert dataset.notations == {"day": "%d/%m/%Y"}
    assert "  read as     day: dates (day/month/year), as days since 1970-01-01" in dataset.summary
    assert not any("warning" in line for line in dataset.summary)


def test_the_century_that_two_digits_of_a_year_were_read_in_is_said(read: Callable[..., Dataset]) -> None:
    born = np.array(["12/05/45", "03/07/85", "11/30/70"])[I % 3]
    dataset = read(good(born=born, day=pd.date_range("1970-01-01", periods=ROWS).strftime("%d/%m/%Y")))
    said = " ".join(" ".join(dataset.summary).split())
    assert "warning 'born': years of two digits, 69 to 99 read as 1969 to 1999 and 00 to 68 as 2000 to 2068;" in said
    assert pd.to_datetime(dataset.X["born"][:3], unit="D").dt.year.tolist() == [2045, 1985, 1970]
    also = " ".join(" ".join(read(good(born=born, due=born[::-1])).summary).split())
    assert "warning 'born', 'due': years of two digits" in also


def test_a_rare_class_is_warned_of(read: Callable[..., Dataset]) -> None:
    said = " ".join(" ".join(read(good(y=np.where(I < 3, "ill", "well"))).summary).split())
    assert "warning unbalanced: 'well' has 37 rows, 'ill' 3: always to say 'well' is right in 92.5%" in said
    assert "unbalanced" not in " ".join(read(good()).summary)


def test_a_summary_fits_a_terminal(read: Callable[..., Dataset]) -> None:
    frame = good(**{f"a column with a long name {i}": np.where(I % (i + 3), I / 7, np.nan) for i in range(30)})
    dataset = read(frame.assign(**{f"text {i}": np.array(["u", "v", None])[(I + i) % 3] for i in range(30)}))
    assert max(map(len, dataset.summary)) <= 80
    assert len(dataset.summary) < 30


def test_tables_of_anything_are_read_or_refused_in_one_line(saved: Callable[..., dict[str, object]]) -> None:
    rng = np.random.default_rng(0)
    outcomes = {"read": 0, "refused": 0, "refused in several lines": 0}
    columns: list[Callable[[int], object]] = [
        lambda n: rng.normal(size=n),
        lambda n: rng.integers(0, 3, n),
        lambda n: rng.choice([1.0, 2.0, np.nan], n),
        lambda n: rng.choice(["u", "v", "w"], n),
        lambda n: pd.Series(rng.choice(["1", "2", "?", "x"], n, p=[0.5, 0.4, 0.08, 0.02])),
        lambda n: rng.choice([1e308, -1e308, 0], n),
        lambda n: rng.choice([np.inf, 1.0, 2.0], n, p=[0.02, 0.49, 0.49]),
        lambda n: pd.Series(rng.choice(["2024-01-01", "2024-05-06"], n)).where(rng.random(n) > 0.1),
        lambda n: rng.random(n) > 0.5,
        lambda n: np.full(n, 3),
        lambda n: [f"é {i}" for i in range(n)],
        lambda n: np.full(n, np.nan),
        lambda n: rng.choice(["train", "test"], n),
    ]
    for _ in range(60):
        n = int(rng.choice([0, 1, 9, 15, 40]))
        made = rng.choice(len(columns), 6)
        frame = pd.DataFrame({f"c{i}": columns[k](n) for i, k in enumerate(made)}, index=range(n))
        frame["y"] = columns[int(rng.choice([0, 1, 3]))](n)
        roles = dict(zip(["split", "weight", str(rng.choice(["group", "time"]))], ["c0", "c1", "c2"], strict=True))
        others = {key: name for key, name in roles.items() if rng.random() < 0.2}
        others |= {key: [name] for key, name in {"numbers": "c3", "categories": "c4"}.items() if rng.random() < 0.2}
        try:
            dataset = load(DataConfig(**saved(frame, **others)))
        except DnnexpError as error:
            outcomes["refused" if "\n" not in str(error) else "refused in several lines"] += 1
        else:
            assert not np.isinf(dataset.X.select_dtypes("number").to_numpy()).any()
            outcomes["read"] += 1
    assert outcomes.pop("refused in several lines") == 0
    assert min(outcomes.values()) >= 10


def test_numbers_written_as_texts_are_warned_of_with_the_remedy_unless_they_are_named_as_categories(
    read: Callable[..., Dataset],
) -> None:
    frame = good(d=[f"{i},5" for i in I], p=[f"{i % 3}%" for i in I])
    said = " ".join(" ".join(read(frame).summary).split())
    assert "warning 'd', 'p': read as texts, but '0,5', '0%' look like numbers; write them in digits" in said
    assert "as in 1234.5; if they are categories, say data.categories=[d,p]" in said
    assert "look like numbers" not in " ".join(read(frame, categories=["d", "p"]).summary)


def test_whole_numbers_too_long_to_be_told_apart_are_not_said_to_be_the_same(tmp_path: Path) -> None:
    good(n=[f"1234567890123456789{10 + i}" for i in I]).to_csv(tmp_path / "t.csv", index=False)
    said = " ".join(" ".join(load(DataConfig(name="csv", path=str(tmp_path / "t.csv"), target="y")).summary).split())
    assert "not used 'n': the same in every row but for digits beyond the 15 that numbers keep" in said
    assert "if they name something, say data.categories=[n]" in said
    kept = load(DataConfig(name="csv", path=str(tmp_path / "t.csv"), target="y", categories=["n"]))
    assert "'n': another text in every row" in " ".join(kept.summary)


def test_texts_that_say_a_target_is_missing_can_be_classes_or_chosen(
    read: Callable[..., Dataset], refused: Callable[..., str]
) -> None:
    classes = good(y=np.array(["NA", "None", "low", "?"])[I % 4])
    assert read(classes, missing_target=[]).classes == ("?", "NA", "None", "low")
    chosen = read(classes, missing_target=["?", "None"], drop_missing_target=True)
    assert (chosen.classes, len(chosen.X)) == (("NA", "low"), 20)
    assert "target 'y', row 4: the value is missing (10 in all)" in refused(classes, missing_target=["?"])
    gap = good(y=np.where(I == 3, None, np.array(["NA", "low"])[I % 2]))
    assert "target 'y', row 4: the value is missing (1 in all)" in refused(gap, missing_target=[])
    numbers = good(y=np.where(I % 4, I * 1.5, -999))
    assert read(numbers, missing_target=["-999"], drop_missing_target=True).y.min() == 1.5
    some = good(y=np.where(I % 4, (I * 1.5).astype(str), "NA"))
    assert "'NA' is no number, as most are" in refused(some, missing_target=[])
    assert len(read(some, missing_target=["NA"], drop_missing_target=True).X) == 30


def test_decimal_commas_are_read_beside_texts_that_say_a_target_is_missing(tmp_path: Path) -> None:
    frame = good(y=[f"{i},5" if i % 4 else "no idea" for i in I])
    frame.to_csv(tmp_path / "t.csv", index=False, sep=";")
    settings = {"missing_target": ["no idea"], "drop_missing_target": True}
    dataset = load(DataConfig(name="csv", path=str(tmp_path / "t.csv"), target="y", **settings))
    assert dataset.y[:3, 0].tolist() == [1.5, 2.5, 3.5]
