"""Values read from YAML or a command line, as the types that the schemas declare."""

from __future__ import annotations

import sys
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from dnnexp.errors import ConfigError, shown

__all__ = ["build", "leaf_keys", "section_of"]

NAMES: dict[Any, str] = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
LARGEST: dict[Any, int | float] = {int: 2**63 - 1, float: sys.float_info.max}  # what NumPy and databases hold


def leaf_keys(schema: type, prefix: str = "") -> Iterator[str]:
    """Yield the dotted key of each value that a schema holds, such as "search.space.width"."""
    for name, hint in _hints(schema).items():
        section = section_of(hint)
        if section is None:
            yield prefix + name
        else:
            yield from leaf_keys(section, f"{prefix}{name}.")


def section_of(hint: Any) -> type | None:
    """Return the dataclass that a type hint names, alone or beside None; None for a hint of plain values."""
    return next((arm for arm in _arms(hint) if isinstance(arm, type) and is_dataclass(arm)), None)


def build(schema: type, values: Mapping[str, Any], prefix: str = "", **given: Any) -> Any:
    """Return the schema's dataclass with values of the declared types.

    Raises ConfigError for an unknown key, a value of another type, or one that the schema itself refuses.
    """
    hints = _hints(schema)
    for name in values:
        if name not in hints:
            raise ConfigError(f"{prefix}{name}: no such key; {prefix.rstrip('.')} has: {', '.join(hints)}")
    return schema(**{name: _convert(value, hints[name], prefix + name) for name, value in values.items()}, **given)


def _hints(schema: type) -> dict[str, Any]:
    hints = typing.get_type_hints(schema)
    return {item.name: hints[item.name] for item in fields(schema) if item.name != "origin"}


def _arms(hint: Any) -> tuple[Any, ...]:
    """Return the alternatives of a union, or the hint alone."""
    is_union = typing.get_origin(hint) in (types.UnionType, typing.Union)
    return typing.get_args(hint) if is_union else (hint,)


def _convert(value: Any, hint: Any, key: str) -> Any:
    arms = _arms(hint)
    if value is None and type(None) in arms:
        return None
    if value == "???":
        raise ConfigError(f"{key}: must be set, with {key}=VALUE; need {_law(hint)}")
    section = section_of(hint)
    if section is not None and isinstance(value, Mapping):
        return build(section, value, f"{key}.")
    for arm in arms:
        if typing.get_origin(arm) in (list, tuple) and isinstance(value, list):
            element = typing.get_args(arm)[0]
            return [_convert(item, element, f"{key}[{i}]") for i, item in enumerate(value)]
        if arm in NAMES and (plain := _plain(value, arm)) is not None:
            return plain
    remedy, kind = "", int if int in arms else float
    if str in arms and isinstance(value, bool | float):
        remedy = f"; a text like that goes in quotes: '{key}=\"…\"'"
    elif kind in arms and isinstance(value, int) and abs(value) > LARGEST[kind]:
        remedy = f", which is too large; at most {LARGEST[kind]}"
    raise ConfigError(f"{key}: need {_law(hint)}, got {_shown(value)}{remedy}")


def _plain(value: Any, kind: type) -> int | float | str | bool | None:
    """Return the value as the kind, None where that would bend it."""
    if kind is bool or isinstance(value, bool):
        return value if kind is bool and isinstance(value, bool) else None
    if kind is str:
        return str(value) if isinstance(value, str | int) else None
    if isinstance(value, str):  # from the environment, or quoted
        try:
            value = float(value) if kind is float else int(value)
        except ValueError:
            return None
    if not isinstance(value, int | float) or not abs(value) <= LARGEST[kind] or (kind is int and value != int(value)):
        return None
    return int(value) if kind is int else float(value)


def _law(hint: Any) -> str:
    """Return a type hint in words."""
    words = []
    for arm in _arms(hint):
        if section_of(arm) is not None:
            words.append("a section of keys: " + ", ".join(_hints(arm)))
        elif typing.get_origin(arm) in (list, tuple):
            words.append(f"a list, each {_law(typing.get_args(arm)[0])}")
        elif arm is not type(None):
            words.append(NAMES[arm])
    return " or ".join([*words, "null"] if type(None) in _arms(hint) else words)


def _shown(value: Any) -> str:
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else shown(value)
