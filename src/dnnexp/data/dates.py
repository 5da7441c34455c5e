"""Dates in texts, as days: what a network can read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Dates", "days", "read_dates"]

LIKE = re.compile(r"\s*\d{1,4}[-/.]\d{1,2}\b")
ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?)?\s?(Z|[+-]\d{2}:?\d{2})?")
FORMATS = {  # in the order they are tried: a text that two of them fit is read by the first
    "%Y/%m/%d": "year/month/day",
    "%d.%m.%Y": "day.month.year",
    "%m/%d/%Y": "month/day/year",
    "%d/%m/%Y": "day/month/year",
    "%d-%m-%Y": "day-month-year",
}
TIMES = ("", " %H:%M", " %H:%M:%S")


class Dates(NamedTuple):
    """Days since 1970-01-01 (texts,) float64, and how the texts are written."""

    days: np.ndarray
    written: str


def read_dates(texts: Sequence[str]) -> Dates | None:
    """Return the days of texts that are dates, all in one notation; None where they are not."""
    import pandas as pd

    if not texts or not LIKE.match(texts[0]):
        return None
    series = pd.Series(list(texts), dtype=object)
    if all(ISO.fullmatch(text) for text in texts):
        return _if_all(pd.to_datetime(series, format="ISO8601", errors="coerce", utc=True), "year-month-day")
    for days_written, said in FORMATS.items():
        for time in TIMES:
            written = days_written + time
            if _fits(texts[0], written):
                dates = _if_all(pd.to_datetime(series, format=written, errors="coerce", utc=True), said)
                if dates is not None:
                    return dates
    return None


def days(stamps: pd.Series) -> np.ndarray:
    """Return points in time, or lengths of it, as days (rows,) float64, since 1970-01-01; NaN where one is missing."""
    import pandas as pd

    if stamps.dtype.kind == "m":
        elapsed: Any = stamps
    else:
        elapsed = stamps - pd.Timestamp(0, tz=stamps.dt.tz)
    values: np.ndarray = (elapsed / pd.Timedelta(days=1)).to_numpy(dtype=np.float64, na_value=np.nan)
    return values


def _if_all(stamps: pd.Series, written: str) -> Dates | None:
    return None if stamps.isna().any() else Dates(days(stamps), written)


def _fits(text: str, written: str) -> bool:
    try:
        datetime.strptime(text, written)
    except ValueError:
        return False
    return True
