"""Activation functions g and their derivatives g', elementwise and in place.

`forward(Z, A, scratch)` writes A = g(Z). `backward(dA, Z, A, scratch)` turns dA into dZ = dA * g'(Z).
All four arrays have one shape (..., n, m). Where `keeps_Z` is false, Z and A are one and the same array and g' is
computed from A = g(Z). Whatever is not the result may be destroyed: after its layer's dW, nobody reads A or Z again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["ACTIVATIONS", "Activation"]

Array = npt.NDArray[Any]

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772  # Klambauer et al. 2017, section 2
LEAKY_SLOPE = 0.01
GELU_CUBE, GELU_RATE = 0.044715, math.sqrt(2 / math.pi)  # Hendrycks & Gimpel 2016, the tanh form
MISH_LINEAR = 20.0  # tanh(softplus(z)) is 1 in float64 from here on, and exp(2z) stays finite in float32


LAST_BIT = {np.dtype(i).itemsize: np.array(8 * np.dtype(i).itemsize - 1, i) for i in (np.int32, np.int64)}


class Activation(NamedTuple):
    """g and g' of one activation; gain keeps the mean square of a unit-variance signal, 1 / sqrt(E[g(z)^2])."""

    forward: Callable[[Array, Array, Array], None]
    backward: Callable[[Array, Array, Array, Array], None]
    keeps_Z: bool
    gain: float
    takes_zeros: bool = False  # both are handed an array of zeros, not to be written to, in place of scratch
    on_bits: bool = False  # backward is handed its arrays as whole numbers of the same length
    initializer: str = "glorot_uniform"  # that `auto` takes in networks of a few hidden layers

    @property
    def is_rectifier(self) -> bool:
        """Whether it lets one side of zero through, which He's weights make up for; dozens of layers take ReZero."""
        return self.initializer == "he_normal"


def _identity(Z: Array, A: Array, scratch: Array) -> None:
    """g(z) = z."""
    if A is not Z:
        np.copyto(A, Z)


def _identity_backward(dA: Array, Z: Array, A: Array, scratch: Array) -> None:
    """g'(z) = 1."""


def _sigmoid(Z: Array, A: Array, scratch: Array) -> None:
    """g(z) = 1 / (1 + exp(-z)) = (1 + tanh(z / 2)) / 2, which cannot overflow."""
    np.multiply(Z, 0.5, out=A)
    np.tanh(A, out=A)
    np.multiply(A, 0.5, out=A)
    np.add(A, 0.5, out=A)


def _sigmoid_backward(dA: Array, Z: Array, A: Array, scratch: Array) -> None:
    """g'(z) = a (1 - a)."""
    np.subtract(1.0, A, out=scratch)
    np.multiply(A, scratch, out=A)
    np.multiply(dA, A, out=dA)


def _tanh(Z: Array, A: Array, scratch: Array) -> None:
    """g(z) = tanh(z)."""
    np.tanh(Z, out=A)


def _tanh_backward(dA: Array, Z: Array, A: Array, scratch: Array) -> None:
    """g'(z) = 1 - a^2."""
    np.multiply(A, A, out=A)
    np.subtract(1.0, A, out=A)
    np.multiply(dA, A, out=dA)


def _relu(Z: Array, A: Array, zeros: Array) -> None:
    """g(z) = max(z, 0)."""
    np.maximum(Z, zeros, out=A)  # against an array rather than a number: twice as fast, and NaN still passes through


def _relu_backward(dA: Array, Z: Array, A: Array, scratch: Array) -> None:
    """g'(z) = 1 where a > 0, else 0: a mask of bits needs no conversion, as one of truth values does."""
    np.negative(A, out=A)  # as whole numbers: -a < 0 where a > 0, and 0 where a = 0
    np.right_shift(A, LAST_BIT[A.itemsize], out=A)  # all bits 1, or all 0
    np.bitwise_and(dA, A, out=dA)


def _is_positive(A: Array, out: Array) -> None:
    """Write 1 where A > 0, else 0, in A's own type: a boolean mask would be converted at each use."""
    np.greater(A, 0, out=out, casting="unsafe")


def _leaky_relu(Z: Array, A: Array, scratch: Array) -> None:
    """g(z) = max(z, 0.01 z)."""
    np.multiply(Z, LEAKY_SLOPE, out=scratch)
    np.maximum(Z, scratch, out=A)


