"""What can be said: the groups, their options and each option's keys, read from the YAML files of conf/."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from omegaconf import OmegaConf

import dnnexp
from dnnexp.errors import ConfigError

__all__ = ["CHOOSERS", "Entry", "Vocabulary", "conf_folder"]

CHOOSERS = ("name", "kind")  # the key of a section that says which option it is
LINE = re.compile(r"^(?P<indent> *)(?P<key>\w+):(?: +(?P<value>[^#\s].*?))?(?: +# *(?P<comment>.*))?$")


class Entry(NamedTuple):
    """One key of an option: its value there and what it means."""

    value: str
    comment: str


def conf_folder() -> Path:
    """Return the folder of the packaged configuration: beside the package, else in the checkout.

    Raises ConfigError where neither exists.
    """
    package = Path(dnnexp.__file__).resolve().parent
    for folder in (package / "conf", package.parent.parent / "conf"):
        if (folder / "config.yaml").is_file():
            return folder
    raise ConfigError(f"conf: no configuration beside {package}: the installation is not complete")


class Vocabulary:
    """Config files in folders; of two files with one name, the first folder's counts."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = tuple(folders)

    def configs(self) -> list[str]:
        """Return the names of the files that a configuration can start from."""
        return sorted({file.stem for folder in self.folders for file in folder.glob("*.yaml")})

    def options(self, group: str) -> list[str]:
        """Return the names of a group's options."""
        return sorted({file.stem for folder in self.folders for file in (folder / group).glob("*.yaml")})

    def file(self, group: str, option: str) -> Path | None:
        """Return the file of an option, None where there is none."""
        files = (folder / group / f"{option}.yaml" for folder in self.folders)
        return next((file for file in files if file.is_file()), None)

    def entries(self, group: str, option: str) -> dict[str, Entry]:
        """Return the keys of an option in their order, dotted from the group on; an empty group is a main file."""
        file = self.file(group, option)
        return {} if file is None else _entries(file)

    def defaults(self, config_name: str, through: Sequence[str] = ()) -> dict[str, str | None]:
        """Return the option of each group that a main file chooses, with those of the main files it builds on.

        through: main files that have led to it. Raises ConfigError where one of them leads back to itself.
        """
        file = self.file("", config_name)
        values = _read(file) if file is not None else {}
        chosen: dict[str, str | None] = {}
        for item in values.get("defaults", []):
            if isinstance(item, str) and item != "_self_":
                path = (*through, config_name, item)
                if item in path[:-1]:
                    raise ConfigError(f"{file}: its defaults lead back to itself: {' -> '.join(path)}; take out {item}")
                chosen |= self.defaults(item, path[:-1])
            elif isinstance(item, dict):
                chosen |= {str(group).removeprefix("override ").strip(" /"): option for group, option in item.items()}
        return chosen

    def require_readable(self, config_name: str, chosen: Mapping[str, str | None]) -> None:
        """Raise ConfigError for a main file, or an option of it or of those chosen, that cannot be read."""
        for group, option in (self.defaults(config_name) | dict(chosen)).items():
            file = self.file(group, str(option))
            if file is not None:
                _read(file)

    def keys(self, group: str, name: str | None, choice: str | None) -> tuple[str, ...] | None:
        """Return the keys that a section has whose chooser says `name`, or that was made from option `choice`.

        None where neither is an option, so that nothing can be said.
        """
        for option in (name, choice):
            file = None if option is None else self.file(group, option)
            if file is not None:
                return _keys(file)
        return None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: not UTF-8: {error.reason} at byte {error.start + 1}; save it as UTF-8") from None


def _read(file: Path) -> Any:
    """Return what a YAML file holds. Raises ConfigError for what is not UTF-8, and for an alias within its anchor."""
    try:
        return OmegaConf.to_container(OmegaConf.load(io.StringIO(_text(file))))
    except RecursionError:
        raise ConfigError(
            f"{file}: an alias (*name) stands within what it is the name of (&name); write the values out"
        ) from None


@cache
def _keys(file: Path) -> tuple[str, ...]:
    """Return the leaves of a YAML file by their dotted keys."""
    return tuple(_leaves(_read(file)))


def _leaves(values: Any, prefix: str = "") -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        elif prefix + key != "defaults":
            yield prefix + key


@cache
def _entries(file: Path) -> dict[str, Entry]:
    """Return the leaves of a YAML file whose nesting is plain: one key to a line, comments at its end."""
    entries: dict[str, Entry] = {}
    parents: list[tuple[int, str]] = []
    lines = [match for match in map(LINE.match, _text(file).splitlines()) if match]
    for match, after in zip(lines, [*lines[1:], None], strict=True):
        indent = len(match["indent"])
        parents = [parent for parent in parents if parent[0] < indent]
        if match["value"] is None and after is not None and len(after["indent"]) > indent:
            parents.append((indent, match["key"]))
            continue
        key = ".".join([*(name for _, name in parents), match["key"]])
        if key == "defaults":
            continue
        entries[key] = Entry(match["value"] or "null", match["comment"] or "")
    return entries
