"""A file is there whole, or as it was before, and nothing is left beside it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dnnexp.whole_file import whole_file, write_whole


def test_a_file_is_replaced_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with whole_file(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt(), OSError(28, "no space left")])
@pytest.mark.parametrize("step", ["os.write", "os.fsync", "pathlib.Path.replace"])
def test_an_error_leaves_what_was_there_before_and_nothing_else(
    step: str, error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    path = tmp_path / "a.txt"
    path.write_text("old")
    monkeypatch.setattr(step, fail)
    with pytest.raises(type(error)), whole_file(path) as file:
        os.write(file.fileno(), b"new")
    assert os.listdir(tmp_path) == ["a.txt"]
    assert path.read_text() == "old"


def test_of_a_link_the_file_it_leads_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "link").symlink_to(Path("far") / "a.txt")
    write_whole(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "far" / "a.txt").read_bytes() == b"new"


def test_who_may_read_a_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "private.txt"
    write_whole(path, b"old")
    path.chmod(0o600)
    write_whole(path, b"new")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o600)


def test_a_name_as_long_as_names_may_be_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / f"{'ü' * 125}.txt"
    write_whole(path, b"new")
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
