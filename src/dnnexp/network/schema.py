"""What can be set about a network's shape."""

from __future__ import annotations

from dataclasses import dataclass

from dnnexp.errors import ConfigError, require, require_choice
from dnnexp.network.activations import ACTIVATIONS
from dnnexp.network.architecture import RESIDUALS
from dnnexp.network.initializers import AUTO, INITIALIZERS
from dnnexp.network.normalization import NORMALIZATIONS

__all__ = ["ModelConfig"]

LARGEST_GAIN = 1e30
DEEPEST, WIDEST = 10_000, 1_000_000  # beyond, a network's size is no number that NumPy has for it


@dataclass
class ModelConfig:
    """Hidden layers: either `depth` layers of one `width`, or a list `widths`; one activation, or one for each layer.

    Raises ConfigError for a depth or width out of range, an unknown name, or lists that disagree with the depth.
    """

    depth: int | None = None  # hidden layers; None: as many as `widths` or `activations` has, else 1
    width: int = 64  # units in every hidden layer, where `widths` is not given
    widths: list[int] | None = None  # units of each hidden layer
    activation: str = "silu"  # of every hidden layer, where `activations` is not given
    activations: list[str] | None = None  # of each hidden layer
    initializer: str = AUTO
    gain: float | None = None  # of the initial weights; None: the one that suits the activation
    normalization: str = "none"  # of Z[l] in the hidden layers
    residual: str = "none"  # rezero: layers of equal width add to the layer before
    dropout: float = 0.0  # probability that a hidden unit is silent in a training step

    def __post_init__(self) -> None:
        if self.depth is not None:
            require(0 <= self.depth <= DEEPEST, "model.depth", f"0 <= depth <= {DEEPEST}", self.depth)
        require(1 <= self.width <= WIDEST, "model.width", f"1 <= width <= {WIDEST}", self.width)
        for i, width in enumerate(self.widths or []):
            require(1 <= width <= WIDEST, f"model.widths[{i}]", f"1 <= width <= {WIDEST}", width)
        require_choice("model.activation", self.activation, ACTIVATIONS)
        for i, activation in enumerate(self.activations or []):
            require_choice(f"model.activations[{i}]", activation, ACTIVATIONS)
        require_choice("model.initializer", self.initializer, (AUTO, *INITIALIZERS))
        if self.gain is not None:
            law = f"0 < gain <= {LARGEST_GAIN:g}, so that weights fit into float32"
            require(0 < self.gain <= LARGEST_GAIN, "model.gain", law, self.gain)
        require_choice("model.normalization", self.normalization, ("none", *NORMALIZATIONS))
        require_choice("model.residual", self.residual, RESIDUALS)
        require(0 <= self.dropout < 1, "model.dropout", "0 <= dropout < 1", self.dropout)
        lengths = {
            name: length
            for name, length in (
                ("depth", self.depth),
                ("widths", None if self.widths is None else len(self.widths)),
                ("activations", None if self.activations is None else len(self.activations)),
            )
            if length is not None
        }
        if len(set(lengths.values())) > 1:
            said = ", ".join(f"{name}: {length}" for name, length in lengths.items())
            raise ConfigError(
                f"model: depth, widths and activations must agree on the number of hidden layers, got {said}"
            )

    @property
    def hidden(self) -> tuple[tuple[int, str], ...]:
        """(units, activation) of each hidden layer, from the input on."""
        if self.depth is not None:
            depth = self.depth
        elif self.widths is not None:
            depth = len(self.widths)
        else:
            depth = 1 if self.activations is None else len(self.activations)
        widths = self.widths if self.widths is not None else [self.width] * depth
        activations = self.activations if self.activations is not None else [self.activation] * depth
        return tuple(zip(widths, activations, strict=True))
