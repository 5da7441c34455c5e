"""The one family of errors a user meets: each names the thing, the value and the remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from numbers import Number

__all__ = ["ConfigError", "DataError", "DnnexpError", "in_words", "nearest", "require", "require_choice", "shown"]

WIDEST = 60  # characters of a value in a message


class DnnexpError(Exception):
    """Base of every error that a command prints as one line, without a traceback."""


class ConfigError(DnnexpError):
    """A setting that cannot be: an unknown key, a wrong type, an impossible value."""


class DataError(DnnexpError):
    """Data that cannot be read or used; the message names the file, the column and the row."""


def in_words(error: DnnexpError | MemoryError) -> str:
    """Return what an error tells its user; where memory has run out, also what takes less of it."""
    if not isinstance(error, MemoryError):
        return str(error)
    return (
        f"out of memory: {str(error) or 'no more is left'}; take a smaller network or batch "
        "(model.width, trainer.batch_size), or less data"
    )


def nearest(name: str, choices: Iterable[str]) -> str:
    """Return "did you mean …? choices: …" for a name that is none of the choices."""
    names = sorted(choices)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    guess = f"did you mean {close[0]!r}? " if close else ""
    plain = [name if name.isprintable() and len(name) <= WIDEST else shown(name) for name in names]
    return f"{guess}choices: {', '.join(plain)}"


def shown(value: object) -> str:
    """Return the value as Python writes it, its beginning where it is long."""
    text = str(value) if isinstance(value, Number) else repr(value)
    return text if len(text) <= WIDEST else f"{text[:WIDEST]}…"


def require(holds: bool, key: str, law: str, value: object) -> None:
    """Raise ConfigError "key: need law, got value" unless the law holds."""
    if not holds:
        raise ConfigError(f"{key}: need {law}, got {value!r}")


def require_choice(key: str, value: str, choices: Iterable[str]) -> None:
    """Raise ConfigError that lists the choices unless value is one of them."""
    names = tuple(choices)
    if value not in names:
        raise ConfigError(f"{key}: unknown choice {value!r}, {nearest(str(value), names)}")