def _leaky_relu_backward(dA: Array, Z: Array, A: Array, scratch: Array) -> None:
    """g'(z) = 1 where a > 0, else 0.01."""
    _is_positive(A, scratch)
    np.multiply(scratch, 1 - LEAKY_SLOPE, out=scratch)
    np.add(scratch, LEAKY_SLOPE, out=scratch)
    np.multiply(dA, scratch, out=dA)


def _elu(Z: Array, A: Array, scratch: Array) -> None:
    """g(z) = z where z > 0, else exp(z) - 1."""
    np.minimum(Z, 0, out=scratch)
    np.expm1(scratch, out=scratch)
    np.maximum(Z, scratch, out=A)  # exp(z) - 1 >= z everywhere, and the branch clipped to 0 where z > 0


def _elu_backward(dA: Array, Z: Array, A: Array, scratch: Array) -> None:
    """g'(z) = 1 where a > 0, else a + 1."""
    np.minimum(A, 0, out=A)
    np.add(A, 1.0, out=A)
    np.multiply(dA, A, out=dA)


def _selu(Z: Array, A: Array, scratch: Array) -> None:
    """g(z) = scale * (z where z > 0, else alpha (exp(z) - 1))."""
    np.minimum(Z, 0, out=scratch)
    np.expm1(scratch, out=scratch)
    np.multiply(scratch, SELU_SCALE * SELU_ALPHA, out=scratch)
    np.maximum(Z, 0, out=A)
    np.multiply(A, SELU_SCALE, out=A)
    np.add(A, scratch, out=A)


def _selu_backward(dA: Array, Z: Array, A: Array, scratch: Array) -> None:
    """g'(z) = scale where a > 0, else a + scale * alpha."""
    _is_positive(A, scratch)
    np.multiply(scratch, SELU_SCALE * (1 - SELU_ALPHA), out=scratch)
    np.minimum(A, 0, out=A)
    np.add(A, scratch, out=A)
    np.add(A, SELU_SCALE * SELU_ALPHA, out=A)
    np.multiply(dA, A, out=dA)


def _gelu(Z: Array, A: Array, scratch: Array) -> None:
    """g(z) = z (1 + t) / 2 with t = tanh(sqrt(2 / pi) (z + 0.044715 z^3))."""
    _gelu_tanh(Z, A)
    np.add(A, 1.0, out=A)
    np.multiply(A, Z, out=A)
    np.multiply(A, 0.5, out=A)


def _gelu_tanh(Z: Array, out: Array) -> None:
    """Write t = tanh(sqrt(2 / pi) (z + 0.044715 z^3))."""
    np.multiply(Z, Z, out=out)
    np.multiply(out, GELU_RATE * GELU_CUBE, out=out)
    np.add(out, GELU_RATE, out=out)
    np.multiply(out, Z, out=out)
    np.tanh(out, out=out)


def _gelu_backward(dA: Array, Z: Array, A: Array, scratch: Array) -> None:
    """g'(z) = (1 + t) (1 + (1 - t) u) / 2 with u = sqrt(2 / pi) (z + 3 * 0.044715 z^3)."""
    np.clip(Z, -30, 30, out=Z)  # t is exactly -1 or 1 there, and (1 - t) u must not become 0 * inf
    _gelu_tanh(Z, A)
    np.multiply(Z, Z, out=scratch)
    np.multiply(scratch, 3 * GELU_RATE * GELU_CUBE, out=scratch)
    np.add(scratch, GELU_RATE, out=scratch)
    np.multiply(scratch, Z, out=scratch)
    np.subtract(1.0, A, out=Z)
    np.multiply(scratch, Z, out=scratch)
    np.add(scratch, 1.0, out=scratch)
    np.add(A, 1.0, out=A)
    np.multiply(A, scratch, out=A)
    np.multiply(A, 0.5, out=A)
    np.multiply(dA, A, out=dA)


def _silu(Z: Array, A: Array, scratch: Array) -> None:
    """g(z) = z sigmoid(z)."""
    _sigmoid(Z, A, scratch)
    np.multiply(A, Z, out=A)


def _silu_backward(dA: Array, Z: Array, A: Array, scratch: Array) -> None:
    """g'(z) = s + a (1 - s) with s = sigmoid(z)."""
    _sigmoid(Z, scratch, Z)
    np.subtract(1.0, scratch, out=Z)
    np.multiply(A, Z, out=A)
    np.add(A, scratch, out=A)
    np.multiply(dA, A, out=dA)


