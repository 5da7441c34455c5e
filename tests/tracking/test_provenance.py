from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from dnnexp.tracking.provenance import provenance


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    return subprocess.run(
        ["git", "-C", folder, *identity, *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_it_names_versions_machine_and_command() -> None:
    tags = provenance("python -m dnnexp.train data=iris", threads=1)
    assert f"numpy {np.__version__}" in tags["dnnexp.packages"].split(", ")
    assert "thread" in tags["dnnexp.blas"]
    assert tags["mlflow.source.name"] == "python -m dnnexp.train data=iris"
    assert all(tags.values())


def test_the_threads_of_blas_are_those_it_trains_with() -> None:
    assert provenance("x", threads=7)["dnnexp.blas"].endswith("7 threads")


def test_passwords_in_the_command_are_masked() -> None:
    assert "hunter2" not in repr(provenance("python -m dnnexp.sweep storage=postgresql://me:hunter2@db/x", threads=1))


def test_the_commit_and_whether_files_differ_from_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in (tmp_path / "clean", tmp_path / "dirty"):
        folder.mkdir()
        git(folder, "init", "-q", "-b", "trunk")
        (folder / "a.txt").write_text("1")
        git(folder, "add", "a.txt")
        git(folder, "commit", "-q", "-m", "one")
        if folder.name == "dirty":
            (folder / "a.txt").write_text("2")
        monkeypatch.chdir(folder)
        tags = provenance("x", threads=1)
        assert tags["mlflow.source.git.commit"] == git(folder, "rev-parse", "HEAD")
        assert tags["mlflow.source.git.branch"] == "trunk"
        assert tags["mlflow.source.git.dirty"] == str(folder.name == "dirty").lower()


@pytest.mark.parametrize("path", ["", "/nowhere"])
def test_without_git_or_outside_a_repository_it_just_says_nothing(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / (path.strip("/") or "plain")
    folder.mkdir()
    monkeypatch.chdir(folder)
    if path:
        monkeypatch.setenv("PATH", path)
    else:
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    assert not [key for key in provenance("x", threads=1) if "git" in key]
