"""The same steps as torch takes, where torch is installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dnnexp.network.architecture import Architecture
from dnnexp.network.losses import LOSSES
from dnnexp.network.network import Network
from dnnexp.network.optimizers import Optimizer, OptimizerConfig
from dnnexp.network.parameters import initialize, weights_and_biases

torch = pytest.importorskip("torch")

ACTIVATIONS: dict[str, Any] = {
    "identity": lambda z: z,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky_relu": torch.nn.functional.leaky_relu,
    "elu": torch.nn.functional.elu,
    "selu": torch.nn.functional.selu,
    "gelu": lambda z: torch.nn.functional.gelu(z, approximate="tanh"),
    "silu": torch.nn.functional.silu,
    "softplus": torch.nn.functional.softplus,
    "softsign": torch.nn.functional.softsign,
    "mish": torch.nn.functional.mish,
}
COSTS: dict[str, Any] = {
    "softmax_cross_entropy": lambda Z, Y: torch.nn.functional.cross_entropy(Z, Y),
    "sigmoid_cross_entropy": lambda Z, Y: (
        torch.nn.functional.binary_cross_entropy_with_logits(Z, Y, reduction="sum") / len(Z)
    ),
    "squared_error": lambda Z, Y: ((Z - Y) ** 2).sum() / 2 / len(Z),
}
OPTIMIZERS: dict[str, Any] = {
    "gradient_descent": lambda p, lr: torch.optim.SGD(p, lr),
    "sgd": lambda p, lr: torch.optim.SGD(p, lr),
    "momentum": lambda p, lr: torch.optim.SGD(p, lr, momentum=0.9),
    "nesterov": lambda p, lr: torch.optim.SGD(p, lr, momentum=0.9, nesterov=True),
    "rmsprop": lambda p, lr: torch.optim.RMSprop(p, lr, alpha=0.999),
    "adam": lambda p, lr: torch.optim.Adam(p, lr),
    "adamw": lambda p, lr: torch.optim.AdamW(p, lr, weight_decay=0),
}
# RMSprop's first step is 1 / sqrt(1 - 0.999) = 32 times its rate: at 0.05 it is chaos, which no two programs share
RATES = {"rmsprop": 1e-3}


def run_both(activation: str, loss: str, optimizer: str, steps: int = 100) -> tuple[np.ndarray, np.ndarray]:
    """Return theta after the steps, ours and torch's, on one batch in float64."""
    rng = np.random.default_rng(3)
    architecture = Architecture((4, 6, 5, 3), (activation, activation), LOSSES[loss].output)
    network = Network(architecture, 1, 8, loss, np.float64)
    network.theta[0] = initialize(architecture, rng)
    X1 = np.ones((1, 5, 8))
    X1[:, :-1] = rng.normal(size=(1, 4, 8))
    Y = rng.random((1, 3, 8))
    Y /= Y.sum(axis=1, keepdims=True)
    ours = Optimizer(OptimizerConfig(optimizer), network.theta, network.gradient)

    W, b = weights_and_biases(network.theta[0], architecture)
    parameters = [
        torch.tensor(array.copy(), requires_grad=True)
        for array in (array for pair in zip(W, b, strict=True) for array in pair)
    ]
    rate = RATES.get(optimizer, 0.05)
    theirs = OPTIMIZERS[optimizer](parameters, rate)
    X, target = torch.tensor(X1[0, :-1].T.copy()), torch.tensor(Y[0].T.copy())
    for _ in range(steps):
        network.cost_and_gradient(X1, Y, np.full((1, 1, 8), 1 / 8))
        ours.step(np.array([[rate]]))
        A = X
        for l in range(0, 6, 2):
            Z = A @ parameters[l].T + parameters[l + 1].T
            A = ACTIVATIONS[activation](Z) if l < 4 else Z
        theirs.zero_grad()
        COSTS[loss](A, target).backward()
        theirs.step()
    theta = [
        np.hstack([parameters[l].detach().numpy(), parameters[l + 1].detach().numpy()]).ravel() for l in range(0, 6, 2)
    ]
    return network.theta[0], np.concatenate(theta)


@pytest.mark.parametrize("loss", COSTS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_hundred_steps_equal_torch_for_every_activation_and_loss(activation: str, loss: str) -> None:
    ours, theirs = run_both(activation, loss, "gradient_descent")
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_hundred_steps_equal_torch_for_every_optimizer(optimizer: str) -> None:
    ours, theirs = run_both("tanh", "softmax_cross_entropy", optimizer)
    np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-9)
