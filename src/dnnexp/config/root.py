"""Where what is kept lies, as one tells a command that does not know."""

from __future__ import annotations

from dnnexp.config.schema import Config, PathsConfig
from dnnexp.override import override

__all__ = ["own_root"]


def own_root(config: Config) -> list[str]:
    """Return the override that a command needs to find what is under paths.root; [] where that is the usual one."""
    return [] if config.paths.root == PathsConfig().root else [override("paths.root", config.paths.root)]
