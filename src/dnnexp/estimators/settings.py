"""An estimator's settings: of the type that each must be, and named in errors as its constructor names them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from dnnexp.errors import ConfigError, DnnexpError, require

__all__ = ["activations", "hidden_layers", "in_own_words", "require_settings", "with_own_names"]

WHOLE = ("max_iter", "batch_size", "n_iter_no_change", "n_members")
NUMBERS = ("learning_rate_init", "weight_decay", "validation_fraction", "label_smoothing", "dropout", "average")
FLAGS = ("early_stopping", "warm_start")
OPTIONAL = ("batch_size", "learning_rate_init", "n_iter_no_change", "weight_decay")  # None says something
NAMES = {  # of the keys that the commands know them by
    "data.preprocessing.scaling": "scaling",
    "model.activations": "activation",
    "model.depth": "hidden_layer_sizes",
    "model.dropout": "dropout",
    "model.normalization": "normalization",
    "model.residual": "residual",
    "model.widths": "hidden_layer_sizes",
    "optimizer.lr": "learning_rate_init",
    "optimizer.name": "solver",
    "optimizer.weight_decay": "weight_decay",
    "schedule.name": "schedule",
    "trainer.average": "average",
    "trainer.batch_size": "batch_size",
    "trainer.epochs": "max_iter",
    "trainer.label_smoothing": "label_smoothing",
    "trainer.patience": "n_iter_no_change",
}


def require_settings(settings: Mapping[str, Any]) -> None:
    """Raise ConfigError for a setting of another type than it must be, or out of its range where only estimators know.

    settings: by the constructor's names.
    """
    kinds: tuple[tuple[Sequence[str], str, Callable[[Any], bool]], ...] = (
        (WHOLE, "a whole number", is_whole),
        (NUMBERS, "a number", is_number),
        (FLAGS, "True or False", is_flag),
    )
    for names, law, is_so in kinds:
        for name in names:
            if name in settings:
                value, may_be_none = settings[name], name in OPTIONAL
                holds = is_so(value) or (may_be_none and value is None)
                require(holds, name, f"{law}{' or None' if may_be_none else ''}", value)
    require(settings["n_members"] >= 1, "n_members", "n_members >= 1", settings["n_members"])
    share = settings["validation_fraction"]
    require(0 < share < 1, "validation_fraction", "0 < validation_fraction < 1", share)


def hidden_layers(sizes: Any) -> list[int]:
    """Return the units of each hidden layer, of one number or of several. Raises ConfigError for anything else."""
    given = [sizes] if is_whole(sizes) else sizes
    is_list = isinstance(given, Sequence | np.ndarray) and not isinstance(given, str | bytes)
    require(is_list and all(map(is_whole, given)), "hidden_layer_sizes", "a whole number, or one for each layer", sizes)
    return [int(units) for units in given]


def activations(names: Any, depth: int) -> list[str]:
    """Return the name for each of `depth` hidden layers, of one name or of as many. Raises ConfigError for others."""
    given = [names] * depth if isinstance(names, str) else names
    is_list = isinstance(given, Sequence | np.ndarray) and all(isinstance(name, str) for name in given)
    require(is_list, "activation", "one name, or one for each hidden layer", names)
    if len(given) != depth:
        law = "activation and hidden_layer_sizes must agree on the number of hidden layers"
        raise ConfigError(f"{law}, got {len(given)} names for {depth}")
    return [str(name) for name in given]


def in_own_words(error: DnnexpError) -> str:
    """Return the message with the constructor's name for the key that it begins with."""
    key, colon, rest = str(error).partition(":")
    plain, bracket, place = key.partition("[")
    return f"{NAMES.get(plain, plain)}{bracket}{place}{colon}{rest}".replace("(null: ", "(None: ")


def with_own_names(text: str) -> str:
    """Return the text with the constructor's names for the keys in it."""
    for key, name in NAMES.items():
        text = text.replace(key, name)
    return text


def is_whole(value: Any) -> bool:
    """Whether it is a whole number, which True is not."""
    return isinstance(value, Integral) and not is_flag(value)


def is_number(value: Any) -> bool:
    """Whether it is a number, which True is not."""
    return isinstance(value, Real) and not is_flag(value)


def is_flag(value: Any) -> bool:
    """Whether it is True or False."""
    return isinstance(value, bool | np.bool_)
