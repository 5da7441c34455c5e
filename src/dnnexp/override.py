"""Overrides, key=value, written so that a shell and Hydra's grammar read the text that is meant."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

__all__ = ["override", "quoted", "shell_word", "with_words_quoted"]

PLAIN = re.compile(r"[\w./:@-]+( +[\w./:@-]+)*", re.ASCII)  # what the grammar takes as a text without quotes
NAME = re.compile(r"[a-z_]\w*", re.ASCII | re.IGNORECASE)  # what a shell and an element of a list take too
OTHERS = ("null", "true", "false", "nan", "inf")  # words that are no texts
PART = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^"',\[\]{}()=]+""", re.DOTALL)
PART_OF_SECTION = re.compile(PART.pattern.replace("()=", "()=:"), re.DOTALL)


def override(key: str, value: str | Sequence[str]) -> str:
    """Return the override that sets a key to a text, or to a list of them, as one types it behind a shell's quotes."""
    if isinstance(value, str):
        return f"{key}={value if _is_plain(value) else quoted(value)}"
    return f"{key}=[{','.join(text if _is_name(text) else quoted(text) for text in value)}]"


def quoted(text: str) -> str:
    """Return the text in double quotes, as the grammar reads it: a backslash is one unless a quote comes after it.

    ${x} is no reference to another key.
    """
    literal = re.sub(r"(\\*)\$\{", r"\1\1\\${", text)
    return '"' + re.sub(r'(\\*)("|\Z)', lambda match: match[1] * 2 + match[2].replace('"', '\\"'), literal) + '"'


def with_words_quoted(text: str) -> str:
    """Return an override as it was typed, with quotes around each text that has letters beyond ASCII.

    The grammar knows none. What is in quotes already or holds a backslash stays, and so do the keys of a section, which
    the grammar takes without quotes only, and a value with an interpolation, which ends where quotes begin.
    """
    key, sign, value = text.partition("=")
    if value.isascii() or "${" in value:
        return text
    part = PART_OF_SECTION if "{" in value else PART
    return key + sign + part.sub(_with_quotes, value)


def shell_word(text: str) -> str:
    """Return an override as a POSIX shell takes it, without quotes where it needs none: brackets stay as they are."""
    return text if re.fullmatch(r"[\w./:@=\[\],…-]+", text) else shlex.quote(text)


def _with_quotes(match: re.Match[str]) -> str:
    word = match[0].strip()
    is_key = match.string.startswith(":", match.end())  # a text outside a section has its colons in it
    if is_key or word.isascii() or word[0] in "\"'" or "\\" in word:
        return match[0]
    return match[0].replace(word, quoted(word))


def _is_name(text: str) -> bool:
    return NAME.fullmatch(text) is not None and text.lower() not in OTHERS


def _is_plain(text: str) -> bool:
    if PLAIN.fullmatch(text) is None or text.lower() in OTHERS:
        return False
    try:
        float(text)
    except ValueError:
        return True
    return False
