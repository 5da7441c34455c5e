"""Initial weights do not depend on how they are drawn."""

from __future__ import annotations

import numpy as np
import pytest

from dnnexp.network import initializers
from dnnexp.network.architecture import Architecture
from dnnexp.network.initializers import INITIALIZERS
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
