"""The ladder climbs where depth is needed, says so, and stays at one layer where it is not."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnnexp.sweep import main

FAST = (
    "tracking=none", "study=depth", "search.trials_per_depth=8", "search.max_depth=4", "search.confirm_seeds=2",
    "search.space.lr=[0.01,0.1]", "search.space.activation=[tanh,silu]", "trainer.epochs=30", "trainer.patience=10",
)  # fmt: skip
VERDICT = re.compile(r"^Depth (\d+): gain .* over depth \d+, (better|worse|not distinguishable)", re.MULTILINE)


def answer(*overrides: str) -> str:
    assert main(["--quiet", *FAST, *overrides]) == 0
    return Path("runs/outputs/depth/answer.txt").read_text(encoding="utf-8")


def chosen_depth(said: str) -> int:
    found = re.match(r"Use d(\d+)-\S+: (\d+) hidden layers?, ", said)
    assert found is not None
    assert found[1] == found[2]
    return int(found[1])


@pytest.mark.slow
@pytest.mark.parametrize("task", ["regression", "binary"])
def test_a_sawtooth_at_a_fixed_narrow_width_makes_the_ladder_climb_and_say_that_depth_helps(
    task: str, empty_folder: Path
) -> None:
    sawtooth = ("data=sawtooth", f"data.task={task}", "data.compositions=2", "data.examples=600", "data.noise=0.1")
    said = answer(*sawtooth, "search.space.width=[8,8]")
    verdicts = dict(VERDICT.findall(said))
    assert chosen_depth(said) > 1
    assert verdicts["2"] == "better"
    assert "3" in verdicts  # it went on after the gain


@pytest.mark.slow
@pytest.mark.parametrize("task", ["regression", "binary"])
def test_a_plane_makes_the_ladder_stop_and_choose_one_hidden_layer(task: str, empty_folder: Path) -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 3))
    height = X @ (1.0, -0.7, 0.4) + 0.5 * rng.standard_normal(400)
    y = height if task == "regression" else np.where(height > 0, "above", "below")
    pd.DataFrame(X, columns=["x1", "x2", "x3"]).assign(y=y).to_csv("plane.csv", index=False)
    said = answer("data=csv", "data.path=plane.csv", "data.target=y", "search.space.width=[4,32]")
    assert chosen_depth(said) == 1
    assert dict(VERDICT.findall(said)) == {"2": "not distinguishable", "3": "not distinguishable"}
    assert "Growing stopped because 2 consecutive depths, 2 and 3, gained no more than one standard error." in said
