"""What is measured inside a network is what the formulas say; what cannot train is named before it has cost time."""

from __future__ import annotations

import numpy as np
import pytest

from dnnexp.metrics import METRICS
from dnnexp.network.architecture import Architecture
from dnnexp.network.network import Network
from dnnexp.network.optimizers import OptimizerConfig
from dnnexp.network.parameters import weights_and_biases
from dnnexp.training.examples import Examples, Member
from dnnexp.training.health import HealthProbe, untrainable_reason
from dnnexp.training.lockstep import Lockstep
from dnnexp.training.schema import ScheduleConfig, TrainerConfig


def make_examples(m: int = 200) -> Examples:
    rng = np.random.default_rng(0)
    examples = Examples.empty(m, 20, 3, "float64")
    examples.X1[:, :-1] = rng.normal(size=(m, 20))
    examples.Y[:] = np.eye(3)[rng.integers(0, 3, m)]
    return examples


def reason(activation: str, depth: int, initializer: str = "auto", residual: str = "none") -> str:
    shape = Architecture((20, *[32] * depth, 3), (activation,) * depth, "softmax", residual=residual)
    member = Member(np.arange(200), np.arange(0), np.random.SeedSequence(0), 1e-3)
    return untrainable_reason(make_examples(), shape, "softmax_cross_entropy", member, initializer)


@pytest.mark.parametrize(
    ("activation", "depth", "initializer"),
    [("sigmoid", 30, "glorot_normal"), ("relu", 100, "normal"), ("sigmoid", 30, "auto")],
)
def test_what_cannot_train_is_named_with_layer_and_number(activation: str, depth: int, initializer: str) -> None:
    said = reason(activation, depth, initializer)
    assert "vanishes: at layer " in said
    assert "10^-" in said


@pytest.mark.parametrize(
    ("activation", "depth", "residual"),
    [("relu", 1, "none"), ("sigmoid", 3, "none"), ("tanh", 300, "none"), ("relu", 300, "rezero"), ("relu", 0, "none")],
)
def test_nothing_is_said_of_what_trains(activation: str, depth: int, residual: str) -> None:
    assert reason(activation, depth, residual=residual) == ""


def test_the_measures_are_those_of_a_network_worked_by_hand() -> None:
    shape = Architecture((1, 2, 1), ("relu",), "identity")
    network = Network(shape, 1, 2, "squared_error", np.float64)
    W, b = weights_and_biases(network.theta[0], shape)
    W[0][:] = [[3.0], [-1.0]]
    W[1][:] = [[4.0, 3.0]]
    b[0][:] = [[0.0], [-1.0]]  # the second unit is silent for every positive input
    X1 = np.array([[[1.0, 2.0], [1.0, 1.0]]])
    dW, _ = weights_and_biases(network.gradient[0], shape)
    dW[0][:] = [[6.0], [8.0]]
    probe = HealthProbe(network)
    probe.before_step()
    W[1][:] = [[4.3, 2.6]]
    measures = probe.after_step(X1)[0]
    assert measures["health/gradient_norm/l001"] == 10.0
    assert measures["health/update_ratio/l001"] == 0.0
    assert measures["health/update_ratio/l002"] == pytest.approx(0.5 / 5)
    assert measures["health/dead_share/l001"] == 0.5
    assert measures["health/activation_rms/l001"] == pytest.approx(np.sqrt((3**2 + 6**2) / 4))


def test_a_run_notes_its_health_after_each_epoch_without_changing_a_bit() -> None:
    def train(health: bool) -> list[object]:
        members = [Member(np.arange(150), np.arange(150, 200), np.random.SeedSequence(r), 1e-2) for r in range(2)]
        fits = Lockstep(
            make_examples(), Architecture((20, 8, 3), ("tanh",), "softmax"), "softmax_cross_entropy", members,
            OptimizerConfig(), ScheduleConfig(), TrainerConfig(5, 32, health=health), METRICS["accuracy"],
        ).run()  # fmt: skip
        assert all(("health/gradient_norm/l002" in fit.curves) == health for fit in fits)
        assert not health or len(fits[0].curves["health/dead_share/l001"]) == 5
        return [fit.theta.tobytes() for fit in fits]

    assert train(True) == train(False)
