"""Values out of a model file's JSON, taken only where they are of the type, number and size that they must be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dnnexp.errors import DataError

__all__ = ["choice", "flags", "number_list", "optional_texts", "require_sound", "texts"]


def require_sound(is_sound: bool, key: str, law: str, got: str = "") -> None:
    """Raise DataError "model state: need law as key, got what was" unless it is sound."""
    if not is_sound:
        raise DataError(f"model state: need {law} as {key!r}{f', got {got}' if got else ''}")


def number_list(value: Any, key: str, count: int | None = None) -> np.ndarray:
    """Return a list of that many finite numbers as float64 (count,); None: of as many as there are, at least one."""
    law = f"{'a few' if count is None else count} finite numbers"
    require_sound(isinstance(value, list), key, law)
    has_length = len(value) >= 1 if count is None else len(value) == count
    require_sound(has_length, key, law, f"shape ({len(value)},)")
    require_sound(all(type(number) in (int, float) for number in value), key, law)
    try:
        numbers = np.array(value, dtype=np.float64)
    except OverflowError:
        numbers = np.array([np.inf])
    require_sound(bool(np.isfinite(numbers).all()), key, law)
    return numbers


def flags(state: Mapping[str, Any], key: str, count: int) -> np.ndarray:
    """Return state[key], that many of true and false, as bool (count,)."""
    value = state[key]
    holds = isinstance(value, list) and len(value) == count and all(type(flag) is bool for flag in value)
    require_sound(holds, key, f"{count} of true and false")
    return np.array(value, dtype=bool)


def texts(state: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """Return state[key], a list of different texts, at least one."""
    value = state[key]
    require_sound(isinstance(value, list) and len(value) >= 1, key, "a list of texts")
    require_sound(all(type(text) is str for text in value), key, "texts only")
    require_sound(len(set(value)) == len(value), key, "different texts")
    return tuple(value)


def optional_texts(value: Any, key: str) -> tuple[str | None, ...]:
    """Return a list of different texts, at least one, of which one may be null."""
    holds = isinstance(value, list) and all(text is None or type(text) is str for text in value)
    require_sound(holds and len(value) >= 1 and len(set(value)) == len(value), key, "lists of different texts or null")
    return tuple(value)


def choice(state: Mapping[str, Any], key: str, choices: Sequence[str]) -> str:
    """Return state[key], one of the choices."""
    value = state[key]
    require_sound(type(value) is str and value in choices, key, f"one of {', '.join(choices)}")
    return str(value)
