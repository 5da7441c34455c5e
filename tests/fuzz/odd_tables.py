"""Tables as nobody wants them: columns of every type there is, with every value in them, under every name."""

from __future__ import annotations

import decimal
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

__all__ = ["COLUMNS", "FILED", "TARGETS", "odd_tables", "sound_line"]

Make = Callable[[np.random.Generator, int], Any]
LARGEST = np.finfo(np.float64).max
LONG = "é" * 5000
NAMES = [
    "a", "b", "c", "größe", "x y", "価格", " ", "a,b", 'say "so"', "a;b", "is missing", "another", "nan", "Unnamed: 0",
    "0", "y", "prediction", "=1+1", "a\tb", "a.1", "🙂", "ﬁ", "x" * 80,
]  # fmt: skip
TEXTS = [
    "a",
    "b",
    "größe",
    "",
    " ",
    "NA",
    "a,b",
    'say "so"',
    "two\nlines",
    "🙂",
    "1",
    "1.0",
    "inf",
    "True",
    "null",
    "é" * 5000,
]
MIXED = [
    1,
    2.5,
    "3",
    "x",
    None,
    True,
    np.nan,
    decimal.Decimal("1.5"),
    -1,
    10**30,
    "1e400",
    "long" * 999,
    "12:30",
    np.float32(2),
]
HOSTILE = [[1], {"a": 1}, b"bytes", 1j, (1, 2), object, np.inf, -np.inf, 10**400, pd.Timestamp("2020-01-01")]


def _of(values: Sequence[Any]) -> Make:
    """Return what draws objects out of these."""
    return lambda rng, m: pd.Series([values[i] for i in rng.integers(0, len(values), m)], dtype=object)


def _floats(rng: np.random.Generator, m: int) -> np.ndarray:
    return rng.standard_normal(m) * 10.0 ** rng.integers(-3, 4)


def _with(value: float, share: float) -> Make:
    return lambda rng, m: np.where(rng.random(m) < share, value, _floats(rng, m))


def _dates(rng: np.random.Generator, m: int) -> pd.Series:
    return pd.Series(pd.Timestamp("2020-02-28") + pd.to_timedelta(rng.integers(0, 900, m), unit="D"))


def _gapped(make: Make, dtype: str) -> Make:
    return lambda rng, m: pd.Series(make(rng, m)).astype(dtype).mask(rng.random(m) < 0.2)


def _whole(rng: np.random.Generator, m: int) -> np.ndarray:
    return rng.integers(-3, 4, m)


def _flags(rng: np.random.Generator, m: int) -> np.ndarray:
    return rng.random(m) < 0.5


