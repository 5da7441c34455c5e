"""The shape of a network: units and activation of every layer, and the sizes that follow from them."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Architecture", "Dimensions"]


class Dimensions(NamedTuple):
    """The matrix dimensions of one layer, for m examples."""

    layer: int
    units: int
    activation: str
    W: tuple[int, int]
    b: tuple[int, int]
    A: tuple[int, str]
    parameters: int
    multiply_adds: int  # of the forward pass, for one example


class Architecture(NamedTuple):
    """n[0] inputs, n[1] … n[L] units; g[1] … g[L-1] of the hidden layers; the output's function by name."""

    n: tuple[int, ...]
    activations: tuple[str, ...]
    output: str

    @property
    def L(self) -> int:
        """Layers: the hidden ones and the output layer."""
        return len(self.n) - 1

    @property
    def depth(self) -> int:
        """Hidden layers."""
        return self.L - 1

    @property
    def parameters(self) -> int:
        """P, all weights and biases: the sum of n[l] (n[l-1] + 1)."""
        return sum(n * (n_prev + 1) for n_prev, n in zip(self.n, self.n[1:], strict=False))

    @property
    def dimensions(self) -> tuple[Dimensions, ...]:
        """One entry for each layer 1 … L."""
        names = (*self.activations, self.output)
        return tuple(
            Dimensions(l, n, name, (n, n_prev), (n, 1), (n, "m"), n * (n_prev + 1), n * n_prev)
            for l, (n_prev, n, name) in enumerate(zip(self.n, self.n[1:], names, strict=False), start=1)
        )
