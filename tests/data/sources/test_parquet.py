from __future__ import annotations

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

N = 24
Y = np.arange(N) % 5 % 2


def saved(folder: Path, **columns: object) -> str:
    pq.write_table(pa.table({"a": np.arange(N) / 3, "y": Y, **columns}), folder / "t.parquet", row_group_size=7)
    return str(folder / "t.parquet")


def test_types_are_read_for_what_they_are(tmp_path: Path) -> None:
    path = saved(
        tmp_path,
        small=pa.array([None, 1, 2] * 8, pa.int8()),
        truth=pa.array([True, None, False] * 8),
        price=pa.array([Decimal("1.50"), Decimal("2.25"), None] * 8),
        day=pa.array(pd.date_range("1970-01-01", periods=N).date),
        moment=pa.array(np.arange(N) * 6 * 3600, pa.timestamp("s", tz="Europe/Paris")),
        word=pa.array(["x", None, "z"] * 8),
        code=pa.array(["u", "v", "w"] * 8).dictionary_encode(),
    )
    X = load(DataConfig(name="parquet", path=path, target="y")).X
    assert [dtype.kind for dtype in X.dtypes] == ["f"] * 6 + ["O"] * 2
    np.testing.assert_array_equal(X["small"].iloc[:3], [np.nan, 1, 2])
    np.testing.assert_array_equal(X["truth"].iloc[:3], [1, np.nan, 0])
    np.testing.assert_array_equal(X["price"].iloc[:3], [1.5, 2.25, np.nan])
    assert X["day"].tolist() == list(range(N))
    assert X["moment"].tolist() == [i / 4 for i in range(N)]
    assert X["word"].tolist()[:3] == ["x", None, "z"]
    assert X["code"].tolist()[:3] == ["u", "v", "w"]


def test_row_numbers_that_pandas_has_written_along_are_no_column(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    frame = pd.DataFrame({"a": np.arange(N) / 3, "y": Y})[Y < 5]
    frame.sample(frac=1, random_state=0).to_parquet(path)
    assert list(load(DataConfig(name="parquet", path=str(path), target="y")).X) == ["a"]


@pytest.mark.parametrize("rows", [10, 14, 100])
def test_the_first_rows_are_read_over_row_groups(tmp_path: Path, rows: int) -> None:
    dataset = load(DataConfig(name="parquet", path=saved(tmp_path), target="y", rows=rows))
    assert dataset.X["a"].tolist() == [i / 3 for i in range(min(rows, N))]


def test_nested_columns_are_refused_unless_they_are_dropped(tmp_path: Path, refusal: Callable[..., str]) -> None:
    path = saved(tmp_path, lists=[[1, 2]] * N)
    message = refusal(name="parquet", path=path, target="y")
    assert message.startswith("t.parquet: column 'lists' holds list<")
    assert message.endswith("need numbers, texts or dates")
    assert list(load(DataConfig(name="parquet", path=path, target="y", drop=["lists"])).X) == ["a"]


def test_a_file_that_is_damaged_or_of_another_format_is_refused(tmp_path: Path, refusal: Callable[..., str]) -> None:
    path = Path(saved(tmp_path))
    content = path.read_bytes()
    for damaged in (b"a,b\n1,2\n", content[:-20], content[:40] + bytes(100) + content[140:]):
        path.write_bytes(damaged)
        assert refusal(name="parquet", path=str(path), target="y").startswith("t.parquet: no readable Parquet file: ")


def test_doubled_names_are_refused(tmp_path: Path, refusal: Callable[..., str]) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.Table.from_arrays([pa.array(Y), pa.array(Y), pa.array(Y)], names=["a", "a", "y"]), path)
    message = refusal(name="parquet", path=str(path), target="y")
    assert message == "t.parquet: columns 1 and 2 have the same name, 'a': rename one"
