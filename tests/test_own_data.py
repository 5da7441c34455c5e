"""A user's table from the command line: read, said, and kept with the run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnnexp.config import Composer
from dnnexp.data.sources import load
from dnnexp.evaluation.protocol import Protocol
from dnnexp.recording.single import single_run
from dnnexp.train import main

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(RNG.normal(size=(90, 2)).round(3), columns=["height", "width"]).assign(
    person=RNG.integers(0, 30, 90),
    day=pd.date_range("2024-01-01", periods=90).astype(str),
    counts=RNG.integers(1, 4, 90),
)
SMALL = ("data=csv", "data.path=my.csv", "data.target=good", "data.keep=[height,width]", "trainer.epochs=5")


@pytest.fixture(autouse=True)
def _with_a_table(empty_folder: Path) -> None:
    good = np.where(FRAME["height"] > 0, "yes", "no")
    FRAME.assign(good=good, twin=np.where(good == "yes", 7, -1)).to_csv("my.csv", index=False)


@pytest.mark.parametrize("side", ["data.group=person", "data.time=day", "data.weight=counts"])
def test_a_table_is_trained_on_by_groups_in_time_and_weighted(side: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "tracking=none", side]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("my.csv: 90 rows, 2 input columns\n  numbers     2: height, width\n")
    assert f"  rows        {side.partition('=')[2]}: " in printed
    assert "test accuracy " in printed


def test_what_was_read_is_kept_with_the_run() -> None:
    config = Composer().compose(list(SMALL))
    protocol = Protocol(load(config.data), config.data.test_size, config.evaluation, config.seed)
    kept = single_run("single/a", config, protocol, None, None, "", 0.0).artifacts["data.txt"]
    assert str(kept).startswith("my.csv: 90 rows, 2 input columns\n  numbers     2: height, width\n")


def test_a_column_that_is_the_target_stops_the_run_before_anything_is_made(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data=csv", "data.path=my.csv", "data.target=good"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: my.csv: column 'twin' says the same as the target 'good' in every row")
    assert error.count("\n") == 1
    assert "leave it out with data.drop=[twin]" in error
    assert not Path("runs").exists()
