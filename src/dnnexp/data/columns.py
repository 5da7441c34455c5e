"""Column names in messages: which one was meant, and lists that stay one line long."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from dnnexp.errors import nearest
from dnnexp.override import override, shell_word

__all__ = ["MOST", "dropping", "listed", "meant", "naming"]

MOST = 20  # names in one message


def meant(name: str, columns: Sequence[str]) -> str:
    """Return "did you mean …? choices: …" for a column that is not there, without the choices where they are many."""
    if len(columns) <= MOST:
        return nearest(name, columns)
    close = difflib.get_close_matches(name, columns, n=1, cutoff=0.5)
    guess = f"did you mean {close[0]!r}? " if close else ""
    return f"{guess}it has {len(columns):,} columns"


def listed(columns: Sequence[str]) -> str:
    """Return the names, quoted, the first few of many."""
    more = f" and {len(columns) - MOST:,} more" if len(columns) > MOST else ""
    return ", ".join(map(repr, columns[:MOST])) + more


def naming(key: str, columns: Sequence[str]) -> str:
    """Return the override that gives the columns to a key, as one types it in a shell; the first few of many."""
    said = override(key, columns[:MOST])
    return shell_word(f"{said[:-1]},…]" if len(columns) > MOST else said)


def dropping(columns: Sequence[str]) -> str:
    """Return the override that leaves the columns out, as one types it; the first few of many."""
    return naming("data.drop", columns)
