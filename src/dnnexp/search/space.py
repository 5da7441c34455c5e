"""The space of one depth: what a trial may choose there, and how a winner moves to another depth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Protocol

from dnnexp.errors import require
from dnnexp.search.schema import AUTO, SpaceConfig

if TYPE_CHECKING:
    from dnnexp.data.dataset import Dataset
    from dnnexp.evaluation.configuration import Configuration

__all__ = ["Suggests", "flatten", "grow", "lr_bounds", "settled", "start", "suggest", "tapered"]

FEW_COLUMNS = 10  # up to here all are kept, unless something else is asked for
COUNTS = tuple(base * 10**power for power in range(6) for base in (5, 10, 20))  # of columns to keep: 5, 10, 20, 50, …
SCALINGS = ("standard", "robust")  # that numbers can do with one as well as with the other
CARRIED = ("weight_decay", "dropout", "batch_size", "scaling", "skew", "columns")  # what a deeper network takes over


class Suggests(Protocol):
    """A trial, as far as the space needs it: Optuna's, or one with fixed parameters."""

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int: ...
    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float: ...
    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any: ...


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


def settled(space: SpaceConfig, base: Configuration, dataset: Dataset) -> SpaceConfig:
    """Return the space with the choices that are left to the data made: the same for all trials of a study.

    Two scalings are tried on numbers that are no pixels, unless the configuration has another than the usual one. Some
    of the columns are tried beside all of them where there are more than ten: up to four counts of 5, 10, 20, 50, …
    that are no more than half. Raises ConfigError for more columns to be kept than there are.
    """
    count, is_table = dataset.X.shape[1], dataset.image_shape is None
    scaling, columns = space.scaling, space.columns
    if scaling == AUTO:
        has_numbers = any(dtype.kind in "biuf" for dtype in dataset.X.dtypes)
        matters = is_table and has_numbers and base.preprocessing.scaling == SCALINGS[0]
        scaling = list(SCALINGS) if matters else None
    if columns == AUTO:
        matters = is_table and count > FEW_COLUMNS and base.preprocessing.select is None
        columns = [None, *_spread([k for k in COUNTS if 2 * k <= count])] if matters else None
    law, select = f"at most {count}, the columns of {dataset.name}", base.preprocessing.select
    require(select is None or select <= count, "data.preprocessing.select", law, select)
    for i, k in enumerate(columns or ()):
        require(not isinstance(k, int) or k <= count, f"search.space.columns[{i}]", law, k)
    return replace(space, scaling=scaling, columns=columns)


def _spread(counts: Sequence[int], most: int = 4) -> list[int]:
    """Return at most four of the counts, the first, the last and some between."""
    if len(counts) <= most:
        return list(counts)
    return [counts[round(i * (len(counts) - 1) / (most - 1))] for i in range(most)]


def suggest(trial: Suggests, depth: int, base: Configuration, space: SpaceConfig) -> Configuration:
    """Return base with what the trial chose for this depth: shape, activations, training, preprocessing.

    The same parameters with the same bounds for every trial of a depth, none conditional on another.
    """
    low, high = space.width
    if depth <= space.per_layer_depth:
        widths = [trial.suggest_int(f"width_{l}", low, high, log=True) for l in range(1, depth + 1)]
    else:
        width = trial.suggest_int("width", low, high, log=True)
        widths = tapered(width, trial.suggest_float("taper", *space.taper, log=True), depth)
    model = replace(base.model, depth=depth, widths=widths, **_activations(trial, depth, space))
    optimizer = replace(base.optimizer, lr=trial.suggest_float("lr", *lr_bounds(space, depth), log=True))
    if space.weight_decay is not None:
        optimizer.weight_decay = trial.suggest_float("weight_decay", *space.weight_decay, log=True)
    if space.dropout is not None:
        low_rate, high_rate = space.dropout
        model.dropout = trial.suggest_float("dropout", low_rate, high_rate)
    trainer, inputs = base.trainer, base.preprocessing
    trainer = replace(trainer, batch_size=_choose(trial, "batch_size", space.batch_size, trainer.batch_size))
    inputs = replace(
        inputs,
        scaling=_choose(trial, "scaling", space.scaling, inputs.scaling),
        skew=_choose(trial, "skew", space.skew, inputs.skew),
        select=_choose(trial, "columns", space.columns, inputs.select),
    )
    return replace(base, model=model, optimizer=optimizer, trainer=trainer, preprocessing=inputs)


