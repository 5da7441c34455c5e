"""What was read and inferred, in lines a person reads before anything is trained."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from dnnexp.data.target import Target

__all__ = ["Notes", "summary_lines"]

WIDTH = 80
INDENT = 14  # where what is said of a topic begins
NAMED = 12  # columns named in one entry
GLANCE = 1000  # rows in which most columns are seen to vary
UNBALANCED = 10  # times as many rows in the largest class as in the smallest


@dataclass
class Notes:
    """What was made of columns and rows, and what a person should look at, in sentences; how dates were written."""

    rows: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notations: dict[str, str] = field(default_factory=dict)
    rounded: list[str] = field(default_factory=list)  # columns of whole numbers that floats cannot tell apart


def summary_lines(
    rows: str, X: pd.DataFrame, goal: Target, image_shape: tuple[int, ...] | None, notes: Notes
) -> tuple[str, ...]:
    """Return the lines, at most WIDTH columns wide where words allow it; `rows` says where from and how many."""
    is_number = np.array([dtype.kind in "biuf" for dtype in X.dtypes], dtype=bool)
    names = np.array([str(column) for column in X.columns], dtype=object)
    entries = []
    if image_shape is not None:
        entries.append(("numbers", f"{len(names):,} pixels of images {' × '.join(map(str, image_shape))}"))
    elif is_number.any():
        entries.append(("numbers", f"{is_number.sum():,}: {_some(names[is_number])}"))
    if not is_number.all():
        texts = names[~is_number]
        kinds = [f"{name} ({X[name].nunique():,})" for name in texts[:NAMED]]
        entries.append(("categories", f"{len(texts):,}: {_some([*kinds, *texts[NAMED:]])}"))
    if missing := _missing(X, names):
        entries.append(("missing", missing))
    if constant := _constant(X, names):
        entries.append(("constant", constant))
    entries.append(("target", goal.reason.removeprefix("target ")))
    entries += [("rows", said) for said in notes.rows]
    entries += [("read as", said) for said in notes.made]
    entries += [("not used", said) for said in notes.unused]
    entries += [("warning", said) for said in [*notes.warnings, *_imbalance(goal)]]
    lines = textwrap.wrap(f"{rows}, {len(names):,} input column{'s' * (len(names) != 1)}", WIDTH)
    for topic, said in entries:
        head = f"  {topic}".ljust(INDENT)
        lines += textwrap.wrap(said, WIDTH, initial_indent=head, subsequent_indent=" " * INDENT, break_on_hyphens=False)
    return tuple(lines)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _missing(X: pd.DataFrame, names: np.ndarray) -> str:
    """Return how many cells and rows have gaps and in which columns most; "" where none has."""
    gaps = X.isna().to_numpy()
    by_column = gaps.sum(axis=0)
    if not by_column.any():
        return ""
    order = [i for i in np.argsort(-by_column, kind="stable") if by_column[i]]
    shares = [f"{names[i]} {by_column[i] / len(X):.1%}" for i in order]
    rows = int(gaps.any(axis=1).sum())
    cells, many = int(by_column.sum()), f"row{'s' * (rows != 1)}"
    return f"{cells:,} cell{'s' * (cells != 1)}, in {rows:,} {many} ({rows / len(X):.1%}): {_some(shares)}"


def _constant(X: pd.DataFrame, names: np.ndarray) -> str:
    """Return which columns of numbers never vary, gaps being alike; "" where each does."""
    is_number = np.array([dtype.kind in "biuf" for dtype in X.dtypes], dtype=bool)
    if not is_number.any():
        return ""
    values = X.to_numpy() if is_number.all() else X.loc[:, is_number].to_numpy()
    alike = np.arange(values.shape[1])
    for rows in (values[:GLANCE], values):
        part = rows[:, alike]
        alike = alike[((part == part[0]) | (np.isnan(part) & np.isnan(part[0]))).all(axis=0)]
    one = len(alike) == 1
    said = f"{len(alike):,} column{'' if one else 's'} {'is' if one else 'are'} the same in every row"
    return f"{said}: {_some(names[is_number][alike])}" if len(alike) else ""


def _imbalance(goal: Target) -> list[str]:
    """Return a warning where one class is far rarer than another."""
    if not goal.classes:
        return []
    counts = np.bincount(goal.y, minlength=len(goal.classes))
    rare, frequent = int(counts.argmin()), int(counts.argmax())
    if counts[frequent] < UNBALANCED * counts[rare]:
        return []
    rows, common = f"{counts[rare]:,}", repr(goal.classes[frequent])
    said = (
        f"unbalanced: {common} has {counts[frequent]:,} rows, {goal.classes[rare]!r} {rows}: always to say {common} is "
        f"right in {counts[frequent] / counts.sum():.1%}; classes weigh alike only with trainer.class_weight=balanced"
    )
    return [said]
