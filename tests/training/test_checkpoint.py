"""A run that is interrupted goes on as if nothing had happened, or says why it cannot."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from dnnexp.metrics import METRICS
from dnnexp.network.architecture import Architecture
from dnnexp.network.optimizers import OPTIMIZERS, OptimizerConfig
from dnnexp.training.checkpoint import MAGIC, CheckpointError, Checkpoints, State, read_checkpoint
from dnnexp.training.descent import Descent
from dnnexp.training.examples import Examples, Member
from dnnexp.training.fit import Fit
from dnnexp.training.lockstep import Lockstep
from dnnexp.training.schedules import SCHEDULES, ScheduleConfig
from dnnexp.training.schema import TrainerConfig

SHAPE = Architecture((5, 8, 8, 3), ("relu", "tanh"), "softmax", "batch", "rezero")
EPOCHS = 12


def make_lockstep(optimizer: str, schedule: str, dropout: float) -> Lockstep:
    rng = np.random.default_rng(0)
    examples = Examples.empty(90, 5, 3, "float32")
    labels = rng.integers(0, 3, 90)
    examples.X1[:, :-1] = rng.normal(size=(3, 5))[labels] + rng.normal(size=(90, 5))
    examples.Y[:] = np.eye(3)[labels]
    rates = [1e-3, 1e-2, 1e36, 1e-6]  # the third diverges, the fourth runs out of patience
    members = [
        Member(np.arange(60 - r), np.arange(60, 90), np.random.SeedSequence(r), rate, 0.01, dropout)
        for r, rate in enumerate(rates)
    ]
    return Lockstep(
        examples, SHAPE, "softmax_cross_entropy", members, OptimizerConfig(optimizer),
        ScheduleConfig(schedule, final=0.1, wait=2), TrainerConfig(EPOCHS, 16, 4, average=0.9), METRICS["accuracy"],
    )  # fmt: skip


class InterruptionError(Exception):
    pass


def interrupted_at(step: int) -> Callable[[Descent, npt.NDArray[Any]], None]:
    """Return what stands in for Descent.step: the same, but for that step it is cut off."""
    taken = itertools.count(1)
    whole = Descent.step

    def take(descent: Descent, norms: npt.NDArray[Any]) -> None:
        if next(taken) == step:
            raise InterruptionError
        whole(descent, norms)

    return take


def assert_same(fits: list[Fit], others: list[Fit]) -> None:
    for fit, other in zip(fits, others, strict=True):
        np.testing.assert_array_equal(fit.theta, other.theta)
        assert repr({**vars(fit), "theta": None}) == repr({**vars(other), "theta": None})  # NaN equals NaN here


@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize(("optimizer", "schedule"), list(itertools.product(OPTIMIZERS, SCHEDULES)))
def test_a_run_interrupted_at_twenty_random_steps_has_the_bits_of_one_that_was_not(
    optimizer: str, schedule: str, dropout: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uninterrupted = make_lockstep(optimizer, schedule, dropout).run()
    checkpoints = Checkpoints(tmp_path, "run", resume=True)
    rng = np.random.default_rng(len(optimizer) + 100 * len(schedule))
    reached = [0]
    for _ in range(20):
        with monkeypatch.context() as patch:
            patch.setattr(Descent, "step", interrupted_at(int(rng.integers(1, 8))))  # four steps make an epoch
            with suppress(InterruptionError):
                make_lockstep(optimizer, schedule, dropout).run(checkpoints=checkpoints)
        state = checkpoints.load()
        reached.append(state.facts["epoch"] if state is not None else 0)
    assert len(set(reached)) >= 4  # it was cut into pieces
    assert_same(make_lockstep(optimizer, schedule, dropout).run(checkpoints=checkpoints), uninterrupted)
    assert_same(make_lockstep(optimizer, schedule, dropout).run(checkpoints=checkpoints), uninterrupted)  # all is there
    checkpoints.clear()
    assert not tmp_path.exists()


def save_two(folder: Path) -> tuple[Checkpoints, Path]:
    checkpoints = Checkpoints(folder, "run")
    for epoch in range(1, 4):
        path = checkpoints.save(epoch, State({"theta": np.full(50, float(epoch))}, {"epoch": epoch}))
    return checkpoints, path


def test_the_last_two_checkpoints_are_kept(tmp_path: Path) -> None:
    save_two(tmp_path)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["epoch-000002.ckpt", "epoch-000003.ckpt"]


KILLED = """
import os, sys
from pathlib import Path
from dnnexp.training.checkpoint import Checkpoints, State
os.fsync = lambda _: os._exit(9)
Checkpoints(Path(sys.argv[1]), "run").save(4, State({}, {"epoch": 4}))
"""


def test_a_file_cut_short_by_a_kill_is_passed_over_and_removed_with_the_rest(tmp_path: Path) -> None:
    checkpoints, _ = save_two(tmp_path)
    assert subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False).returncode == 9
    assert len(list(tmp_path.iterdir())) == 3
    state = checkpoints.load()
    assert state is not None
    assert state.facts["epoch"] == 3
    checkpoints.clear()
    assert not tmp_path.exists()


def test_no_truncation_and_no_flipped_bit_is_ever_loaded(tmp_path: Path) -> None:
    checkpoints, path = save_two(tmp_path)
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    for offset in rng.integers(0, len(content), 200):
        path.write_bytes(content[:offset])
        state = checkpoints.load()
        assert state is not None
        assert state.facts["epoch"] == 2  # the one before
        assert len(checkpoints.refused) == 1
    for offset, bit in zip(rng.integers(0, len(content), 200), rng.integers(0, 8, 200), strict=True):
        damaged = bytearray(content)
        damaged[offset] ^= 1 << bit
        path.write_bytes(damaged)
        state = checkpoints.load()
        assert state is not None
        np.testing.assert_array_equal(state.arrays["theta"], 2.0)
    path.write_bytes(content)
    state = checkpoints.load()
    assert state is not None
    assert state.facts["epoch"] == 3


def test_a_file_that_is_no_checkpoint_or_another_runs_is_refused_by_name(tmp_path: Path) -> None:
    _, path = save_two(tmp_path)
    with pytest.raises(CheckpointError, match=r"epoch-000003\.ckpt: belongs to a run with other settings or data"):
        read_checkpoint(path, "another run")
    path.write_bytes(MAGIC + path.read_bytes()[len(MAGIC) + 1 :])
    with pytest.raises(CheckpointError, match=r"epoch-000003\.ckpt: damaged, its checksum"):
        read_checkpoint(path, "run")
    path.write_text("hello")
    with pytest.raises(CheckpointError, match="not a dnnexp checkpoint"):
        read_checkpoint(path, "run")
