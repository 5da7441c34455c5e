"""New rows are read as they stand in the file, whatever it is packed in, and refused by line and column."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dnnexp.data.schema import DataConfig
from dnnexp.data.sources import load
from dnnexp.errors import ConfigError, DataError
from dnnexp.prediction.rows import Rows, Wanted, open_rows, rows_at_a_time

WANTED = Wanted({"length": "number", "island": "category", "heavy": "number"}, ("id",))
TEXT = 'id,island,heavy,length,species\n007,Biscoe,True,1.5,A\n"8, b",,false,,B\n\n 9,"Dr\neam",,-2e3,A\n'


def read(path: Path, rows: int = 100, wanted: Wanted = WANTED, encoding: str | None = None) -> list[Rows]:
    return list(open_rows(path, wanted, rows, None, encoding))


def inputs(parts: list[Rows]) -> pd.DataFrame:
    return pd.concat([part.inputs for part in parts], ignore_index=True)


def require_read(parts: list[Rows]) -> None:
    X = inputs(parts)
    assert list(X.columns) == ["length", "island", "heavy"]
    np.testing.assert_array_equal(X["length"], [1.5, np.nan, -2000.0])
    np.testing.assert_array_equal(X["heavy"], [1.0, 0.0, np.nan])
    assert [None if pd.isna(value) else value for value in X["island"]] == ["Biscoe", None, "Dr\neam"]


PACKERS: dict[str, Callable[[Path, bytes], object]] = {
    "t.csv": lambda path, content: path.write_bytes(content),
    "t.csv.gz": lambda path, content: path.write_bytes(gzip.compress(content)),
    "t.csv.bz2": lambda path, content: path.write_bytes(bz2.compress(content)),
    "t.csv.xz": lambda path, content: path.write_bytes(lzma.compress(content)),
    "no ending": lambda path, content: path.write_bytes(gzip.compress(content)),
    "t.csv.zip": lambda path, content: zip_of(path, {"t.csv": content}),
}


def zip_of(path: Path, contents: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)


@pytest.mark.parametrize("name", PACKERS)
@pytest.mark.parametrize("rows", [1, 2, 100])
def test_cells_lines_and_kept_texts_are_the_files_however_it_is_packed(name: str, rows: int, tmp_path: Path) -> None:
    PACKERS[name](tmp_path / name, TEXT.encode())
    parts = read(tmp_path / name, rows)
    assert [len(part.inputs) for part in parts] == {1: [1, 1, 1], 2: [2, 1], 100: [3]}[rows]
    require_read(parts)
    assert [cell for part in parts for cell in part.kept["id"]] == ["007", "8, b", " 9"]
    assert [part.row_name(i) for part in parts for i in range(len(part.inputs))] == ["line 2", "line 3", "line 5"]


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_the_separator_is_the_one_that_finds_the_columns_and_a_mark_at_the_beginning_is_no_part_of_a_name(
    separator: str, tmp_path: Path
) -> None:
    text = TEXT.replace("8, b", "8 b").replace(",", separator).replace("1.5", "1,5")
    (tmp_path / "t.txt").write_text(text, encoding="utf-8-sig", newline="")
    require_read(read(tmp_path / "t.txt"))


@pytest.mark.parametrize("encoding", [None, "utf-8", "UTF8", "utf_8", "utf-8-sig"])
def test_a_mark_at_the_beginning_is_no_part_of_a_name_however_utf_8_is_spelled(
    encoding: str | None, tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text("length,island,heavy,id\n" + "1,a,0,b\n2,c,1,d\n" * 6, encoding="utf-8-sig")
    (part,) = read(tmp_path / "t.csv", encoding=encoding)
    learnt = load(
        DataConfig(name="csv", path=str(tmp_path / "t.csv"), target="island", encoding=encoding, allow_leaks=True)
    )
    assert part.inputs["length"].tolist() == learnt.X["length"].tolist() == [1.0, 2.0] * 6


def test_line_ends_of_other_systems_and_another_encoding_are_read(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("id,island,heavy,length\r\n1,Größe,1,2\r\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"t\.csv: not UTF-8 text .*: save it as UTF-8"):
        read(tmp_path / "t.csv")
    (part,) = read(tmp_path / "t.csv", encoding="latin-1")
    assert part.inputs.to_numpy().tolist() == [[2.0, "Größe", 1.0]]


@pytest.mark.parametrize("rows", [1, 2, 100])
def test_parquet_rows_are_read_by_parts_and_kept_with_their_types(rows: int, tmp_path: Path) -> None:
    table = pa.table(
        {
            "species": ["A", "B", "A"],
            "length": pa.array([1.5, None, -2000], pa.float32()),
            "id": pa.array([7, None, 9], pa.int64()),
            "island": pa.array(["Biscoe", None, "Dr\neam"]).dictionary_encode(),
            "heavy": pa.array([True, False, None]),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=2)
    file = open_rows(tmp_path / "t.parquet", WANTED, rows, None, None)
    assert file.ignored == ["species"]
    parts = list(file)
    assert max(len(part.inputs) for part in parts) <= rows
    require_read(parts)
    kept = pa.Table.from_pandas(pd.concat([part.kept for part in parts], ignore_index=True), preserve_index=False)
    assert kept.column("id").to_pylist() == [7, None, 9]
    assert kept.schema.field("id").type == pa.int64()
    assert [part.row_name(i) for part in parts for i in range(len(part.inputs))] == ["row 1", "row 2", "row 3"]
    assert file.share() == 1


def test_whole_numbers_decimals_and_gaps_of_parquet_are_numbers(tmp_path: Path) -> None:
    table = pa.table(
        {
            "a": pa.array([1, None, 3], pa.uint8()),
            "b": pa.array([Decimal("1"), None, Decimal("3.00")], pa.decimal128(5, 2)),
            "c": pa.array([None, None, None], pa.null()),
            "d": pa.array(["1", " 2.5", None]),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    X = inputs(read(tmp_path / "t.parquet", wanted=Wanted(dict.fromkeys("abcd", "number"), ())))
    for name, expected in {"a": [1, np.nan, 3], "b": [1, np.nan, 3], "c": [np.nan] * 3, "d": [1, 2.5, np.nan]}.items():
        np.testing.assert_array_equal(X[name].to_numpy(np.float64), expected)


def zipped(text: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("ü.csv", text)
    return content.getvalue()


HEADER = "id,length,island,heavy\n"
BAD: dict[str, tuple[bytes | str, str]] = {
    "text among numbers": (HEADER + "1,2,x,3\n1,long,x,3\n", "column 'length', line 3: need a number, got 'long'"),
    "an infinity": (HEADER + "1,2,x,3\n1,2,x,-inf\n", "column 'heavy', line 3: an infinite value"),
    "a number too large": (HEADER + "1,1e999,x,3\n", "column 'length', line 2: an infinite value"),
    "a short row": (HEADER + "1,2,x,3\n\n1,2,x\n", "line 4 has 3 cells, the header has 4"),
    "a long row": (HEADER + "1,2,x,3,4\n", "line 2 has 5 cells, the header has 4"),
    "a missing column": ("id,lenght,island,heavy\n1,2,x,3\n", "column 'length' is missing, did you mean 'lenght'?"),
    "no column of the model": ("a\n1\n", "column 'length' is missing (3 of the model's 3 columns are)"),
    "a doubled column": ("id,length,length,island,heavy\n1,2,2,x,3\n", "column 'length' is there more than once"),
    "nothing": ("\n \n", "the file has no text in it"),
    "an open quotation mark": (HEADER + '1,2,"x,3\n1,2,x,3\n', "line 2 has"),
    "other bytes": (b"id,length,island,heavy\n1,2,\xff,3\n", "not UTF-8 text"),
    "half a packed file": (gzip.compress(TEXT.encode() * 9)[:-20], "cannot be read"),
    "half a Parquet file": (b"PAR1" + bytes(100), "no readable Parquet file"),
    "bytes that claim to be packed": (b"\x1f\x8b" + bytes(50), "cannot be read"),
    "half an archive": (b"PK\x03\x04" + bytes(50), "cannot be read"),
    "an archive of a name that is no text": (zipped(TEXT).replace("ü".encode(), b"\xff\xff"), "a damaged archive"),
    "nothing, packed": (bz2.compress(b""), "the file has no text in it"),
    "other bytes, packed": (gzip.compress(TEXT.encode("utf-16")), "for instance data.encoding=utf-16"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_file_that_cannot_be_read_is_one_error_that_says_where(what: str, tmp_path: Path) -> None:
    content, words = BAD[what]
    path = tmp_path / "new.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError) as refusal:
        read(path)
    assert str(refusal.value).startswith("new.csv: ")
    assert words in str(refusal.value)


def test_an_archive_of_two_files_is_refused(tmp_path: Path) -> None:
    zip_of(tmp_path / "t.zip", {"a.csv": b"a\n1\n", "b.csv": b"a\n1\n"})
    with pytest.raises(DataError, match=r"t\.zip: cannot be read: an archive of 2 files"):
        read(tmp_path / "t.zip")


def test_a_text_in_a_parquet_number_column_is_named_by_its_row(tmp_path: Path) -> None:
    table = pa.table({"a": ["1"] * 5 + ["x"]})
    pq.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(DataError, match=r"t\.parquet: column 'a', row 6: need a number, got 'x'"):
        read(tmp_path / "t.parquet", 2, Wanted({"a": "number"}, ()))


def test_columns_that_are_not_used_are_named_and_may_be_doubled_and_a_kept_one_must_be_there(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,id,length,x,island,heavy\n1,2,3,4,5,6\n")
    assert open_rows(path, WANTED, 9, None, None).ignored == ["x", "x"]
    with pytest.raises(ConfigError, match=r"prediction\.keep: t\.csv has no column 'idd', did you mean 'id'\?"):
        open_rows(path, Wanted(WANTED.kinds, ("idd",)), 9, None, None)


def test_a_column_may_be_both_read_and_kept(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\n01\n2.50\n")
    (part,) = read(tmp_path / "t.csv", wanted=Wanted({"a": "number"}, ("a",)))
    assert part.inputs["a"].tolist() == [1.0, 2.5]
    assert part.kept["a"].tolist() == ["01", "2.50"]


def test_rows_at_a_time_make_about_a_million_cells() -> None:
    assert [rows_at_a_time(None, columns) for columns in (1, 20, 5000, 3_000_000)] == [20_000, 20_000, 200, 1]
    assert rows_at_a_time(7, 20) == 7


def test_points_of_columns_with_decimal_commas_stand_between_thousands_as_in_training(tmp_path: Path) -> None:
    wanted = Wanted({"a": "number", "b": "number"}, (), {"a": "1.234,5"})
    (tmp_path / "t.csv").write_text("a;b\n7.685;7.685\n862;1,5\n1.234.567,5;?\n")
    X = inputs(read(tmp_path / "t.csv", 1, wanted))
    np.testing.assert_array_equal(X["a"], [7685, 862, 1234567.5])
    np.testing.assert_array_equal(X["b"], [7.685, 1.5, np.nan])
    (tmp_path / "t.csv").write_text("a;b\n7.685;1\n8.62;1\n")
    with pytest.raises(DataError, match=r"column 'a', line 3: need a number written as .* 1\.234,5, got '8\.62'"):
        read(tmp_path / "t.csv", 1, wanted)
    (tmp_path / "t.csv").write_text("a,b\n7.685,1\n")
    assert inputs(read(tmp_path / "t.csv", 1, wanted))["a"].tolist() == [7.685]


@pytest.mark.parametrize("rows", [1, 2, 100])
def test_a_marker_of_a_gap_changes_no_other_cell_of_a_column_with_decimal_points(tmp_path: Path, rows: int) -> None:
    (tmp_path / "t.csv").write_text("a;b\n1.234;1\n0.5;2\n?;3\n12.345;4\n1,5;5\n-,25;6\n")
    X = inputs(read(tmp_path / "t.csv", rows, Wanted({"a": "number", "b": "number"}, ())))
    np.testing.assert_array_equal(X["a"], [1.234, 0.5, np.nan, 12.345, 1.5, -0.25])
