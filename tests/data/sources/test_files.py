from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from dnnexp.data.sources.files import plain_name, unpacked
from dnnexp.errors import DataError

CONTENT = b"a,b\n1,2\n" * 50
PACKERS = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


@pytest.mark.parametrize("name", ["csv", "idx", "npz", "parquet"])
class TestAFileThatIsNotThere:
    def test_is_refused_with_the_nearest_name_in_its_folder(
        self, name: str, tmp_path: Path, refusal: Callable[..., str]
    ) -> None:
        (tmp_path / "houses.dat").write_text("a,b\n")
        message = refusal(name=name, path=str(tmp_path / "house.dat"), target="y")
        assert message == f"data.path: no file {tmp_path}/house.dat, did you mean {tmp_path}/houses.dat?"

    def test_is_refused_plainly_where_nothing_is_near(
        self, name: str, tmp_path: Path, refusal: Callable[..., str]
    ) -> None:
        message = refusal(name=name, path=str(tmp_path / "house.dat"), target="y")
        assert message == f"data.path: no file {tmp_path}/house.dat"

    def test_is_refused_with_the_folder_that_is_missing(
        self, name: str, tmp_path: Path, refusal: Callable[..., str]
    ) -> None:
        message = refusal(name=name, path=str(tmp_path / "no" / "house.dat"), target="y")
        assert message == f"data.path: no file {tmp_path}/no/house.dat: there is no folder {tmp_path}/no"

    def test_is_refused_where_it_is_a_folder_empty_unnamed_or_impossible(
        self, name: str, tmp_path: Path, refusal: Callable[..., str]
    ) -> None:
        (tmp_path / "empty").touch()
        assert refusal(name=name, path=str(tmp_path), target="y").endswith("is a folder, need a file")
        assert refusal(name=name, path=str(tmp_path / "empty"), target="y").endswith("is empty")
        assert refusal(name=name, target="y") == f"data.path: need a file for data={name}, got none"
        assert refusal(name=name, path="a\0b", target="y").startswith("data.path: ")
        assert refusal(name=name, path="x" * 5000, target="y").startswith("data.path: ")


@pytest.mark.parametrize("ending", PACKERS)
def test_a_packed_file_is_unpacked_by_its_content_whatever_its_name(ending: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(PACKERS[ending](CONTENT))
    assert unpacked(path) == CONTENT


@pytest.mark.parametrize("ending", PACKERS)
def test_a_packed_file_that_is_cut_or_changed_is_refused(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"table.csv{ending}"
    packed = PACKERS[ending](CONTENT)
    for damaged in (packed[:-9], packed[:15] + bytes(12) + packed[27:]):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match="cannot be read"):
            unpacked(path)


def test_an_archive_must_hold_one_file(tmp_path: Path) -> None:
    path = tmp_path / "table.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("table.csv", CONTENT)
    assert unpacked(path) == CONTENT
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("other.csv", CONTENT)
    with pytest.raises(DataError, match=r"table\.zip: cannot be read: an archive of 2 files \(a spreadsheet\?\)"):
        unpacked(path)


def test_endings_are_no_part_of_a_data_sets_name() -> None:
    names = ["diamonds.csv.gz", "a.b.tsv", "table.parquet", "t.zip", "train-images-idx3-ubyte.gz"]
    assert [plain_name(Path(name)) for name in names] == [
        "diamonds", "a.b", "table", "t", "train-images-idx3-ubyte",
    ]  # fmt: skip
