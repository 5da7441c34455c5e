"""A trained network says what it said in training."""

from __future__ import annotations

import numpy as np
import pytest

from dnnexp.network.activations import ACTIVATIONS
from dnnexp.network.architecture import RESIDUALS, Architecture
from dnnexp.network.inference import logits
from dnnexp.network.network import Network
from dnnexp.network.parameters import initialize


def make_network(architecture: Architecture) -> tuple[Network, np.ndarray]:
    rng = np.random.default_rng(0)
    network = Network(architecture, 2, 6, "softmax_cross_entropy", np.float64)
    for r in range(2):
        network.theta[r] = initialize(architecture, rng, "glorot_normal")
    network.theta += 0.1 * rng.normal(size=network.theta.shape)
    X1 = np.ones((6, 5))
    X1[:, :-1] = rng.normal(size=(6, 4))
    return network, X1


@pytest.mark.parametrize("residual", RESIDUALS)
@pytest.mark.parametrize("normalization", ["none", "layer"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_inference_has_the_logits_of_the_forward_pass(activation: str, normalization: str, residual: str) -> None:
    architecture = Architecture((4, 7, 7, 5, 3), (activation,) * 3, "softmax", normalization, residual)
    network, X1 = make_network(architecture)
    columns = np.broadcast_to(X1.T, (2, 5, 6))
    expected = network.forward(columns, np.full((2, 1, 6), 1 / 6)).copy()
    np.testing.assert_allclose(logits(network.theta, architecture, X1), expected, rtol=1e-12, atol=1e-14)


def test_a_prediction_does_not_depend_on_what_else_is_predicted() -> None:
    architecture = Architecture((4, 7, 7, 3), ("relu", "tanh"), "softmax", "batch")
    network, X1 = make_network(architecture)
    network.forward(np.broadcast_to(X1.T, (2, 5, 6)), np.full((2, 1, 6), 1 / 6))  # running statistics move
    together = logits(network.theta, architecture, X1)
    alone = logits(network.theta, architecture, X1[2:3])
    np.testing.assert_allclose(alone[..., 0], together[..., 2], rtol=1e-12)


def test_wide_inputs_are_worked_on_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    from dnnexp.network import inference

    architecture = Architecture((4, 7, 3), ("relu",), "softmax")
    network, X1 = make_network(architecture)
    whole = logits(network.theta, architecture, X1)
    monkeypatch.setattr(inference, "COLUMNS", 14)  # two columns at a time
    np.testing.assert_allclose(logits(network.theta, architecture, X1), whole, rtol=1e-12)
