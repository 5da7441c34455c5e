"""Category columns as columns of zeros and ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnnexp.data.kinds import are_whole, as_text, hides_truths, is_whole_with_point, without_point
from dnnexp.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Categories"]

UNKNOWN = -1
MOST_KNOWN = 10_000  # categories without a place of their own that are kept, to tell unknown ones by


class Categories(NamedTuple):
    """The categories of a column that have a place of their own, in order; None stands for a missing value.

    Three or more places (the others' too) are a feature each. Two are one feature: 0 for the first, 1 for the second,
    1/2 for anything else. One is a constant: a feature that is always 0.
    """

    values: tuple[str | None, ...]
    has_others: bool  # training rows had more categories than places; they share the last one
    rest: tuple[str, ...] = ()  # those that share it; none where there are more than MOST_KNOWN

    @classmethod
    def fit(cls, column: pd.Series, most: int) -> Categories:
        """Return the most frequent categories of a column, the rest in one where there are more than `most`.

        A missing value is a category like any other, and always has its place. Raises DataError for what has no text.
        """
        codes, labels = _labels(column)
        counts: dict[str | None, int] = {}
        for label, count in zip(labels, np.bincount(codes, minlength=len(labels)).tolist(), strict=True):
            if count:
                counts[label] = counts.get(label, 0) + count
        ordered = sorted(counts, key=lambda label: (label is not None, -counts[label], label or ""))
        has_others = len(ordered) > most
        kept = ordered[: most - 1] if has_others else ordered
        rest = sorted(label for label in ordered[most - 1 :] if label is not None) if has_others else []
        values = tuple(sorted(kept, key=lambda label: (label is None, label or "")))
        return cls(values, has_others, tuple(rest) if len(rest) <= MOST_KNOWN else ())

    @property
    def width(self) -> int:
        """The number of features."""
        places = len(self.values) + self.has_others
        return places if places > 2 else 1

    def names(self, column: str) -> Iterator[str]:
        """Yield the name of each feature."""
        places = [f"{column} is missing" if value is None else f"{column} is {value}" for value in self.values]
        if self.has_others:
            places.append(f"{column} is another")
        yield from places if len(places) > 2 else places[-1:]

    def write(self, column: pd.Series, out: np.ndarray) -> int:
        """Fill out (rows, width), which holds zeros; return how many rows hold what is not known.

        Where the categories are whole numbers, 1.0 is 1.
        """
        codes, labels = _labels(column)
        last = len(self.values)
        places: dict[str | None, int] = dict.fromkeys(self.rest, last)
        places |= {value: place for place, value in enumerate(self.values)}
        if any(label not in places and is_whole_with_point(label) for label in labels) and are_whole(places):
            labels = [label if label in places else without_point(label) for label in labels]
        found = np.array([places.get(label, UNKNOWN) for label in labels], np.intp)[codes]
        is_unknown = found == UNKNOWN
        chosen = np.where(is_unknown, last, found) if self.has_others else found
        if self.has_others and not self.rest:
            is_unknown[:] = False
        unplaced = chosen == UNKNOWN
        if self.width > 1:
            rows = np.flatnonzero(~unplaced)
            out[rows, chosen[rows]] = 1.0
        elif len(self.values) + self.has_others == 2:
            out[:, 0] = np.where(unplaced, 0.5, chosen)
        return int(np.count_nonzero(is_unknown))


def _labels(column: pd.Series) -> tuple[np.ndarray, list[str | None]]:
    """Return, for each row, the index of its label (rows,), and the labels: texts, the last one None for missing."""
    import pandas as pd

    try:
        codes, values = pd.factorize(column)
        if hides_truths(column, values):
            codes, values = pd.factorize(column.map(as_text, na_action="ignore"))
    except TypeError as error:
        raise DataError(f"input: column {column.name!r} must hold texts: {error}") from None
    return np.where(codes < 0, len(values), codes), [*map(as_text, values), None]
