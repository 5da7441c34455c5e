"""The main job as users run it: the figure that the README promises, over the splits of five seeds, none picked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dnnexp.config import Composer
from dnnexp.sweep import main


@pytest.mark.slow
def test_the_sweep_on_digits_reaches_its_accuracy_on_the_outer_splits_of_five_seeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    scores = []
    for seed in range(5):
        assert main(["--quiet", f"seed={seed}", f"study=seed-{seed}", "tracking=none"]) == 0
        answer = Path("runs", "outputs", f"seed-{seed}", "answer.txt").read_text(encoding="utf-8")
        scores.append(float(answer.partition("test accuracy ")[2].split()[0]))
    assert np.mean(scores) >= 0.975


def test_the_main_job_is_the_ladder_on_digits_with_folds_shared_by_all() -> None:
    config = Composer().compose([])
    assert (config.data.name, config.evaluation.kind, config.evaluation.folds) == ("digits", "cross_validation", 5)
