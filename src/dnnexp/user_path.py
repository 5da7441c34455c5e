"""A path as its user wrote it: ~ stands for a home folder."""

from __future__ import annotations

from pathlib import Path

from dnnexp.errors import ConfigError

__all__ = ["user_path"]


def user_path(key: str, text: str) -> Path:
    """Return the path with ~ and ~NAME written out. Raises ConfigError, which names the key, for a home of nobody."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        beginning = Path(text).parts[0]
        raise ConfigError(
            f"{key}: {beginning} is the home folder of nobody here, got {text!r}; write the path out, or ./{beginning} "
            "for a folder of that name"
        ) from None
