"""A value that is not finite is found where it arose."""

from __future__ import annotations

import numpy as np
import pytest

from dnnexp.network.architecture import Architecture
from dnnexp.network.parameters import initialize, layer_views
from dnnexp.training.divergence import locate

SHAPE = Architecture((3, 4, 4, 2), ("relu", "relu"), "identity")


def make_network() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    theta = np.abs(initialize(SHAPE, np.random.default_rng(0))).astype(np.float32)
    return theta, np.zeros_like(theta), np.ones((4, 5), np.float32)


@pytest.mark.parametrize("layer", [1, 2, 3])
def test_a_weight_that_is_not_finite_is_named_by_its_layer(layer: int) -> None:
    theta, gradient, X1 = make_network()
    layer_views(theta, SHAPE)[layer - 1][0, 0] = np.nan
    assert locate(theta, gradient, SHAPE, X1) == (layer, f"W[{layer}] or b[{layer}]")


@pytest.mark.parametrize("layer", [1, 2])
def test_an_activation_that_overflows_is_named_by_its_layer(layer: int) -> None:
    theta, gradient, X1 = make_network()
    layer_views(theta, SHAPE)[layer - 1][:] = 3e38
    X1[0] = 1e3
    with np.errstate(all="ignore"):
        assert locate(theta, gradient, SHAPE, X1) == (layer, f"A[{layer}]")


def test_the_last_gradient_in_order_of_computation_is_named() -> None:
    theta, gradient, X1 = make_network()
    for view in layer_views(gradient, SHAPE)[:2]:
        view[0, 0] = np.inf
    assert locate(theta, gradient, SHAPE, X1) == (2, "dW[2] or db[2]")


def test_a_cost_that_overflows_with_everything_else_finite_is_named() -> None:
    theta, gradient, X1 = make_network()
    assert locate(theta, gradient, SHAPE, X1) == (3, "the cost")
