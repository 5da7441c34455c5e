"""Values that come from the environment: used, never shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

__all__ = ["Masked", "from_environment"]


class Masked(NamedTuple):
    """A value read from the environment, and the text of the config that reads it."""

    value: str
    shown: str


def from_environment(tree: DictConfig, resolved: Mapping[str, Any]) -> dict[str, Masked]:
    """Return, by dotted key, the values of a resolved tree that ${oc.env:…} has a part in, if through others."""
    unresolved: Any = OmegaConf.to_container(tree)
    if not any("oc.env" in text for text in _texts(unresolved)):
        return {}
    try:  # with the reading of the environment escaped, what still differs depends on it
        shown: Any = OmegaConf.to_container(OmegaConf.create(_escaped(unresolved)), resolve=True)
    except OmegaConfBaseException:
        shown = unresolved
    before, after = dict(_leaves(shown)), dict(_leaves(resolved))
    return {
        key: Masked(str(value), str(before.get(key)))
        for key, value in after.items()
        if str(before.get(key)) != str(value)
    }


def _escaped(values: Any) -> Any:
    if isinstance(values, dict):
        return {key: _escaped(value) for key, value in values.items()}
    if isinstance(values, list):
        return [_escaped(value) for value in values]
    return values.replace("${", "\\${") if isinstance(values, str) and "oc.env" in values else values


def _texts(values: Any) -> Iterator[str]:
    if isinstance(values, dict | list):
        for value in values.values() if isinstance(values, dict) else values:
            yield from _texts(value)
    elif isinstance(values, str):
        yield values


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
