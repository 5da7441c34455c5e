"""The commands that are printed find what is under the root that was used, whatever it is called."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import replace

import pytest

from dnnexp.config import Composer, Config, PathsConfig
from dnnexp.recording.models import predict_command
from dnnexp.recording.report import use_commands
from dnnexp.recording.sweep import train_command

PRINTED: dict[str, Callable[[Config], str]] = {
    "train": lambda config: train_command(config, "best"),
    "train of the report": lambda config: use_commands(config, "s")[1].text,
    "report": lambda config: use_commands(config, "s")[2].text,
    "predict": lambda config: predict_command(config, "models:/s@champion"),
}


@pytest.mark.parametrize("printed", PRINTED.values(), ids=PRINTED)
@pytest.mark.parametrize("root", ["runs(1)", "a,b", "it's", "runs=2", "x\\", "~/r", " lead", "my runs"])
def test_a_command_names_the_root_so_that_it_is_read_as_it_was(root: str, printed: Callable[[Config], str]) -> None:
    words = shlex.split(printed(replace(Config(), paths=PathsConfig(root))))
    (said,) = [word for word in words if word.startswith("paths.root")]
    assert Composer().compose([said]).paths.root == root
