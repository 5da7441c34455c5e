"""Dates in texts, as days: what a network can read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CENTURIES", "ISO_NOTATION", "NOTATIONS", "Dates", "days", "has_two_digit_years", "read_dates"]

LIKE = re.compile(r"\s*\d{1,4}[-/.](\d{1,2}|[A-Za-z]{3})\b")
ISO = re.compile(r"\d{4}-\d{2}(-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?)?\s?(Z|[+-]\d{2}:?\d{2})?)?")
ISO_NOTATION = "ISO8601"
DAYS = (  # tried in this order: the first that fits is taken
    *("%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y"),
    *("%m/%d/%y", "%d/%m/%y", "%d-%b-%Y", "%d-%b-%y"),
)
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
NOTATIONS = (ISO_NOTATION, *(day + time for day in DAYS for time in TIMES))
WORDS = {
    "%Y": "year",
    "%y": "year of two digits",
    "%m": "month",
    "%b": "month's name",
    "%d": "day",
    **dict.fromkeys(("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p"), "time"),
    ISO_NOTATION: "year-month-day",
}
CENTURIES = "69 to 99 read as 1969 to 1999 and 00 to 68 as 2000 to 2068"  # years of two digits, by POSIX
PER_DAY = {"D": 1, "h": 24, "m": 1440, "s": 86_400, "ms": 86_400e3, "us": 86_400e6, "ns": 86_400e9}


class Dates(NamedTuple):
    """Days since 1970-01-01 (texts,) float64, and how the texts are written: one of NOTATIONS."""

    days: np.ndarray
    notation: str

    @property
    def said(self) -> str:
        """Return the notation in words: "day.month.year"."""
        words = self.notation
        for sign, word in WORDS.items():
            words = words.replace(sign, word)
        return words


def read_dates(texts: Sequence[str], notation: str | None = None) -> Dates | None:
    """Return the days of texts that are dates, all in one notation, that one where it is given; None for others."""
    if not texts or not LIKE.match(texts[0]):
        return None
    for written in NOTATIONS if notation is None else (notation,):
        if _fits(texts[0], written) and (dates := _in_notation(texts, written)) is not None:
            return dates
    return None


def has_two_digit_years(notation: str) -> bool:
    """Whether the century of dates in one of NOTATIONS is a guess."""
    return "%y" in notation


def days(stamps: pd.Series) -> np.ndarray:
    """Return points in time, or lengths of it, as days (rows,) float64, since 1970-01-01 (UTC); NaN for a gap."""
    is_zoned = stamps.dtype.kind == "M" and stamps.dt.tz is not None
    values = (stamps.dt.tz_convert("UTC").dt.tz_localize(None) if is_zoned else stamps).to_numpy()
    unit, count = np.datetime_data(values.dtype)  # no other unit: the year 9999 is beyond nanoseconds
    elapsed = values.astype(np.int64) / (PER_DAY[unit] / count)
    return np.where(np.isnat(values), np.nan, elapsed)


def _in_notation(texts: Sequence[str], notation: str) -> Dates | None:
    import pandas as pd

    if notation == ISO_NOTATION and not all(ISO.fullmatch(text) for text in texts):
        return None
    stamps = pd.to_datetime(pd.Series(list(texts), dtype=object), format=notation, errors="coerce", utc=True)
    return None if stamps.isna().any() else Dates(days(stamps), notation)


def _fits(text: str, notation: str) -> bool:
    if notation == ISO_NOTATION:
        return ISO.fullmatch(text) is not None
    try:
        datetime.strptime(text, notation)
    except ValueError:
        return False
    return True