def _softplus(Z: Array, A: Array, scratch: Array) -> None:
    """g(z) = log(1 + exp(z)) = max(z, 0) + log(1 + exp(-|z|)), which cannot overflow."""
    np.abs(Z, out=scratch)
    np.negative(scratch, out=scratch)
    np.exp(scratch, out=scratch)
    np.log1p(scratch, out=scratch)
    np.maximum(Z, 0, out=A)
    np.add(A, scratch, out=A)


def _softplus_backward(dA: Array, Z: Array, A: Array, scratch: Array) -> None:
    """g'(z) = sigmoid(z) = 1 - exp(-a)."""
    np.negative(A, out=A)
    np.expm1(A, out=A)
    np.negative(A, out=A)
    np.multiply(dA, A, out=dA)


def _softsign(Z: Array, A: Array, scratch: Array) -> None:
    """g(z) = z / (1 + |z|)."""
    np.abs(Z, out=scratch)
    np.add(scratch, 1.0, out=scratch)
    np.divide(Z, scratch, out=A)


def _softsign_backward(dA: Array, Z: Array, A: Array, scratch: Array) -> None:
    """g'(z) = (1 - |a|)^2."""
    np.abs(A, out=A)
    np.subtract(1.0, A, out=A)
    np.multiply(A, A, out=A)
    np.multiply(dA, A, out=dA)


def _tanh_softplus(Z: Array, out: Array, scratch: Array) -> None:
    """Write w = tanh(softplus(z)) = k / (k + 2) with k = exp(z) (exp(z) + 2)."""
    np.minimum(Z, MISH_LINEAR, out=out)
    np.exp(out, out=out)
    np.add(out, 2.0, out=scratch)
    np.multiply(out, scratch, out=out)
    np.add(out, 2.0, out=scratch)
    np.divide(out, scratch, out=out)


def _mish(Z: Array, A: Array, scratch: Array) -> None:
    """g(z) = z w with w = tanh(softplus(z)) (Misra 2019)."""
    _tanh_softplus(Z, A, scratch)
    np.multiply(A, Z, out=A)


def _mish_backward(dA: Array, Z: Array, A: Array, scratch: Array) -> None:
    """g'(z) = w + z (1 - w^2) sigmoid(z)."""
    np.clip(Z, -80, MISH_LINEAR, out=Z)  # w is 1 above and 0 below: both factors are finite, g' is the same
    _tanh_softplus(Z, A, scratch)
    _sigmoid(Z, scratch, scratch)
    np.multiply(scratch, Z, out=Z)
    np.multiply(A, A, out=scratch)
    np.subtract(1.0, scratch, out=scratch)
    np.multiply(Z, scratch, out=Z)
    np.add(A, Z, out=A)
    np.multiply(dA, A, out=dA)


ACTIVATIONS: dict[str, Activation] = {
    "identity": Activation(_identity, _identity_backward, False, 1.0),
    "sigmoid": Activation(_sigmoid, _sigmoid_backward, False, 1.846),
    "tanh": Activation(_tanh, _tanh_backward, False, 1.0),  # critical: 1.59 keeps the variance but is chaotic at depth
    "relu": Activation(
        _relu, _relu_backward, False, math.sqrt(2), takes_zeros=True, on_bits=True, initializer="he_normal"
    ),
    "leaky_relu": Activation(
        _leaky_relu, _leaky_relu_backward, False, math.sqrt(2 / (1 + LEAKY_SLOPE**2)), initializer="he_normal"
    ),
    "elu": Activation(_elu, _elu_backward, False, 1.245, initializer="he_normal"),
    "selu": Activation(_selu, _selu_backward, False, 1.0, initializer="lecun_normal"),
    "gelu": Activation(_gelu, _gelu_backward, True, 1.534, initializer="he_normal"),
    "silu": Activation(_silu, _silu_backward, True, 1.677, initializer="he_normal"),
    "softplus": Activation(_softplus, _softplus_backward, False, 1.042, initializer="he_normal"),
    "softsign": Activation(_softsign, _softsign_backward, False, 1.0),
    "mish": Activation(_mish, _mish_backward, True, 1.487, initializer="he_normal"),
}
