"""Weight decay shrinks every W[l] and leaves all else as it is, to the bit."""

from __future__ import annotations

import numpy as np
import pytest

from dnnexp.network import optimizers
from dnnexp.network.architecture import Architecture
from dnnexp.network.optimizers import Optimizer, OptimizerConfig
from dnnexp.network.parameters import undecayed, weights_and_biases

PLAIN = Architecture((4, 6, 6, 5, 3), ("relu",) * 3, "softmax")
ARCHITECTURES = [
    PLAIN,
    PLAIN.for_columns(8),
    *(PLAIN._replace(normalization=name, residual="rezero") for name in ("none", "layer", "batch")),
    Architecture((4, 3), (), "softmax"),
]


@pytest.mark.parametrize("block", [7, 100, 32_768])  # parts of a network, a network or less, all of them
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_weights_shrink_and_nothing_else_moves(
    architecture: Architecture, dtype: str, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(optimizers, "BLOCK", block)
    before = np.random.default_rng(0).normal(size=(3, architecture.size)).astype(dtype)
    own = np.array([[0.1], [0.3], [0.7]]), np.array([[0.2], [0.0], [0.5]])
    for is_shared in (True, False):
        theta, expected = before.copy(), before.copy()
        W, _ = weights_and_biases(expected, architecture)
        optimizer = Optimizer(OptimizerConfig("sgd"), theta, np.zeros_like(theta), undecayed(architecture))
        for live in (3, 2):
            optimizer.bind(live)
            alpha, decay = (0.1, 0.2) if is_shared else (values[:live] for values in own)
            optimizer.step(alpha, decay)
            shrink = np.broadcast_to(1 - np.multiply(alpha, decay), (live, 1))[..., None].astype(dtype)
            for W_l in W:
                W_l[:live] *= shrink
        np.testing.assert_array_equal(theta, expected)