FILED: dict[str, Make] = {  # what a file of text can hold
    "floats": _floats,
    "whole numbers": _whole,
    "booleans": _flags,
    "constant": lambda rng, m: np.full(m, rng.choice([0.0, 0.1, 1e308, -1e-320])),
    "gaps": _with(np.nan, 0.3),
    "gaps only": lambda rng, m: np.full(m, np.nan),
    "one number": lambda rng, m: np.where(np.arange(m) == m // 2, 1.0, np.nan),
    "infinities": _with(np.inf, 0.1),
    "minus infinity": _with(-np.inf, 0.1),
    "largest": lambda rng, m: rng.choice([LARGEST, -LARGEST, 1e308, 0.0], m),
    "smallest": lambda rng, m: rng.choice([5e-324, -5e-324, 1e-310, 0.0], m),
    "an outlier": lambda rng, m: np.where(np.arange(m) == 0, 1e300, _floats(rng, m)),
    "far from zero": lambda rng, m: 1e15 + _whole(rng, m),
    "row numbers": lambda rng, m: np.arange(m),
    "unsigned": lambda rng, m: rng.integers(0, 2**64 - 1, m, dtype=np.uint64),
    "texts": _of(TEXTS),
    "few texts": _of(["a", "b"]),
    "texts with gaps": _of(["a", "b", None]),
    "another text each": lambda rng, m: pd.Series([f"{i}-{rng.integers(9)}" for i in range(m)], dtype=object),
    "mixed": _of(MIXED),
    "numbers as texts": lambda rng, m: pd.Series(_floats(rng, m)).astype(str),
    "mostly numbers": lambda rng, m: pd.Series(np.where(rng.random(m) < 0.1, "oops", _floats(rng, m).astype(str))),
    "decimal commas": lambda rng, m: pd.Series(_floats(rng, m).round(2)).astype(str).str.replace(".", ","),
    "markers": _of(["?", "-", "n/a", "unknown", 1, 2.5]),
    "dates": _dates,
    "dates as texts": lambda rng, m: _dates(rng, m).dt.strftime("%d.%m.%Y"),
    "dates, not all": lambda rng, m: _dates(rng, m).dt.strftime("%Y-%m-%d").where(rng.random(m) < 0.9, "31.02.2020"),
}
COLUMNS: dict[str, Make] = FILED | {
    "zoned dates": lambda rng, m: _dates(rng, m).dt.tz_localize("Europe/Berlin", ambiguous="NaT"),
    "dates with gaps": lambda rng, m: _dates(rng, m).mask(rng.random(m) < 0.2),
    "lengths of time": lambda rng, m: _dates(rng, m) - pd.Timestamp("2021-01-01"),
    "periods": lambda rng, m: _dates(rng, m).dt.to_period("M"),
    "days as objects": lambda rng, m: _dates(rng, m).dt.date.astype(object),
    "categories": lambda rng, m: pd.Series(pd.Categorical(_of(["a", "b", None])(rng, m), ["c", "b", "a"])),
    "categories of numbers": lambda rng, m: pd.Series(pd.Categorical(_whole(rng, m), ordered=True)),
    "Int64": _gapped(_whole, "Int64"),
    "Float32": _gapped(_floats, "Float32"),
    "boolean": _gapped(_flags, "boolean"),
    "string": _gapped(_of(["a", "b", "c"]), "string"),
    "int8": lambda rng, m: _whole(rng, m).astype(np.int8),
    "float16": lambda rng, m: rng.standard_normal(m).astype(np.float16),
    "intervals": lambda rng, m: pd.Series(pd.IntervalIndex.from_breaks(np.arange(m + 1.0))),
    "sparse": lambda rng, m: pd.Series(pd.arrays.SparseArray(_whole(rng, m))),
    "complex": lambda rng, m: _floats(rng, m) + 1j,
    "bytes": _of([b"a", b"b"]),
    "lists": _of([[1], [2, 3]]),
    "decimals": _of([decimal.Decimal("1.5"), decimal.Decimal("-2"), None]),
    "hostile": _of([*MIXED, *HOSTILE]),
    "huge whole numbers": _of([10**400, 3, -(10**30)]),
}
TARGETS: dict[str, Make] = {
    "two": lambda rng, m: rng.permutation(np.arange(m) % 2),
    "two texts": lambda rng, m: np.array(["no", "yes"], dtype=object)[rng.permutation(np.arange(m) % 2)],
    "three": lambda rng, m: rng.permutation(np.arange(m) % 3),
    "hardly two": lambda rng, m: (np.arange(m) == 0).astype(int),
    "many": lambda rng, m: rng.integers(0, max(2, m // 3), m).astype(str).astype(object),
    "booleans": _flags,
    "floats": _floats,
    "odd texts": _of(["a,b", 'say "so"', "größe"]),
    "one class": lambda rng, m: np.ones(m, dtype=int),
    "largest": FILED["largest"],
    "smallest": FILED["smallest"],
    "an outlier": FILED["an outlier"],
    "gaps": FILED["gaps"],
    "infinities": FILED["infinities"],
    "texts": FILED["texts"],
    "mixed": FILED["mixed"],
    "dates": FILED["dates"],
    "row numbers": FILED["row numbers"],
    "unsigned": FILED["unsigned"],
}


@st.composite
def odd_tables(
    draw: st.DrawFn, columns: tuple[str, ...], rows: st.SearchStrategy[int], *, doubled: bool = False
) -> tuple[pd.DataFrame, np.ndarray | pd.Series, np.random.Generator]:
    """Draw a table of such columns, a target of as many rows, and a generator for what is done to them later.

    doubled: names may be the same.
    """
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    m = draw(rows)
    kinds = draw(st.lists(st.sampled_from(["floats", "few texts", *columns]), min_size=1, max_size=4))
    kinds += ["floats"] * draw(st.booleans())
    names = draw(st.lists(st.sampled_from(NAMES), min_size=len(kinds), max_size=len(kinds), unique=not doubled))
    made = [pd.Series(COLUMNS[kind](rng, m)) for kind in kinds]
    table = pd.concat(made, axis=1) if m else pd.DataFrame(dict(enumerate(made)))
    table.columns = pd.Index(names)
    target = draw(st.sampled_from(["two", "three", "floats", *TARGETS]))
    return table, TARGETS[target](rng, m), rng


def sound_line(error: Exception, name: str = "") -> str:
    """Return the message of an error, one line that a person can read, with an end in sight, which has the name."""
    said = str(error)
    assert said.strip(), f"{type(error).__name__} without a message"
    assert "\n" not in said, said
    assert len(said) < 1200, said
    assert name in said, said
    return said
