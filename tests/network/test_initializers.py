"""Initial weights do not depend on how they are drawn."""

from __future__ import annotations

import numpy as np
import pytest

from dnnexp.network import initializers
from dnnexp.network.activations import ACTIVATIONS
from dnnexp.network.architecture import Architecture
from dnnexp.network.initializers import INITIALIZERS, draw_weights
from dnnexp.network.parameters import initialize


@pytest.mark.parametrize("name", INITIALIZERS)
def test_weights_drawn_in_parts_and_in_place_are_those_drawn_at_once(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    architecture = Architecture((30, 40, 20, 3), ("relu", "tanh"), "softmax").for_columns(8)
    at_once = initialize(architecture, np.random.default_rng(0), name)
    monkeypatch.setattr(initializers, "DRAWN", 70)
    np.testing.assert_array_equal(initialize(architecture, np.random.default_rng(0), name), at_once)
    theta = np.full((2, architecture.size), np.nan, np.float32)
    initialize(architecture, np.random.default_rng(0), name, out=theta[1])
    np.testing.assert_array_equal(theta[1], at_once.astype(np.float32))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_auto_takes_the_activations_own_rule_in_few_layers_and_orthogonal_weights_in_many(activation: str) -> None:
    def drawn(depth: int, name: str) -> np.ndarray:
        W = np.empty((20, 30))
        draw_weights(W, activation, depth, np.random.default_rng(0), name)
        return W

    np.testing.assert_array_equal(drawn(3, "auto"), drawn(3, ACTIVATIONS[activation].initializer))
    np.testing.assert_array_equal(drawn(30, "auto"), drawn(30, "orthogonal"))
