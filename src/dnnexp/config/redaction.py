"""Secrets out of text: passwords in URLs never reach a log, a run or a file."""

from __future__ import annotations

import re

__all__ = ["redact"]

PASSWORD = re.compile(r"(?P<user>[a-z][a-z0-9+.-]*://[^\s:/@'\"]*):[^\s'\"]*@", re.IGNORECASE)
TOKEN = re.compile(r"(?P<scheme>https?://)[^\s/:@'\"]+@", re.IGNORECASE)
PARAMETER = re.compile(r"(?P<name>[?&;][a-z_]*(?:password|passwd|pwd|token|secret|key)=)[^\s&;'\"]+", re.IGNORECASE)


def redact(text: str) -> str:
    """Return the text with *** for each password in a URL: before its host, or as a parameter after its ?."""
    text = PASSWORD.sub(r"\g<user>:***@", text)
    text = TOKEN.sub(r"\g<scheme>***@", text)
    return PARAMETER.sub(r"\g<name>***", text)
