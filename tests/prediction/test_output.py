"""Files of predictions are whole or not there, and say the same in every format."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from dnnexp.errors import ConfigError
from dnnexp.prediction.output import open_output, require_output

FRAME = pd.DataFrame({"id": ["a", "b,c", ""], "prediction": ["x", "größer", "x"], "probability_x": [0.1, 1 / 3, 1.0]})
TEXT = 'id,prediction,probability_x\na,x,0.1\n"b,c",größer,0.3333333333333333\n"",x,1.0\n'


@pytest.mark.parametrize(
    "name", ["p.csv", "p.csv.gz", "p.csv.bz2", "p.csv.xz", "p.tsv", "p.tsv.gz", "p.parquet", "p.pq"]
)
def test_what_is_written_in_parts_is_read_back_the_same(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text("what was there before")
    with open_output(path) as output:
        output.write(FRAME[:2])
        output.write(FRAME[2:])
        assert path.read_text() == "what was there before"
    if path.suffix in (".parquet", ".pq"):
        back = pd.read_parquet(path)
        assert pq.ParquetFile(path).num_row_groups == 2
    else:
        back = pd.read_csv(path, sep="\t" if ".tsv" in name else ",", keep_default_na=False)
    pd.testing.assert_frame_equal(back, FRAME, check_dtype=False, check_exact=True)
    assert os.listdir(tmp_path) == [name]


def test_text_has_one_header_and_short_numbers(tmp_path: Path) -> None:
    for _ in range(2):
        with open_output(tmp_path / "p.csv") as output:
            output.write(FRAME[:1])
            output.write(FRAME[1:])
    assert (tmp_path / "p.csv").read_text(encoding="utf-8") == TEXT.replace('"",x', ",x")


@pytest.mark.parametrize("name", ["p.csv", "p.csv.gz", "p.parquet"])
@pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt()])
def test_an_error_leaves_what_was_there_before_and_nothing_else(
    name: str, error: BaseException, tmp_path: Path
) -> None:
    (tmp_path / "old.csv").write_text("old")

    def write_and_fail(path: Path) -> None:
        with open_output(path) as output:
            output.write(FRAME)
            raise error

    for path in (tmp_path / "old.csv", tmp_path / name):
        with pytest.raises(type(error)):
            write_and_fail(path)
    assert os.listdir(tmp_path) == ["old.csv"]
    assert (tmp_path / "old.csv").read_text() == "old"


def test_of_a_link_the_file_it_leads_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "p.csv").touch()
    (tmp_path / "p.csv").symlink_to(tmp_path / "far" / "p.csv")
    with open_output(tmp_path / "p.csv") as output:
        output.write(FRAME)
    assert (tmp_path / "p.csv").is_symlink()
    assert pd.read_csv(tmp_path / "far" / "p.csv").shape == FRAME.shape


def test_standard_output_gets_text(capsys: pytest.CaptureFixture[str]) -> None:
    with open_output(None) as output:
        output.write(FRAME[:1])
        output.write(FRAME[1:])
    assert capsys.readouterr().out == TEXT.replace('"",x', ",x")


@pytest.mark.parametrize("output", ["p", "p.txt", "p.gz", "p.parquet.gz", "p.csv.zip", "p.xlsx", ""])
def test_a_kind_of_file_that_is_not_written_is_refused(output: str) -> None:
    with pytest.raises(ConfigError, match=r"output: need a file ending in \.csv"):
        require_output(output, None)


def test_a_place_where_no_file_can_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "new.csv").touch()
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ConfigError, match="output: no folder"):
        require_output(str(tmp_path / "nowhere" / "p.csv"), None)
    with pytest.raises(ConfigError, match="is there and no plain file"):
        require_output(str(tmp_path / "folder.csv"), None)
    with pytest.raises(ConfigError, match=r"is data\.path itself"):
        require_output(str(tmp_path / "new.csv"), str(tmp_path / "folder.csv" / ".." / "new.csv"))
    assert require_output(str(tmp_path / "p.csv"), str(tmp_path / "new.csv")) == tmp_path / "p.csv"
    assert require_output("-", None) is None
