from __future__ import annotations

import csv
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dnnexp.data.schema import DataConfig
from dnnexp.data.sources import load
from dnnexp.errors import DnnexpError


def test_a_table_is_read_with_its_columns_in_order(csv_file: Callable[..., str]) -> None:
    dataset = load(DataConfig(name="csv", path=csv_file(), target="y"))
    assert dataset.name == "table"
    assert list(dataset.X.columns) == ["a", "b"]
    assert dataset.X.iloc[3].tolist() == [3, 2.5]
    assert dataset.y[:, 0].tolist() == [i * 0.25 for i in range(12)]
    assert (dataset.task, dataset.target_names) == ("regression", ("y",))


def test_dropped_columns_are_not_read_whatever_is_in_them(csv_file: Callable[..., str]) -> None:
    path = csv_file({4: "oops,1.5,0.5"})
    dataset = load(DataConfig(name="csv", path=path, target="y", drop=["a"]))
    assert list(dataset.X.columns) == ["b"]


def test_a_column_of_texts_is_a_target_of_classes(csv_file: Callable[..., str]) -> None:
    names = ["yes", "no", "perhaps"]
    path = csv_file({i: f"{i},1.5,{names[i % 3]}" for i in range(2, 14)})
    dataset = load(DataConfig(name="csv", path=path, target="y"))
    assert (dataset.task, dataset.classes) == ("multiclass", ("no", "perhaps", "yes"))
    assert [dataset.classes[code] for code in dataset.y] == [names[i % 3] for i in range(2, 14)]


@pytest.mark.parametrize(
    ("words", "classes"),
    [(("True", "False"), ("False", "True")), (("1", "0"), ("0", "1")), (("1.0", "2.0"), ("1", "2"))],
)
def test_two_values_are_a_binary_target(
    csv_file: Callable[..., str], words: tuple[str, str], classes: tuple[str, ...]
) -> None:
    path = csv_file({i: f"{i},1.5,{words[i % 2]}" for i in range(2, 14)})
    dataset = load(DataConfig(name="csv", path=path, target="y"))
    assert (dataset.task, dataset.classes) == ("binary", classes)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\n\n"])
def test_byte_order_marks_blank_lines_and_quotes_change_nothing(tmp_path: Path, encoding: str, newline: str) -> None:
    rows = ['"größe",y', *(f'"{i}",{i / 4}' for i in range(12))]
    path = tmp_path / "t.csv"
    path.write_bytes(newline.join(["", *rows]).encode(encoding))
    dataset = load(DataConfig(name="csv", path=str(path), target="y"))
    assert list(dataset.X.columns) == ["größe"]
    assert dataset.X["größe"].tolist() == list(range(12))


def test_booleans_and_whole_numbers_beyond_64_bits_are_numbers(csv_file: Callable[..., str]) -> None:
    path = csv_file({i: f"{i % 2 == 0},1e308,{i}{'0' * 30}" for i in range(2, 14)})
    dataset = load(DataConfig(name="csv", path=path, target="y"))
    assert dataset.X["a"].tolist() == [1.0, 0.0] * 6
    assert dataset.task == "regression"


