"""Secrets out of text: passwords and tokens never reach a log, a run or a file, whichever way they came."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

__all__ = ["environment_secrets", "redact"]

PASSWORD = re.compile(r"(?P<user>[a-z][a-z0-9+.-]*://[^\s:/@'\"]*):\S*@", re.IGNORECASE)  # may hold quotes
TOKEN = re.compile(r"(?P<scheme>https?://)[^\s/:@'\"]+@", re.IGNORECASE)
PARAMETER = re.compile(r"(?P<name>[?&;][a-z_]*(?:password|passwd|pwd|token|secret|key)=)[^\s&;'\"]+", re.IGNORECASE)
SECRET_VARIABLE = re.compile(r"password|passwd|token|secret|api_?key|credential", re.IGNORECASE)
SHORTEST = 6  # characters: a shorter value of such a variable is a word like "true" that would turn up by chance


def redact(text: str, secrets: Sequence[str] | None = None) -> str:
    """Return the text with *** for each password in a URL, and for the values of secret environment variables.

    secrets: those values, for who has many texts; None looks for them.
    """
    if "://" in text:  # the patterns take a while on long texts, and most have no address
        text = PASSWORD.sub(r"\g<user>:***@", text)
        text = TOKEN.sub(r"\g<scheme>***@", text)
    if "=" in text:
        text = PARAMETER.sub(r"\g<name>***", text)
    for secret in environment_secrets() if secrets is None else secrets:
        text = text.replace(secret, "***")
    return text


def environment_secrets() -> list[str]:
    """Return the values of environment variables that are named like secrets, the longest first."""
    values = {value for name, value in os.environ.items() if SECRET_VARIABLE.search(name) and len(value) >= SHORTEST}
    return sorted(values, key=len, reverse=True)
