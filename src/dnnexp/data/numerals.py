"""Numbers as many countries write them: a comma before the decimals, points between thousands."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from dnnexp.data.kinds import MARKERS
from dnnexp.errors import DataError, shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DECIMAL_COMMA", "holds", "is_numeral", "require_written_so", "with_commas_read", "with_points"]

DECIMAL_COMMA = "1.234,5"  # the notation, by its name in a model's card
NUMERAL = re.compile(r"\s*[-+]?(?:[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?|\d*,?\d+(?:[eE][-+]?\d+)?)\s*")
WITH_COMMA = r"\s*[-+]?\d*,\d+(?:[eE][-+]?\d+)?\s*"  # a number with a decimal comma, nothing between thousands
POINTED = r"\s*[-+]?(?:\d+\.\d*|\.\d+)(?:[eE][-+]?\d+)?\s*"  # a number with a decimal point


def is_numeral(texts: pd.Series) -> bool:
    """Whether each of the texts, gaps and markers of one aside, is written so, and there is one."""
    distinct = [text for text in texts.dropna().astype(str).unique() if text.strip().lower() not in MARKERS]
    return bool(distinct) and all(map(NUMERAL.fullmatch, distinct))


def holds(sign: str, texts: pd.Series) -> bool:
    """Whether one of the texts has the sign, a comma or a point, in a number."""
    found = texts.dropna().astype(str)
    return bool((found.str.contains(sign, regex=False) & found.str.fullmatch(NUMERAL.pattern)).any())


def with_points(texts: pd.Series) -> pd.Series:
    """Return texts, those that are written so with a point before the decimals and nothing between thousands."""
    cells = texts.astype(object)
    found = cells.astype(str).str.fullmatch(NUMERAL.pattern) & cells.notna()
    plain = cells.astype(str).str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
    return cells.mask(found, plain)


def with_commas_read(texts: pd.Series) -> pd.Series:
    """Return texts, numbers like 1,5 with a point instead; one with a point keeps it, for it stands before decimals."""
    cells = texts.astype(object)
    found = cells.astype(str).str.fullmatch(WITH_COMMA)
    return cells.mask(found, cells.astype(str).str.replace(",", ".", regex=False))


def require_written_so(texts: pd.Series, origin: str, row_name: Callable[[int], str]) -> None:
    """Raise DataError for a number with a decimal point, in a column where points are between thousands."""
    cells = texts.astype(object)
    other = cells.astype(str).str.fullmatch(POINTED) & ~cells.astype(str).str.fullmatch(NUMERAL.pattern) & cells.notna()
    if other.any():
        i = int(other.to_numpy().argmax())
        raise DataError(
            f"{origin}: column {texts.name!r}, {row_name(i)}: need a number written as those that were trained on, "
            f"{DECIMAL_COMMA}, got {shown(cells.iloc[i])}; a table with decimal points has commas between its cells"
        )