def _activations(trial: Suggests, depth: int, space: SpaceConfig) -> dict[str, Any]:
    """Return the model's keys that say which activation each layer has."""
    choices = list(space.activation)
    if not has_own_activations(space, depth):
        return {"activation": str(trial.suggest_categorical("activation", choices)), "activations": None}
    chosen = [str(trial.suggest_categorical(f"activation_{l}", choices)) for l in range(1, depth + 1)]
    return {"activation": chosen[0], "activations": chosen}


def has_own_activations(space: SpaceConfig, depth: int) -> bool:
    """Whether each layer of a network of that depth has an activation of its own."""
    return space.per_layer_activation and depth <= space.per_layer_depth


def _choose(trial: Suggests, name: str, choices: Sequence[Any] | str | None, configured: Any) -> Any:
    """Return the trial's choice; the only one where there is one; what is configured where there is none."""
    if choices is None or isinstance(choices, str):
        return configured
    return trial.suggest_categorical(name, list(choices)) if len(choices) > 1 else choices[0]


def start(base: Configuration, space: SpaceConfig) -> dict[str, Any]:
    """Return the parameters of the network of one hidden layer that is configured, as far as the space has them.

    It is what a search is measured by: the defaults, which nobody had to tune.
    """
    model, inputs = base.model, base.preprocessing
    units, activation = model.hidden[0] if model.hidden else (model.width, model.activation)
    chosen = activation if activation in space.activation else space.activation[0]
    name = "activation_1" if has_own_activations(space, 1) else "activation"
    params: dict[str, Any] = {"width_1": round(_clip(units, space.width)), name: chosen}
    params["lr"] = _clip(base.optimizer.lr, lr_bounds(space, 1))
    if space.weight_decay is not None:
        params["weight_decay"] = _clip(base.optimizer.weight_decay or 0.0, space.weight_decay)
    if space.dropout is not None:
        params["dropout"] = _clip(model.dropout, space.dropout)
    searched: dict[str, tuple[Any, Any]] = {
        "batch_size": (space.batch_size, base.trainer.batch_size),
        "scaling": (space.scaling, inputs.scaling),
        "skew": (space.skew, inputs.skew),
        "columns": (space.columns, inputs.select),
    }
    for key, (choices, configured) in searched.items():
        if isinstance(choices, list) and len(choices) > 1:
            params[key] = configured if configured in choices else choices[0]
    return params


def grow(params: Mapping[str, Any], depth: int, deeper: int, space: SpaceConfig) -> dict[str, Any]:
    """Return the parameters of a network of `deeper` layers that continues a winner of `depth` layers.

    The last hidden layer is repeated, the learning rate follows the law of depth, and all of it is clipped to the
    space. Where layers stop having widths of their own, the first and the last width become base width and taper.
    """
    grown = {name: params[name] for name in CARRIED if name in params}
    if depth <= space.per_layer_depth:
        widths = [params[f"width_{l}"] for l in range(1, depth + 1)]
        width, taper = widths[0], widths[-1] / widths[0]
    else:
        width, taper = params["width"], params["taper"]
        widths = tapered(width, taper, depth)
    if deeper <= space.per_layer_depth:
        longer = [*widths, *[widths[-1]] * (deeper - depth)]
        grown |= {f"width_{l}": round(_clip(n, space.width)) for l, n in enumerate(longer, start=1)}
    else:
        grown |= {"width": round(_clip(width, space.width)), "taper": _clip(taper, space.taper)}
    own = [params[f"activation_{l}"] for l in range(1, depth + 1)] if has_own_activations(space, depth) else []
    last = own[-1] if own else params["activation"]
    if has_own_activations(space, deeper):
        grown |= {f"activation_{l}": name for l, name in enumerate([*own, *[last] * (deeper - len(own))], start=1)}
    else:
        grown["activation"] = last
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
