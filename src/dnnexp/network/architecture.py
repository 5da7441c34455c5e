"""The shape of a network: units and activation of every layer, what else a layer has, and the sizes that follow."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["RESIDUALS", "Architecture", "Dimensions"]

RESIDUALS = ("none", "rezero")
SMALL = 1_000_000  # multiply-adds of a product up to which OpenBLAS takes its kernels for small matrices


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
    normalization: str = "none"  # of Z[l] in hidden layers, a name in NORMALIZATIONS
    residual: str = "none"  # rezero: A[l] = A[l-1] + s[l] g(Z[l]) where hidden layers l-1 and l have equal units
    alternating: bool = False  # order of the matrices in memory: see for_columns; else all lie by rows

    @property
    def L(self) -> int:
        """Layers: the hidden ones and the output layer."""
        return len(self.n) - 1

    @property
    def depth(self) -> int:
        """Hidden layers."""
        return self.L - 1

    def is_by_columns(self, l: int) -> bool:
        """Tell whether in training the columns of A[l], and of its gradients, lie together in memory."""
        return self.alternating and l % 2 == 1

    def is_residual(self, l: int) -> bool:
        """Layer l adds to the output of the layer before instead of replacing it."""
        return self.residual != "none" and 2 <= l < self.L and self.n[l] == self.n[l - 1]

    def has_weights_by_columns(self, l: int) -> bool:
        """Tell whether the columns of [W[l] | b[l]] lie together in theta."""
        return self.alternating and (l == 1 or l % 2 == 0)

    def for_columns(self, m: int) -> Architecture:
        """Return the same network with its matrices in the order that is fastest in training on m columns.

        BLAS takes nearly twice as long for a product whose first factor lies by rows and whose second lies by columns,
        in its kernels for small matrices. There is none when the inputs and A[l], dA[l], dZ[l] of odd l lie by columns,
        those of even l by rows, and [W[l] | b[l]] by columns for l = 1 and even l, by rows for the other odd l.
        """
        is_plain = self.normalization == "none" and self.residual == "none"
        largest = max(n * n_prev for n_prev, n in zip(self.n, self.n[1:], strict=False)) * m
        return self._replace(alternating=is_plain and largest <= SMALL)

    def layer_parameters(self, l: int) -> int:
        """Trained numbers of layer l: W[l] and b[l], scale and shift of a normalisation, s[l] of a residual."""
        own = self.n[l] * (self.n[l - 1] + 1)
        normalised = 2 * self.n[l] if self.normalization != "none" and l < self.L else 0
        return own + normalised + self.is_residual(l)

    @property
    def parameters(self) -> int:
        """Trained numbers of the network; of a plain one the sum of n[l] (n[l-1] + 1)."""
        return sum(self.layer_parameters(l) for l in range(1, self.L + 1))

    @property
    def size(self) -> int:
        """P, the length of theta: the parameters, and the running statistics of batch normalisation."""
        return self.parameters + (2 * sum(self.n[1 : self.L]) if self.normalization == "batch" else 0)

    @property
    def dimensions(self) -> tuple[Dimensions, ...]:
        """One entry for each layer 1 … L."""
        names = (*self.activations, self.output)
        return tuple(
            Dimensions(
                l, self.n[l], name, (self.n[l], self.n[l - 1]), (self.n[l], 1), (self.n[l], "m"),
                self.layer_parameters(l), self.n[l] * self.n[l - 1],
            )
            for l, name in enumerate(names, start=1)
        )  # fmt: skip
