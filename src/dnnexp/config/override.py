"""Overrides as one types them: what a command prints can be given to the next."""

from __future__ import annotations

import re

from dnnexp.config.schema import Config, PathsConfig

__all__ = ["override", "own_root"]

PLAIN = re.compile(r"(?:[A-Za-z_/]|\.{1,2}/)[A-Za-z0-9_./:@-]*(?: [A-Za-z0-9_./:@-]+)*")  # is read as it stands
WORDS = ("null", "true", "false", "inf", "nan")  # but for these, which are no texts


def override(key: str, value: str) -> str:
    """Return the override that sets a key to a text, quoted where Hydra's grammar would read something else."""
    if PLAIN.fullmatch(value) and value.lower() not in WORDS:
        return f"{key}={value}"
    # a backslash is one, but before a quote, where it takes two
    literal = re.sub(r"(\\*)\$\{", r"\1\1\\${", value)  # ${x} is no reference to another key
    escaped = re.sub(r'(\\*)("|$)', lambda found: found[1] * 2 + found[2].replace('"', '\\"'), literal)
    return f'{key}="{escaped}"'


def own_root(config: Config) -> list[str]:
    """Return the override that a command needs to find what is under paths.root; [] where that is the usual one."""
    return [] if config.paths.root == PathsConfig().root else [override("paths.root", config.paths.root)]
