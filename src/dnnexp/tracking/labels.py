"""What a network is called, and the parameters that runs are compared by: those of the network that was built."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from itertools import groupby

__all__ = ["activation_text", "built_params", "registered_address", "registered_name", "run_name", "short_number"]

SHAPE_KEYS = ("model.depth", "model.width", "model.widths", "model.activation", "model.activations")
LONGEST = 40  # characters of the widths in a name
NOT_IN_NAMES = re.compile(r"[/:]+")  # of the registry


def run_name(hidden: Sequence[tuple[int, str]], lr: float, *suffix: str) -> str:
    """Return a name that says the network, such as "d3-64x64x32-relu-lr3e-3-t042".

    hidden: (units, activation) of each hidden layer. suffix: what tells runs of like networks apart.
    """
    shape = (_widths(hidden), _activations(hidden)) if hidden else ("linear",)
    return "-".join((f"d{len(hidden)}", *shape, f"lr{short_number(lr)}", *suffix))


def built_params(config: Mapping[str, object], hidden: Sequence[tuple[int, str]], parameters: int) -> dict[str, object]:
    """Return the flat config with the shape that was built in the place of the keys that described it.

    MLflow's charts draw numbers on linear axes, and at most 30 different texts: model.widest, model.parameters and
    optimizer.lr_log10 are there for them.
    """
    shape: dict[str, object] = {
        "model.depth": len(hidden),
        "model.widths": "x".join(str(units) for units, _ in hidden) or "none",
        "model.activation": activation_text(hidden) or "none",
        "model.widest": max((units for units, _ in hidden), default=0),
        "model.parameters": parameters,
    }
    lr = config.get("optimizer.lr")
    if isinstance(lr, int | float) and lr > 0:
        shape["optimizer.lr_log10"] = round(math.log10(lr), 3)
    return {key: value for key, value in config.items() if key not in SHAPE_KEYS} | shape


def activation_text(hidden: Sequence[tuple[int, str]]) -> str:
    """Return "relu" for a network that has one activation, "tanh+relu+tanh" where they differ, layer by layer."""
    names = [activation for _, activation in hidden]
    return "+".join(names[:1] if len(set(names)) == 1 else names)


def registered_name(study: str) -> str:
    """Return the name that a study's model has in the registry: slashes and colons become dashes."""
    return NOT_IN_NAMES.sub("-", study)


def registered_address(study: str, alias: str = "champion") -> str:
    """Return the address of a study's model in the registry."""
    return f"models:/{registered_name(study)}@{alias}"


def short_number(value: float) -> str:
    """Return the number with two digits in the shortest form: 3e-3, 0.25, 1.2e-4, 10."""
    text = f"{value:.2g}"
    if "e" in text or 0 < abs(value) < 0.05:
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa.removesuffix('.0')}e{int(exponent)}"
    return text


def _widths(hidden: Sequence[tuple[int, str]]) -> str:
    """Return "64x64x32", or "64*12" for twelve layers of 64, cut in the middle where it would be long."""
    text = "x".join(str(units) for units, _ in hidden)
    if len(hidden) > 3:
        runs = [(units, len(list(group))) for units, group in groupby(units for units, _ in hidden)]
        text = "x".join(f"{units}*{count}" if count > 1 else str(units) for units, count in runs)
    if len(text) > LONGEST:
        text = f"{hidden[0][0]}to{hidden[-1][0]}"
    return text


def _activations(hidden: Sequence[tuple[int, str]]) -> str:
    """Return "relu", or "tanh+relu" for a network that has both."""
    return "+".join(dict.fromkeys(activation for _, activation in hidden))
