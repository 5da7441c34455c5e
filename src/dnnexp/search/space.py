"""The space of one depth: what a trial may choose there, and how a winner moves to another depth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Protocol

from dnnexp.search.schema import SpaceConfig

if TYPE_CHECKING:
    from dnnexp.evaluation.configuration import Configuration

__all__ = ["PER_LAYER_DEPTH", "Suggests", "flatten", "grow", "lr_bounds", "suggest", "tapered"]

PER_LAYER_DEPTH = 6  # up to here every layer has a width of its own; beyond, too many for twenty trials to tell apart


class Suggests(Protocol):
    """A trial, as far as the space needs it: Optuna's, or one with fixed parameters."""

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int: ...
    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float: ...
    def suggest_categorical(self, name: str, choices: Sequence[str]) -> Any: ...


def lr_bounds(space: SpaceConfig, depth: int) -> tuple[float, float]:
    """Return the bounds of the learning rate at that depth, bounds * depth ** -lr_exponent.

    Plain gradient descent wants 1 to 1.5 (the theory says L ** -3/2); Adam divides by the gradient's size and wants
    far less: what trains 1 to 3 layers at 1e-3 to 1e-2 trains 100 and 300 at 3e-4.
    """
    low, high = space.lr
    scale = depth**-space.lr_exponent
    return low * scale, high * scale


def tapered(width: int, taper: float, depth: int) -> list[int]:
    """Return depth widths that fall geometrically from width to width * taper, at least 1."""
    return [max(1, round(width * taper ** (i / max(1, depth - 1)))) for i in range(depth)]


def suggest(trial: Suggests, depth: int, base: Configuration, space: SpaceConfig) -> Configuration:
    """Return base with the shape, activation, learning rate and weight decay that the trial chose for this depth.

    The same parameters with the same bounds for every trial of a depth, none conditional on another.
    """
    low, high = space.width
    if depth <= PER_LAYER_DEPTH:
        widths = [trial.suggest_int(f"width_{l}", low, high, log=True) for l in range(1, depth + 1)]
    else:
        width = trial.suggest_int("width", low, high, log=True)
        widths = tapered(width, trial.suggest_float("taper", *space.taper, log=True), depth)
    activation = str(trial.suggest_categorical("activation", list(space.activation)))
    lr = trial.suggest_float("lr", *lr_bounds(space, depth), log=True)
    weight_decay = base.optimizer.weight_decay
    if space.weight_decay is not None:
        weight_decay = trial.suggest_float("weight_decay", *space.weight_decay, log=True)
    model = replace(base.model, depth=depth, widths=widths, activation=activation, activations=None)
    optimizer = replace(base.optimizer, lr=lr, weight_decay=weight_decay)
    return replace(base, model=model, optimizer=optimizer)


def grow(params: Mapping[str, Any], depth: int, deeper: int, space: SpaceConfig) -> dict[str, Any]:
    """Return the parameters of a network of `deeper` layers that continues a winner of `depth` layers.

    The last hidden layer is repeated, the learning rate follows the law of depth, and all of it is clipped to the
    space. Where layers stop having widths of their own, the first and the last width become base width and taper.
    """
    grown = {name: params[name] for name in ("activation", "weight_decay") if name in params}
    if depth <= PER_LAYER_DEPTH:
        widths = [params[f"width_{l}"] for l in range(1, depth + 1)]
        width, taper = widths[0], widths[-1] / widths[0]
    else:
        width, taper = params["width"], params["taper"]
        widths = tapered(width, taper, depth)
    if deeper <= PER_LAYER_DEPTH:
        longer = [*widths, *[widths[-1]] * (deeper - depth)]
        grown |= {f"width_{l}": round(_clip(n, space.width)) for l, n in enumerate(longer, start=1)}
    else:
        grown |= {"width": round(_clip(width, space.width)), "taper": _clip(taper, space.taper)}
    lr = params["lr"] * (depth / deeper) ** space.lr_exponent
    return grown | {"lr": _clip(lr, lr_bounds(space, deeper))}


def flatten(configuration: Configuration) -> dict[str, Any]:
    """Return the configuration by full config keys such as "optimizer.lr" and "data.preprocessing.scaling"."""
    groups = {"preprocessing": "data.preprocessing"}
    return {
        f"{groups.get(part, part)}.{key}": value
        for part, values in asdict(configuration).items()
        for key, value in values.items()
    }


def _clip(value: float, bounds: Sequence[float]) -> float:
    return min(max(value, bounds[0]), bounds[1])
