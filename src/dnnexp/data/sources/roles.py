"""The part that each column of a table plays: target, input, or what rows are divided and weighed by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from dnnexp.data.columns import dropping, meant
from dnnexp.errors import ConfigError, DataError

if TYPE_CHECKING:
    from dnnexp.data.schema import DataConfig

__all__ = ["Roles", "read_roles", "target_names"]

SINGLE = ("split", "group", "time", "weight")  # keys that name one column, which is then no input


class Roles(NamedTuple):
    """Names of columns by the part they play."""

    targets: tuple[str, ...]
    inputs: tuple[str, ...]
    dividers: tuple[str, ...]  # those of SINGLE that are set

    @property
    def used(self) -> tuple[str, ...]:
        """Every column that plays a part, each once."""
        return tuple(dict.fromkeys(self.targets + self.inputs + self.dividers))


def target_names(config: DataConfig) -> tuple[str, ...]:
    """Return the column or columns to predict. Raises ConfigError where none is set."""
    given = config.target
    names = [given] if isinstance(given, str) else list(given or [])
    if not names or not all(names):
        raise ConfigError("data.target: need the column to predict, got none")
    return tuple(dict.fromkeys(names))


def read_roles(config: DataConfig, columns: Sequence[str], origin: str) -> Roles:
    """Return the part that each of the columns plays.

    Raises DataError for a doubled name, a column that is absent or would play two parts, and an input without a name.
    """
    _require_single(columns, origin)
    targets = target_names(config)
    single = {key: name for key in SINGLE if (name := getattr(config, key)) is not None}
    parts = {f"data.{key}": [name] for key, name in single.items()}
    parts = {"data.target": list(targets), "data.drop": config.drop or [], **parts, "data.keep": config.keep or []}
    known = set(columns)
    taken: dict[str, str] = {}
    for key, names in parts.items():
        for name in names:
            if name not in known:
                raise DataError(f"{key}: {origin} has no column {name!r}, {meant(name, columns)}")
            if taken.setdefault(name, key) != key:
                if key == "data.drop":
                    raise DataError(f"data.drop: {name!r} is the target, it cannot be dropped")
                raise DataError(f"{key}: {name!r} is named by {taken[name]} already, it cannot be both")
    kept = set(config.keep) if config.keep else known - set(taken)
    inputs = tuple(column for column in columns if column in kept)
    for key in ("numbers", "categories"):
        for name in getattr(config, key) or []:
            if name not in known:
                raise DataError(f"data.{key}: {origin} has no column {name!r}, {meant(name, columns)}")
    for i, column in enumerate(columns):
        if column == f"Unnamed: {i}" and column in inputs:
            raise DataError(
                f"{origin}: column {i + 1} has no name (row numbers?): name it, "
                f"or leave it out with {dropping([*(config.drop or []), column])}"
            )
    return Roles(targets, inputs, tuple(single.values()))


def _require_single(columns: Sequence[str], origin: str) -> None:
    first: dict[str, int] = {}
    for i, column in enumerate(columns):
        if first.setdefault(column, i) != i:
            raise DataError(
                f"{origin}: columns {first[column] + 1} and {i + 1} have the same name, {column!r}: rename one"
            )
