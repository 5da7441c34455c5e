"""The root that a printed command is told is the one that was used."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from dnnexp.config import Composer, Config, PathsConfig, own_root


@pytest.mark.parametrize("root", ["my runs", "runs(1)", "a,b", "it's", "runs=2", "x\\", " lead", "~/r", "007"])
def test_the_root_that_commands_are_told_is_the_one_that_was_used(root: str) -> None:
    config = replace(Config(), paths=PathsConfig(root))
    (said,) = shlex.split(shlex.join(own_root(config)))
    assert Composer().compose([said]).paths.root == root


def test_the_usual_root_needs_no_word() -> None:
    assert own_root(Config()) == []
