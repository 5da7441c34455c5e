"""Numbers below the normal ones are 0 while networks train, and nowhere else."""

from __future__ import annotations

import platform
import sys
import warnings

import numpy as np
import pytest

from dnnexp.metrics import METRICS
from dnnexp.network.architecture import Architecture
from dnnexp.network.optimizers import OptimizerConfig
from dnnexp.training.examples import Examples, Member
from dnnexp.training.fit import EpochNews
from dnnexp.training.lockstep import Lockstep
from dnnexp.training.schema import ScheduleConfig, TrainerConfig
from dnnexp.training.subnormals import IS_KNOWN, SubnormalsAsZero

TINY = float(np.finfo(np.float32).tiny)
needs_it = pytest.mark.skipif(not IS_KNOWN, reason="no way to say so is known on this system")


def product() -> float:
    return float((np.full(9, 1e-30, np.float32) * np.float32(1e-10))[4])


def test_it_is_known_where_most_networks_are_trained() -> None:
    assert IS_KNOWN or sys.platform != "linux" or platform.machine() != "x86_64"


@needs_it
def test_results_and_operands_are_zero_meanwhile_and_what_was_before_comes_back() -> None:
    subnormal = np.full(9, 1e-40, np.float32)
    assert product() == pytest.approx(1e-40, rel=1e-4)
    with SubnormalsAsZero():
        assert product() == 0
        assert (subnormal * np.float32(1e10) == 0).all()
        with SubnormalsAsZero():
            assert product() == 0
        assert product() == 0
    assert product() == pytest.approx(1e-40, rel=1e-4)
    with pytest.raises(KeyboardInterrupt), SubnormalsAsZero():
        raise KeyboardInterrupt
    assert product() == pytest.approx(1e-40, rel=1e-4)


@needs_it
def test_numpy_finds_nothing_odd_about_floats_meanwhile() -> None:
    with warnings.catch_warnings(), SubnormalsAsZero():
        warnings.simplefilter("error")
        found = [np.finfo(dtype).smallest_subnormal for dtype in (np.float32, np.float64)]
    assert all(smallest > 0 for smallest in found)


@needs_it
def test_a_network_that_knows_its_rows_by_heart_has_no_subnormal_numbers() -> None:
    """Without, a tenth of the second moments are subnormal in the end, and an epoch takes three times as long."""
    rng = np.random.default_rng(0)
    examples = Examples.empty(64, 8, 4, "float32")
    examples.X1[:, :-1] = rng.normal(size=(64, 8))
    examples.Y[:] = np.eye(4)[rng.integers(0, 4, 64)]
    outside = []

    def on_epoch(_: EpochNews) -> bool:
        outside.append(product())
        return False

    run = Lockstep(
        examples, Architecture((8, 32, 32, 4), ("relu",) * 2, "softmax"), "softmax_cross_entropy",
        [Member(np.arange(64), np.arange(0), np.random.SeedSequence(r), 0.1) for r in range(2)],
        OptimizerConfig("adam", weight_decay=0.0), ScheduleConfig("constant", warmup=0),
        TrainerConfig(epochs=700, batch_size=16, patience=None, label_smoothing=0), METRICS["accuracy"],
    )  # fmt: skip
    fits = run.run(on_epoch)
    assert {fit.state for fit in fits} == {"finished"}
    moments = np.abs(run.state().arrays["optimizer"])
    assert (moments > 0).any()
    assert not ((moments > 0) & (moments < TINY)).any()
    assert product() > 0
