"""A step works in buffers that are there: it allocates nothing of a layer's size."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from dnnexp.metrics import METRICS
from dnnexp.network.activations import ACTIVATIONS
from dnnexp.network.architecture import Architecture
from dnnexp.network.optimizers import OPTIMIZERS, OptimizerConfig
from dnnexp.training.examples import Examples, Member
from dnnexp.training.lockstep import Lockstep
from dnnexp.training.schema import ScheduleConfig, TrainerConfig

B, R, UNITS = 64, 3, 40
SMALLEST = R * UNITS * B * 4  # bytes of a hidden layer's buffer


def peak_of_a_step(activation: str, optimizer: str) -> int:
    """Return by how many bytes memory rises within one step, after three others."""
    rng = np.random.default_rng(0)
    examples = Examples.empty(4 * B, 30, 5, "float32")
    examples.X1[:, :-1] = rng.normal(size=(4 * B, 30))
    examples.Y[:] = np.eye(5)[rng.integers(0, 5, 4 * B)]
    members = [Member(np.arange(4 * B), np.arange(0), np.random.SeedSequence(r), 1e-3) for r in range(R)]
    lockstep = Lockstep(
        examples, Architecture((30, UNITS, UNITS, 5), (activation,) * 2, "softmax"), "softmax_cross_entropy", members,
        OptimizerConfig(optimizer), ScheduleConfig(), TrainerConfig(1, B, None), METRICS["accuracy"],
    )  # fmt: skip
    batches, network, descent = lockstep._batches, lockstep._network, lockstep._descent
    batches.shuffle(lockstep._order_rngs)
    norms = np.ones(R, np.float32)
    for s in range(4):
        if s == 3:
            tracemalloc.start()
        network.cost_and_gradient(*batches.batch(s))
        descent.penalize()
        descent.step(norms)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_step_allocates_less_than_the_smallest_layer_for_every_activation(activation: str) -> None:
    assert peak_of_a_step(activation, "adamw") < SMALLEST


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_step_allocates_less_than_the_smallest_layer_for_every_optimizer(optimizer: str) -> None:
    assert peak_of_a_step("relu", optimizer) < SMALLEST
