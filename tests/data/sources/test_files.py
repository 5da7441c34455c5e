from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.mark.parametrize("name", ["csv", "npz"])
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