@pytest.mark.parametrize(
    ("lines", "settings", "message"),
    [
        ({}, {"target": "Y"}, "data.target: table.csv has no column 'Y', choices: a, b, y"),
        ({1: "a,b,price"}, {"target": "prize"}, "has no column 'prize', did you mean 'price'? choices: a, b, price"),
        ({}, {"target": None}, "data.target: need the column to predict, got none"),
        ({1: "a;b;y"}, {}, "table.csv: line 2 has 1 cells, the header has 3 (separated by ';')"),
        ({}, {"separator": ";"}, "data.target: table.csv has no column 'y', choices: a,b,y"),
        ({}, {"drop": ["bb"]}, "data.drop: table.csv has no column 'bb', did you mean 'b'?"),
        ({}, {"drop": ["y"]}, "data.drop: 'y' is the target, it cannot be dropped"),
        ({}, {"drop": ["a", "b"]}, "table.csv: need at least one input column besides the target, got none"),
        ({1: "a,a,y"}, {}, "table.csv: columns 1 and 2 have the same name, 'a': rename one"),
        (
            {1: ",b,y"},
            {},
            "table.csv: column 1 has no name (row numbers?): name it, or leave it out with 'data.drop=[\"Un",
        ),
        ({5: "1,2"}, {}, "table.csv: line 5 has 2 cells, the header has 3"),
        ({5: "1,2,3,4"}, {}, "table.csv: line 5 has 4 cells, the header has 3"),
        ({5: '"1\n",2,3,4'}, {}, "table.csv: line 5 has 4 cells, the header has 3"),
        ({5: "1,2,"}, {}, "target 'y', line 5: the value is missing (1 in all); fill it in, or leave such rows out"),
        ({5: "1,2,oops"}, {}, "table.csv: target 'y', line 5: 'oops' is no number, as most are; correct it"),
        ({5: "1,2,inf"}, {}, "table.csv: target 'y', line 5: infinite"),
        (
            {5: "one,2,3"},
            {},
            "table.csv: column 'a', line 5: 'one' is no number, as most there are (1 are not): correct",
        ),
        (
            {5: "one,2,3"},
            {},
            "say data.numbers=[a] (the others are then missing), data.categories=[a] or data.drop=[a]",
        ),
        ({5: "1,two,3", 6: "one,2,3"}, {"drop": []}, "column 'a', line 6: 'one' is no number"),
        ({5: "1,two,3", 6: "one,2,3"}, {"drop": []}, "there is the like in 'b'"),
        ({5: "1,two,3", 6: "one,2,3"}, {"drop": ["a"]}, "column 'b', line 5: 'two' is no number"),
        ({5: "\n\n1,x,3"}, {}, "table.csv: column 'b', line 7: 'x' is no number"),
        ({5: "1,2,?"}, {}, "target 'y', line 5: the value is missing"),
        ({5: "1,-inf,3"}, {}, "table.csv: column 'b', line 5: an infinite value"),
        ({5: "1,1e999,3"}, {}, "table.csv: column 'b', line 5: an infinite value"),
        (dict.fromkeys(range(2, 14), "1,2,3"), {}, "table.csv: target 'y' must vary, but every row has '3'"),
        (dict.fromkeys(range(5, 14), ""), {}, "table.csv: need at least 10 rows, got 3"),
        (dict.fromkeys(range(1, 14), ""), {}, "table.csv: the file has no text in it"),
        ({5: '1,2,"3'}, {}, "table.csv: "),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_one_line(
    csv_file: Callable[..., str],
    refusal: Callable[..., str],
    lines: dict[int, str],
    settings: dict[str, object],
    message: str,
) -> None:
    assert message in refusal(**{"name": "csv", "path": csv_file(lines), "target": "y"} | settings)


def test_a_file_in_another_encoding_is_refused(csv_file: Callable[..., str], refusal: Callable[..., str]) -> None:
    path = csv_file({1: "a,é,y"}, encoding="latin-1")
    assert "table.csv: not UTF-8 text" in refusal(name="csv", path=path, target="y")


def test_damaged_files_are_read_or_refused_in_one_line(tmp_path: Path) -> None:
    rng = random.Random(0)
    cells = [
        "1",
        "",
        "nan",
        "inf",
        "1e999",
        "x",
        '"a,b"',
        '"un',
        "True",
        "9" * 25,
        "1e-320",
        "0x1F",
        "\0",
        '"1\n2"',
        "1+2j",
    ]
    path = tmp_path / "damaged.csv"
    outcomes = {"read": 0, "refused": 0, "refused in several lines": 0}
    for _ in range(300):
        share = rng.choice([0, 0, 0.01, 0.3])
        rows = [["a", "b", "y"]] + [
            [rng.choice(cells) if rng.random() < share else str(rng.randrange(4)) for _ in "aby"] for _ in range(15)
        ]
        content = bytearray("\n".join(map(",".join, rows)).encode(rng.choice(["utf-8", "utf-8", "utf-16"])))
        for _ in range(rng.choice([0, 0, 3])):
            content[rng.randrange(len(content))] = rng.randrange(256)
        path.write_bytes(content)
        try:
            dataset = load(DataConfig(name="csv", path=str(path), target="y"))
        except DnnexpError as error:
            outcomes["refused" if "\n" not in str(error) else "refused in several lines"] += 1
        else:
            assert not np.isinf(dataset.X.select_dtypes("number").to_numpy()).any()
            outcomes["read"] += 1
    assert outcomes.pop("refused in several lines") == 0
    assert min(outcomes.values()) > 50


ROWS = [["size", "colour", "y"], *([str(i / 4), ["red", "a, b", "blue"][i % 3], str(i % 2)] for i in range(14))]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_told_from_the_first_lines(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "table.txt"
    with path.open("w", newline="") as file:
        csv.writer(file, delimiter=separator).writerows(ROWS)
    dataset = load(DataConfig(name="csv", path=str(path), target="y"))
    assert dataset.X["size"].tolist() == [i / 4 for i in range(14)]
    assert set(dataset.X["colour"]) == {"red", "a, b", "blue"}


@pytest.mark.parametrize(("said", "character"), [("space", " "), ("tab", "\t"), (":", ":")])
def test_a_separator_that_is_named_is_taken(tmp_path: Path, said: str, character: str) -> None:
    path = tmp_path / "table.txt"
    with path.open("w", newline="") as file:
        csv.writer(file, delimiter=character).writerows(ROWS)
    assert list(load(DataConfig(name="csv", path=str(path), target="y", separator=said)).X) == ["size", "colour"]


def test_decimal_commas_are_read_where_another_character_separates(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a;b;y\n" + "".join(f"{i},5;1,{i}e-1;{i % 2}\n" for i in range(12)))
    dataset = load(DataConfig(name="csv", path=str(path), target="y"))
    assert dataset.X["a"].tolist() == [i + 0.5 for i in range(12)]
    assert dataset.X["b"].iloc[7] == pytest.approx(0.17)
    assert "  read as     decimal commas in a, b" in dataset.summary


def test_only_the_first_rows_are_read_where_that_is_asked(csv_file: Callable[..., str]) -> None:
    path = csv_file({12: "1,2", 13: "x"})  # faults after the tenth row
    assert len(load(DataConfig(name="csv", path=path, target="y", rows=10)).X) == 10


def test_categories_are_kept_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("zip,y\n" + "".join(f"0{i % 3}1,{i * 0.5}\n" for i in range(12)))
    dataset = load(DataConfig(name="csv", path=str(path), target="y", categories=["zip"]))
    assert dataset.X["zip"].tolist() == ["001", "011", "021"] * 4


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "cp1252"])
def test_another_encoding_is_read_where_it_is_named(csv_file: Callable[..., str], encoding: str) -> None:
    path = csv_file({1: "a,größe,y"}, encoding=encoding)
    assert list(load(DataConfig(name="csv", path=path, target="y", encoding=encoding)).X) == ["a", "größe"]


@pytest.mark.parametrize(("encoding", "guess"), [("latin-1", "latin-1"), ("utf-16", "utf-16")])
def test_an_encoding_that_is_not_named_is_guessed_in_the_refusal(
    csv_file: Callable[..., str], refusal: Callable[..., str], encoding: str, guess: str
) -> None:
    message = refusal(name="csv", path=csv_file({3: "1,2,ö"}, encoding=encoding), target="y")
    assert message.startswith(f"table.csv: not UTF-8 text (line {1 if guess == 'utf-16' else 3}: ")
    assert message.endswith(f"for instance data.encoding={guess}")


def test_a_parquet_file_is_told_from_text(tmp_path: Path, refusal: Callable[..., str]) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"PAR1\x15\x04")
    assert refusal(name="csv", path=str(path), target="y") == "table.csv: this is a Parquet file: say data=parquet"


def test_five_thousand_columns_are_read_and_named_in_one_line(tmp_path: Path, refusal: Callable[..., str]) -> None:
    path = tmp_path / "wide.csv"
    cells = np.random.default_rng(0).normal(size=(20, 5000)).round(3).astype(str)
    rows = [f"c{i}" for i in range(5000)], *cells
    path.write_text("".join(f"{','.join(row)},{'y' if i == 0 else i % 2}\n" for i, row in enumerate(rows)))
    assert load(DataConfig(name="csv", path=str(path), target="y")).X.shape == (20, 5000)
    assert len(refusal(name="csv", path=str(path), target="z")) < 200


def test_points_stand_between_thousands_where_commas_stand_before_decimals(tmp_path: Path) -> None:
    rows = [
        f"{['7.685', '862', '1.234.567', ''][i % 4]};{i},5;1.{100 + i},25;0.{100 + i};1.{i};{i}.500" for i in range(12)
    ]
    path = tmp_path / "table.csv"
    path.write_text("\n".join(["sum;x;both;small;plain;y", *rows]) + "\n")
    dataset = load(DataConfig(name="csv", path=str(path), target="y", allow_leaks=True))
    np.testing.assert_array_equal(dataset.X["sum"][:4], [7685, 862, 1234567, np.nan])
    assert dataset.X["both"][1] == 1101.25
    assert dataset.X["small"][1] == 0.101  # a zero before the point: no thousands
    assert dataset.X["plain"][1] == 1.1
    said = " ".join(" ".join(dataset.summary).split())
    assert "decimal commas in x, both" in said
    assert "points between thousands, as commas are before decimals: sum, both" in said
    assert dict(dataset.notations) == dict.fromkeys(("sum", "x", "both"), "1.234,5")
    path.write_text("a;b;y\n" + "".join(f"7.{100 + i};{i}.5;{i % 2}\n" for i in range(12)))
    assert load(DataConfig(name="csv", path=str(path), target="y")).X["a"][0] == 7.1  # no comma: decimals


@pytest.mark.parametrize("gap", ["fehlt", ""])
def test_what_marks_a_missing_target_does_not_change_how_the_others_are_read(tmp_path: Path, gap: str) -> None:
    cells = [gap, "1.180", "995", "12.345"]
    rows = [f"{i * 7 % 12},5;{cells[i % 4]}" for i in range(16)]
    (tmp_path / "t.csv").write_text("\n".join(["a;y", *rows]) + "\n")
    dataset = load(
        DataConfig(
            name="csv", path=str(tmp_path / "t.csv"), target="y", task="regression", missing_target=["fehlt"],
            drop_missing_target=True,
        )
    )  # fmt: skip
    assert dataset.y[:, 0].tolist() == [1180, 995, 12345] * 4


def test_official_test_rows_are_read_with_the_decimal_commas_of_the_others(
    tmp_path: Path, refusal: Callable[..., str]
) -> None:
    (tmp_path / "a.csv").write_text("a;b;y\n" + "".join(f"{i};{i},5;{i % 2}\n" for i in range(12)))
    (tmp_path / "b.csv").write_text("a;b;y\n1.234;2;0\n5;2;1\n")
    settings = {"name": "csv", "path": str(tmp_path / "a.csv"), "test_path": str(tmp_path / "b.csv"), "target": "y"}
    assert load(DataConfig(**settings)).X["a"].tolist()[-2:] == [1234, 5]
    (tmp_path / "b.csv").write_text("a;b;y\n1.234;2;0\n5;2.5;1\n")
    assert "b.csv: column 'b', line 3: need a number written as those that were trained on, 1.234,5, got '2.5'" in (
        refusal(**settings)
    )


def test_whole_numbers_as_categories_have_one_name_with_a_point_and_without(tmp_path: Path) -> None:
    cells = {
        "gap": (["1.0", "2.0", ""], ["1", "2", None]),
        "zip": (["01067", "1067", "2"], ["01067", "1067", "2"]),
        "version": (["1.0", "1.5", "2.0"], ["1.0", "1.5", "2.0"]),
    }
    rows = [";".join(written[i % 3] for written, _ in cells.values()) + f";{i}" for i in range(30)]
    (tmp_path / "t.csv").write_text("\n".join([f"{';'.join(cells)};y", *rows]) + "\n")
    X = load(DataConfig(name="csv", path=str(tmp_path / "t.csv"), target="y", categories=list(cells))).X
    assert {name: X[name][:3].tolist() for name in cells} == {name: names for name, (_, names) in cells.items()}
