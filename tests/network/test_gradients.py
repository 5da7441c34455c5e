"""Back-propagation against central differences, and against a step worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dnnexp.network.activations import ACTIVATIONS
from dnnexp.network.architecture import RESIDUALS, Architecture
from dnnexp.network.dropout import Dropout
from dnnexp.network.losses import LOSSES
from dnnexp.network.network import Network
from dnnexp.network.normalization import NORMALIZATIONS
from dnnexp.network.parameters import initialize, rearranged, weights_and_biases

M = 7


def make_batch(loss: str, R: int, n_in: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return X1 (R, n_in + 1, M), Y (R, n_L, M), w (R, 1, M) with unequal weights, one of them 0."""
    X1 = np.ones((R, n_in + 1, M))
    X1[:, :-1] = rng.normal(size=(R, n_in, M))
    Y = rng.random((R, 3, M))
    if loss == "softmax_cross_entropy":
        Y /= Y.sum(axis=1, keepdims=True)
    w = rng.random((R, 1, M))
    w[:, :, -1] = 0
    return X1, Y, w / w.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize("R", [1, 3])
@pytest.mark.parametrize("depth", range(5))
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_backward_matches_finite_differences(activation: str, loss: str, depth: int, R: int) -> None:
    rng = np.random.default_rng([depth, R])
    architecture = Architecture((4, *range(5, 5 + depth), 3), (activation,) * depth, LOSSES[loss].output)
    network = Network(architecture, R, M, loss, np.float64)
    for r in range(R):
        network.theta[r] = initialize(architecture, rng, "glorot_normal")
    network.theta += 0.1 * rng.normal(size=network.theta.shape)  # biases are not to stay zero
    X1, Y, w = make_batch(loss, R, 4, rng)
    direction = rng.normal(size=network.theta.shape)
    e = 1e-5

    network.cost_and_gradient(X1, Y, w)
    slope = np.sum(network.gradient * direction, axis=1)
    network.theta += e * direction
    J_plus = network.cost_and_gradient(X1, Y, w).ravel().copy()
    network.theta -= 2 * e * direction
    J_minus = network.cost_and_gradient(X1, Y, w).ravel().copy()
    np.testing.assert_allclose(slope, (J_plus - J_minus) / (2 * e), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("residual", RESIDUALS)
@pytest.mark.parametrize("normalization", ["none", *NORMALIZATIONS])
@pytest.mark.parametrize("activation", ["tanh", "silu"])
def test_backward_matches_finite_differences_through_what_a_layer_can_have(
    activation: str, normalization: str, residual: str, dropout: float
) -> None:
    rng = np.random.default_rng(1)
    architecture = Architecture((4, 5, 5, 6, 6, 6, 3), (activation,) * 5, "softmax", normalization, residual)
    masks = Dropout(np.array([dropout, dropout / 2]), architecture.n[1:-1], M, np.float64) if dropout else None
    network = Network(architecture, 2, M, "softmax_cross_entropy", np.float64, masks)
    for r in range(2):
        network.theta[r] = initialize(architecture, rng, "glorot_normal")
    network.theta += 0.1 * rng.normal(size=network.theta.shape)
    X1, Y, w = make_batch("softmax_cross_entropy", 2, 4, rng)
    if masks:
        masks.draw([np.random.default_rng(r) for r in range(2)], [M, M - 1])
    network.cost_and_gradient(X1, Y, w)
    start = network.theta.copy()
    direction = np.where(network.gradient == 0, 0, rng.normal(size=start.shape))  # running statistics are not trained
    slope = np.sum(network.gradient * direction, axis=1)
    J = []
    for sign in (1, -1):
        network.theta[:] = start + sign * 1e-6 * direction
        J.append(network.cost_and_gradient(X1, Y, w).ravel().copy())
    np.testing.assert_allclose(slope, (J[0] - J[1]) / 2e-6, rtol=1e-6, atol=1e-9)


def test_the_introductions_network_has_the_shapes_printed_there_and_its_first_step() -> None:
    """The 3-4-4-3-1 network on two examples, each quantity worked layer by layer from the formulas."""
    architecture = Architecture((3, 4, 4, 3, 1), ("relu", "relu", "relu"), "sigmoid")
    network = Network(architecture, 1, 2, "sigmoid_cross_entropy", np.float64)
    W, b = weights_and_biases(network.theta[0], architecture)
    assert [W_l.shape for W_l in W] == [(4, 3), (4, 4), (3, 4), (1, 3)]
    assert [b_l.shape for b_l in b] == [(4, 1), (4, 1), (3, 1), (1, 1)]
    assert architecture.parameters == 16 + 20 + 15 + 4

    # weights that a reader can follow: layer 1 sums the inputs, layer 2 passes on, layer 3 halves, layer 4 sums
    W[0][:] = 1
    W[1][:] = np.eye(4)
    W[2][:, :3] = np.eye(3) / 2
    W[3][:] = 1
    b[3][:] = -3
    X1 = np.array([[[1.0, -1.0], [1.0, 0.0], [0.0, 0.0], [1.0, 1.0]]])
    Y = np.array([[[1.0, 0.0]]])
    w = np.full((1, 1, 2), 0.5)

    # example 1: A1 = A2 = 2, A3 = 1, Z4 = 1 + 1 + 1 - 3 = 0, A4 = 1/2; example 2: A1 = relu(-1) = 0, Z4 = -3
    J = network.cost_and_gradient(X1, Y, w)
    assert J.item() == pytest.approx((np.log(2) + np.log1p(np.exp(-3))) / 2)
    dW, db = weights_and_biases(network.gradient[0], architecture)
    dZ4 = np.array([[(0.5 - 1) / 2, 1 / (1 + np.exp(3)) / 2]])  # (A4 - Y) / m
    np.testing.assert_allclose(dW[3], np.full((1, 3), dZ4[0, 0] * 1))  # A3 is 1 for example 1, 0 for example 2
    np.testing.assert_allclose(db[3], dZ4.sum(keepdims=True))
    np.testing.assert_allclose(dW[2], np.full((3, 4), dZ4[0, 0] * 2))  # dZ3 = W4^T dZ4 where A3 > 0; A2 = 2
    np.testing.assert_allclose(db[2], np.full((3, 1), dZ4[0, 0]))
    through_3 = np.array([[0.5], [0.5], [0.5], [0.0]]) * dZ4[0, 0]  # W3^T dZ3
    np.testing.assert_allclose(dW[1], through_3 * np.full((1, 4), 2.0))
    np.testing.assert_allclose(db[1], through_3)
    np.testing.assert_allclose(dW[0], through_3 * np.array([[1.0, 1.0, 0.0]]))  # X of example 1
    np.testing.assert_allclose(db[0], through_3)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("size", [1e4, -1e4])
def test_losses_are_finite_and_right_at_extreme_logits(loss: str, size: float) -> None:
    from dnnexp.network.losses import LossBuffers

    Z = np.array([[[size, 0.0], [0.0, size], [-size, 0.0]]])
    Y = np.array([[[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]])
    w = np.full((1, 1, 2), 0.5)
    expected = {
        "softmax_cross_entropy": (0.0 if size > 0 else 2e4 + 1e4 + np.log(2)) / 2,
        "sigmoid_cross_entropy": (0 + np.log(2) * 3 if size > 0 else 1e4 * 3 + np.log(2) * 3) / 2,
        "squared_error": (((size - 1) ** 2 + size**2) / 2 + (size - 1) ** 2 / 2) / 2,
        "absolute_error": (abs(size - 1) + 1e4 + abs(size - 1)) / 2,
        "huber": (abs(size - 1) + 1e4 + abs(size - 1) - 1.5) / 2,
    }[loss]
    dZ = np.empty_like(Z)
    J = LOSSES[loss].cost(Z.copy(), Y, w, dZ, LossBuffers(1, 3, 2, np.float64))
    assert J.item() == pytest.approx(expected)
    assert np.isfinite(dZ).all()


@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_order_of_matrices_in_memory_changes_nothing_but_rounding(activation: str, dropout: float) -> None:
    by_rows = Architecture((4, 6, 5, 6, 3), (activation,) * 3, "softmax")
    alternating = by_rows.for_columns(M)
    assert alternating.alternating
    theta = np.stack([initialize(by_rows, np.random.default_rng(r), "glorot_normal") for r in range(2)])
    X1, Y, w = make_batch("softmax_cross_entropy", 2, 4, np.random.default_rng(5))
    J, gradients = [], []
    for architecture in (by_rows, alternating):
        by_columns = [architecture.is_by_columns(l) for l in (1, 2, 3)]
        masks = Dropout(np.array([dropout, 0.1]), (6, 5, 6), M, np.float64, by_columns) if dropout else None
        network = Network(architecture, 2, M, "softmax_cross_entropy", np.float64, masks)
        network.theta[:] = rearranged(theta, by_rows, architecture)
        for seed in range(2):  # the second step finds what the first has left in the buffers
            if masks:
                masks.draw([np.random.default_rng([seed, r]) for r in range(2)], [M, M - 1])
            J.append(network.cost_and_gradient(X1, Y, w).ravel().copy())
        gradients.append(rearranged(network.gradient, architecture, by_rows))
    np.testing.assert_allclose(J[:2], J[2:], rtol=1e-12)
    np.testing.assert_allclose(gradients[0], gradients[1], rtol=1e-9, atol=1e-12)


def test_a_column_of_weight_zero_counts_for_nothing() -> None:
    rng = np.random.default_rng(4)
    architecture = Architecture((4, 5, 3), ("tanh",), "softmax")
    network = Network(architecture, 1, M, "softmax_cross_entropy", np.float64)
    network.theta[0] = initialize(architecture, rng)
    X1, Y, w = make_batch("softmax_cross_entropy", 1, 4, rng)
    network.cost_and_gradient(X1, Y, w)
    gradient = network.gradient.copy()
    X1[:, :-1, -1] = 1e3
    network.cost_and_gradient(X1, Y, w)
    np.testing.assert_array_equal(network.gradient, gradient)
