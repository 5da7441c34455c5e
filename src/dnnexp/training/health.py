"""How a network is doing inside: gradients, activations, silent units and the size of its steps, layer by layer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from dnnexp.network.architecture import Architecture
from dnnexp.network.inference import hidden_activations
from dnnexp.network.initializers import AUTO
from dnnexp.network.network import Network
from dnnexp.network.parameters import initialize, weights_and_biases
from dnnexp.training.examples import Examples, Member
from dnnexp.training.seeds import generator

__all__ = ["HealthProbe", "layer_norms", "untrainable_reason"]

Array = npt.NDArray[Any]
COLUMNS = 256
VANISHED = 1e-6  # of the last layer's gradient: float32 has 1e-7, and Adam's epsilon 1e-8 takes over soon after
EXPLODED = 1e6


def layer_norms(vector: Array, architecture: Architecture) -> Array:
    """Return the Euclidean norm of the weights' part of each layer, (R, L), for parameters or a gradient (R, P)."""
    W, _ = weights_and_biases(vector, architecture)
    return np.stack([np.sqrt(np.sum(np.square(W_l, dtype=np.float64), axis=(-1, -2))) for W_l in W], axis=1)


class HealthProbe:
    """Measures the live networks of a stack at one step of each epoch; keys are "health/<what>/l<layer>"."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._gradient_norms = self._before = np.zeros((0, 0))

    def before_step(self) -> None:
        """Look at the gradient, which the optimizer is about to use up, and keep the parameters."""
        network, live = self._network, self._network.networks
        self._gradient_norms = layer_norms(network.gradient[:live], network.architecture)
        self._before = network.theta[:live].copy()

    def after_step(self, X1: Array) -> list[dict[str, float]]:
        """Return the measures of each live network, on its batch X1 (R, n[0] + 1, m).

        gradient_norm of W[l]; activation_rms of A[l]; dead_share, the share of units that say the same for every
        column; update_ratio, the norm of the step over the norm of W[l].
        """
        network, live = self._network, self._network.networks
        architecture, theta = network.architecture, network.theta[:live]
        weights = layer_norms(self._before, architecture)
        ratios = layer_norms(theta - self._before, architecture) / np.maximum(weights, np.finfo(np.float64).tiny)
        measures = [
            {
                **_by_layer("gradient_norm", self._gradient_norms[r]),
                **_by_layer("update_ratio", ratios[r]),
            }
            for r in range(live)
        ]
        for l, A1 in hidden_activations(theta, architecture, X1[:live]):
            A = A1[:, :-1]
            if l > 0:
                rms = np.sqrt(np.mean(np.square(A, dtype=np.float64), axis=(1, 2)))
                dead = np.mean(A.max(axis=2) == A.min(axis=2), axis=1)
                for r, measure in enumerate(measures):
                    measure[f"health/activation_rms/l{l:03d}"] = float(rms[r])
                    measure[f"health/dead_share/l{l:03d}"] = float(dead[r])
        return measures


def _by_layer(what: str, values: Array) -> dict[str, float]:
    return {f"health/{what}/l{l:03d}": float(value) for l, value in enumerate(values, start=1)}


def untrainable_reason(
    examples: Examples,
    architecture: Architecture,
    loss: str,
    member: Member,
    initializer: str = AUTO,
    gain: float | None = None,
) -> str:
    """Return why the network will hardly train, from its first step on a batch; "" where nothing speaks against it.

    The spread of activations over the examples is compared with their size, and the gradient of each layer's weights,
    root mean square, with that of the output layer.
    """
    rows = member.train[:COLUMNS]
    network = Network(architecture, 1, len(rows), loss, np.float64)
    network.theta[0] = initialize(architecture, generator(member.seed, 0), initializer, gain)
    X1 = examples.X1[rows].T[None].astype(np.float64)
    Y = np.ascontiguousarray(examples.Y[rows].T[None], np.float64)
    with np.errstate(all="ignore"):
        network.cost_and_gradient(X1, Y, np.full((1, 1, len(rows)), 1 / len(rows)))
        sizes = np.array([W.size for W in network.weight_gradients])
        rms = layer_norms(network.gradient, architecture)[0] / np.sqrt(sizes)
    if not np.isfinite(rms).all():
        return "the first gradient is not finite: the signal overflows on its way"
    for l, A1 in hidden_activations(network.theta, architecture, X1):
        A = A1[0, :-1]
        size = float(np.sqrt(np.mean(np.square(A))))
        spread = float(A.std(axis=1).mean()) / max(size, 1e-6)
        if l > 0 and spread < VANISHED:
            return (
                f"the signal vanishes: at layer {l} all examples look alike (their spread is {_power(spread)} of their "
                "size)"
            )
    if architecture.depth == 0:
        return ""
    shares = rms / rms[-1]
    trained = [l for l in range(1, architecture.L) if rms[l - 1] > 0 or not _starts_silent(architecture, l)]
    if not trained:
        return ""
    weakest = min(trained, key=lambda l: shares[l - 1])
    strongest = max(trained, key=lambda l: shares[l - 1])
    if shares[weakest - 1] < VANISHED:
        gone = sum(shares[l - 1] < VANISHED for l in trained)
        return (
            f"the gradient vanishes: at layer {weakest} it is {_power(shares[weakest - 1])} of that at the output "
            f"({gone} of {architecture.depth} hidden layers are below {VANISHED:g})"
        )
    if shares[strongest - 1] > EXPLODED:
        times = _power(shares[strongest - 1])
        return f"the gradient explodes: at layer {strongest} it is {times} times that at the output"
    return ""


def _starts_silent(architecture: Architecture, l: int) -> bool:
    """A ReZero layer starts with s = 0: its weights have no gradient in the first step, and s has."""
    return architecture.is_residual(l)


def _power(value: float) -> str:
    return "0" if value == 0 else f"10^{math.floor(math.log10(value))}"
