"""What lets networks of dozens of layers train: rectifiers that deep are built as ReZero, with widths in blocks.

Plain tanh with orthogonal weights trains at hundreds of layers; rectifiers do not (digits, 100 layers: accuracy .54).
ReZero (Bachlechner et al. 2021) adds each layer to the one before, which takes layers of equal width: a taper goes
down in a few steps, between which all layers are residual.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dnnexp.network.activations import ACTIVATIONS

if TYPE_CHECKING:
    from dnnexp.evaluation.configuration import Configuration
    from dnnexp.search.schema import SearchConfig, SpaceConfig

__all__ = ["made_trainable", "note_on_depth"]


def made_trainable(configuration: Configuration, space: SpaceConfig) -> Configuration:
    """Return the configuration with what its depth and activation need; itself where the user has chosen a residual.

    Only networks whose activations are all rectifiers, of one kind or of several, are changed.
    """
    model = configuration.model
    hidden = model.hidden
    all_rectify = all(ACTIVATIONS[activation].is_rectifier for _, activation in hidden)
    is_deep = space.rezero_depth is not None and len(hidden) >= space.rezero_depth
    if not is_deep or model.residual != "none" or not all_rectify:
        return configuration
    widths = [units for units, _ in hidden]
    block = -(-len(widths) // space.rezero_blocks)
    first = [widths[block * (l // block)] for l in range(len(widths))]
    return replace(configuration, model=replace(model, residual="rezero", widths=first))


def note_on_depth(search: SearchConfig, residual: str) -> str:
    """Return what a sweep that may grow so deep does to its networks, in a sentence; "" where it does nothing."""
    space = search.space
    changed = [activation for activation in space.activation if ACTIVATIONS[activation].is_rectifier]
    if space.rezero_depth is None or search.max_depth < space.rezero_depth or residual != "none" or not changed:
        return ""
    names = ", ".join(changed)
    return (
        f"from {space.rezero_depth} hidden layers on, networks of {names} are built with model.residual=rezero and "
        f"widths in {space.rezero_blocks} blocks: plain ones do not train at such depths (search.space.rezero_depth)"
    )
