"""Columns that a person should look at: the target in disguise, names of rows, constants, and doubled rows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from dnnexp.data.kinds import MARKERS, WHOLE

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["WRITE_DATES", "WRITE_NUMBERS", "Findings", "examine", "unread_number"]

WRITE_NUMBERS = "write them in digits with a point for decimals only, as in 1234.5"
WRITE_DATES = "write them all alike, best as 2024-01-31"
HARDLY_REPEATS = 0.5  # share of distinct texts among the rows
GROUPED = r"\d{1,3}(?P<between>[ .,'\u00a0\u202f])\d{3}(?:(?P=between)\d{3})*(?:[.,]\d+)?"  # 1 234 567,8
LIKE_A_NUMBER = re.compile(rf"[-+\u2212]?\s*[$€£¥]?\s*(?:{GROUPED}|\d+[.,]?\d*|[.,]\d+)\s*[%$€£¥]?")
DAY, MONTH, YEAR = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:\d{4}|\d{2})"
MONTH_NAME = (
    r"(?:jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch)?|m\u00e4rz?|apr(?:il)?|may|mai|june?|juni|july?|juli|aug(?:ust)?|"
    r"sept?(?:ember)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?)\b\.?"
)
LIKE_A_DATE = re.compile(
    rf"(?:{DAY}(?P<a>[-/ ]|\. ?){MONTH}(?P=a){YEAR}|{MONTH}(?P<b>[-/ ]|\. ?){DAY}(?P=b){YEAR}|"
    rf"\d{{4}}(?P<c>[-/ ]|\. ?)(?:{MONTH}|{MONTH_NAME})(?P=c){DAY}|"
    rf"{DAY}(?P<d>[-/ ]){MONTH_NAME}(?P=d){YEAR}|"
    rf"(?:[^\W\d]{{3,9}}[.,]? )?(?:{MONTH_NAME} {DAY}|{DAY}\.? {MONTH_NAME}),? \d{{4}})(?![\d.]).*",
    re.IGNORECASE,
)
MOSTLY = 0.5  # share of a column's texts that look like dates


@dataclass
class Findings:
    """Names of columns by what is odd about them, and a number of rows."""

    leaks: list[tuple[str, str]] = field(default_factory=list)  # (column, the target that it equals)
    constants: list[str] = field(default_factory=list)  # the same value, or none, in every row
    row_texts: list[str] = field(default_factory=list)  # another text in every row
    row_numbers: list[str] = field(default_factory=list)  # another whole number in every row
    rare_texts: dict[str, int] = field(default_factory=dict)  # distinct texts of a column whose texts hardly repeat
    number_texts: dict[str, str] = field(default_factory=dict)  # one text of a column whose texts look like numbers
    date_texts: dict[str, str] = field(default_factory=dict)  # one text of a column whose texts mostly look like dates
    doubled_rows: int = 0  # that an earlier row equals in inputs and targets


def examine(X: pd.DataFrame, targets: pd.DataFrame) -> Findings:
    """Return what is odd about inputs X (rows, columns), given the targets (rows, targets), neither of them missing.

    A column equals a target where each of its values goes with one value of the target only and the other way round,
    gaps counted as a value; of targets that hardly repeat only where the numbers are the same, as row numbers would do.
    """
    import pandas as pd

    found, rows = Findings(), len(X)
    goals = {str(name): (pd.factorize(series)[0], series.to_numpy()) for name, series in targets.items()}
    for label, series in X.items():
        name, column = str(label), series.to_numpy()
        codes, values = pd.factorize(column, use_na_sentinel=False)
        distinct, is_text = len(values), column.dtype == object
        if distinct == 1:
            found.constants.append(name)
            continue
        for target, (goal, wanted) in goals.items():
            if _is_one_to_one(codes, distinct, goal) or _is_same(column, wanted):
                found.leaks.append((name, target))
        if is_text and (unread := unread_number(values)) is not None:
            found.number_texts[name] = unread
        elif is_text and (unread := _unread_date(values)) is not None:
            found.date_texts[name] = unread
        has_gap = bool(pd.isna(values).any())
        if is_text and distinct == rows and not has_gap:
            found.row_texts.append(name)
        elif is_text and distinct > HARDLY_REPEATS * rows:
            found.rare_texts[name] = distinct - has_gap
        elif not is_text and distinct == rows and not has_gap and _is_whole(column):
            found.row_numbers.append(name)
    whole = pd.concat([X.reset_index(drop=True), targets.reset_index(drop=True)], axis=1)
    found.doubled_rows = int(whole.duplicated().sum())
    return found


def _is_one_to_one(codes: np.ndarray, distinct: int, goal: np.ndarray) -> bool:
    k = int(goal.max()) + 1
    if distinct != k or k > len(goal) // 2:
        return False
    return len(np.unique(codes.astype(np.int64) * k + goal)) == k


def unread_number(values: np.ndarray) -> str | None:
    """Return the first of the texts that is not read as a number, where each looks like one or marks a gap."""
    texts = [text for value in values if isinstance(value, str) and (text := value.strip()).lower() not in MARKERS]
    if not all(map(LIKE_A_NUMBER.fullmatch, texts)):
        return None
    return next((text for text in texts if not text.replace(".", "", 1).lstrip("+-").isdecimal()), None)


def _unread_date(values: np.ndarray) -> str | None:
    """Return the first of the texts that looks like a date, where most of them do."""
    texts = [text for value in values if isinstance(value, str) and (text := value.strip()).lower() not in MARKERS]
    dates = [text for text in texts if LIKE_A_DATE.fullmatch(text)]
    return dates[0] if len(dates) > MOSTLY * len(texts) else None


def _is_same(column: np.ndarray, target: np.ndarray) -> bool:
    is_comparable = column.dtype != object and target.dtype.kind in "biuf"
    return is_comparable and np.array_equal(column, target)


def _is_whole(values: np.ndarray) -> bool:
    return bool((np.equal(np.floor(values), values) & (np.abs(values) < WHOLE)).all())
