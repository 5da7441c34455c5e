"""The preprocessor: what became of each column of the training rows, done to any rows that have these columns."""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from dnnexp.data.columns import MOST
from dnnexp.data.kinds import CATEGORY, KINDS, NUMBER
from dnnexp.data.preprocessing.imputation import Imputation
from dnnexp.data.preprocessing.onehot import Categories
from dnnexp.data.preprocessing.scaling import Scaler
from dnnexp.data.preprocessing.selection import importances, most_important
from dnnexp.data.preprocessing.skew import CLOSEST, Knots, Skew, unit_of
from dnnexp.data.preprocessing.state import choice, flags, number_list, optional_texts, require_sound, texts
from dnnexp.data.preprocessing.table import aligned, kinds_of, named, numbers
from dnnexp.data.schema import SCALINGS, SKEWS, PreprocessingConfig
from dnnexp.errors import DataError, require
from dnnexp.notation import counted

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Preprocessor", "column_importances"]


@dataclass(frozen=True, eq=False)
class Preprocessor:
    """The columns that are used, in the order they were fitted in, and what is done to each.

    Features: the number columns, imputed, straightened and scaled; an indicator for each of them that had gaps; the
    category columns, one-hot.
    """

    kinds: dict[str, str]  # number or category, by column
    imputation: Imputation  # of the number columns
    skew: Skew
    scaler: Scaler
    categories: tuple[Categories, ...]  # of the category columns
    surprises: Counter[tuple[str, str]] = field(default_factory=Counter)  # what transform has met: see `warnings`

    @classmethod
    def fit(
        cls,
        config: PreprocessingConfig,
        X: pd.DataFrame,
        y: np.ndarray | None = None,
        task: str = "",
        seed: int = 0,
        importance: np.ndarray | None = None,
    ) -> Preprocessor:
        """Return the preprocessor of the rows of X (rows, columns), at least one.

        y, task and seed are what column selection goes by, or `importance` (columns,), where it is known already.
        Raises ConfigError for more columns to be selected than there are, DataError for what cannot be read.
        """
        X = named(X)
        if config.select is not None:
            law = f"at most {X.shape[1]}, the columns there are"
            require(config.select <= X.shape[1], "data.preprocessing.select", law, config.select)
            if config.select < X.shape[1]:
                if importance is None:
                    importance = column_importances(config, X, y, task, seed)
                X = X.iloc[:, most_important(importance, config.select)]
        kinds = kinds_of(X)
        values = numbers(X[_of_kind(kinds, NUMBER)])
        imputation = Imputation.fit(values)
        is_missing = np.isnan(values)
        whole = imputation.fill(values, is_missing)
        skew = Skew.fit(config.skew, whole)
        scaler = Scaler.fit(config.scaling, skew.transform(whole))
        scaler = scaler._replace(scale=np.where(is_missing.all(axis=0), 0.0, scaler.scale))
        categories = tuple(Categories.fit(X[column], config.categories) for column in _of_kind(kinds, CATEGORY))
        return cls(kinds, imputation, skew, scaler, categories)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that must be there to transform, in the order of the training table; selected ones only."""
        return tuple(self.kinds)

    @property
    def scaling(self) -> str:
        """How number columns are scaled."""
        return self.scaler.kind

    @property
    def scale(self) -> np.ndarray:
        """The scale of each number column (columns,), 0 for a constant one."""
        return self.scaler.scale

    @cached_property
    def feature_names(self) -> tuple[str, ...]:
        """The name of each of the n[0] features that transform returns."""
        of_numbers, of_categories = _of_kind(self.kinds, NUMBER), _of_kind(self.kinds, CATEGORY)
        indicators = [f"{of_numbers[i]} is missing" for i in np.flatnonzero(self.imputation.has_gaps)]
        pairs = zip(of_categories, self.categories, strict=True)
        return (*of_numbers, *indicators, *(name for column, places in pairs for name in places.names(column)))

    @property
    def origins(self) -> np.ndarray:
        """The index of the column that each of the n[0] features comes from."""
        kinds = np.array(list(self.kinds.values()))
        of_numbers, of_categories = np.flatnonzero(kinds == NUMBER), np.flatnonzero(kinds == CATEGORY)
        blocks = np.repeat(of_categories, [places.width for places in self.categories])
        return np.concatenate([of_numbers, of_numbers[self.imputation.has_gaps], blocks])

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        """Return the features (rows, n[0]) float64, always finite.

        Columns are found by name, others are ignored. A gap is filled, a category that has no place is read as none of
        those that have; both are counted in `surprises` where the training rows had no like. Raises DataError for a
        missing column, a value that is no number and an infinity, naming column and row.
        """
        X = aligned(X, self.columns)
        of_numbers, of_categories = _of_kind(self.kinds, NUMBER), _of_kind(self.kinds, CATEGORY)
        values = numbers(X[of_numbers] if of_categories else X)
        is_missing = np.isnan(values)
        scaled = self.scaler.transform(self.skew.transform(self.imputation.fill(values, is_missing)))
        has_gaps = self.imputation.has_gaps
        for i in np.flatnonzero(is_missing.any(axis=0) & ~has_gaps & (self.scaler.scale > 0)):
            self.surprises[of_numbers[i], "gap"] += int(np.count_nonzero(is_missing[:, i]))
        if not of_categories and not has_gaps.any():
            return scaled
        features = np.zeros((len(X), len(self.feature_names)))
        at = scaled.shape[1]
        features[:, :at] = scaled
        features[:, at : at + np.count_nonzero(has_gaps)] = is_missing[:, has_gaps]
        at += np.count_nonzero(has_gaps)
        for column, places in zip(of_categories, self.categories, strict=True):
            if unknown := places.write(X[column], features[:, at : at + places.width]):
                self.surprises[column, "unknown"] += unknown
            at += places.width
        return features

    def warnings(self) -> list[str]:
        """Return a line on each surprise: gaps where training rows had none, categories that they did not have."""
        nouns = {"gap": "missing value", "unknown": "value"}
        said = {
            "gap": "{cells}, where the training rows had none: the median is taken",
            "unknown": "{cells} that the training rows did not have: read as unknown",
        }
        return [
            f"input: column {column!r}: {said[kind].format(cells=counted(count, nouns[kind]))}"
            for (column, kind), count in sorted(self.surprises.items())
        ]

    def warn(self, stacklevel: int = 2) -> None:
        """Give what transform has met as one UserWarning of one line, columns with counts; nothing where it was none.

        stacklevel: of the caller that is named, as `warnings.warn` has it.
        """
        said = {
            "unknown": "values that the training rows did not have, read as unknown",
            "gap": "missing values where the training rows had none, filled with the median",
        }
        parts = []
        for kind, what in said.items():
            met = [f"{column!r} ({count:,})" for (column, its), count in sorted(self.surprises.items()) if its == kind]
            more = f" and {len(met) - MOST:,} more columns" * (len(met) > MOST)
            if met:
                parts.append(f"{what}: {', '.join(met[:MOST])}{more}")
        if parts:
            warnings.warn(f"input: {'; '.join(parts)}", UserWarning, stacklevel + 1)

    def state(self) -> dict[str, Any]:
        """Return what from_state needs, ready for JSON."""
        return {
            "columns": list(self.kinds),
            "kinds": list(self.kinds.values()),
            "median": self.imputation.median.tolist(),
            "gaps": self.imputation.has_gaps.tolist(),
            "skew": self.skew.kind,
            "knots": [[knots.points.tolist(), knots.scores.tolist()] for knots in self.skew.knots],
            "scaling": self.scaler.kind,
            "centre": self.scaler.centre.tolist(),
            "scale": self.scaler.scale.tolist(),
            "categories": [list(places.values) for places in self.categories],
            "others": [places.has_others for places in self.categories],
            "rest": [list(places.rest) for places in self.categories],
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Preprocessor:
        """Return the preprocessor whose state() this is, to the same bits.

        Raises DataError for a damaged one: a part missing, of another type or length, not finite, or out of order.
        """
        try:
            return cls._from_state(state)
        except KeyError as error:
            raise DataError(f"model state: need {error} among its parts") from None

    @classmethod
    def _from_state(cls, state: dict[str, Any]) -> Preprocessor:
        columns, kinds = texts(state, "columns"), state["kinds"]
        holds = isinstance(kinds, list) and len(kinds) == len(columns) and all(kind in KINDS for kind in kinds)
        require_sound(holds, "kinds", f"a kind for each of {len(columns)} columns")
        p, c = kinds.count(NUMBER), kinds.count(CATEGORY)
        imputation = Imputation(number_list(state["median"], "median", p), flags(state, "gaps", p))
        kind = choice(state, "skew", SKEWS)
        skew = Skew(kind, _knots(state["knots"], p if kind == "quantile" else 0))
        centre, scale = (number_list(state[key], key, p) for key in ("centre", "scale"))
        require_sound(bool((scale >= 0).all()), "scale", "numbers not below 0")
        lists, others = state["categories"], flags(state, "others", c).tolist()
        require_sound(isinstance(lists, list) and len(lists) == c, "categories", f"{c} lists")
        rests = state.get("rest", [[]] * c)  # models of before do not have it: what they do not know is not told
        require_sound(isinstance(rests, list) and len(rests) == c, "rest", f"{c} lists")
        categories = tuple(
            Categories(optional_texts(v, "categories"), o, _rest(r))
            for v, o, r in zip(lists, others, rests, strict=True)
        )
        scaler = Scaler(choice(state, "scaling", SCALINGS), centre, scale)
        return cls(dict(zip(columns, kinds, strict=True)), imputation, skew, scaler, categories)


def column_importances(
    config: PreprocessingConfig, X: pd.DataFrame, y: np.ndarray | None, task: str, seed: int
) -> np.ndarray:
    """Return the importance (columns,) of each column of X (rows, columns) for y by these rows, of all its features.

    The same whatever the scaling and the skew, so that it need be computed once for each set of rows.
    """
    if y is None or not task:
        raise ValueError("columns are selected by a target: need y and task")
    plain = Preprocessor.fit(replace(config, scaling="standard", skew="none", select=None), X)
    found = importances(config.select_by, plain.transform(X), y, task, seed)
    return np.bincount(plain.origins, found, minlength=X.shape[1])


def _of_kind(kinds: dict[str, str], kind: str) -> list[str]:
    return [column for column, its in kinds.items() if its == kind]


def _rest(value: Any) -> tuple[str, ...]:
    is_sound = isinstance(value, list) and all(type(text) is str for text in value)
    require_sound(is_sound, "rest", "lists of texts")
    return tuple(value)


def _knots(lists: Any, count: int) -> tuple[Knots, ...]:
    """Return the knots of that many columns: points and scores that rise, no two points too close to tell apart."""
    law = f"points and scores for each of {count} columns"
    require_sound(isinstance(lists, list) and len(lists) == count, "knots", law)
    found = []
    for pair in lists:
        require_sound(isinstance(pair, list) and len(pair) == 2, "knots", law)
        points = number_list(pair[0], "knots")
        scores = number_list(pair[1], "knots", len(points))
        with np.errstate(over="ignore"):
            gaps = np.diff(np.ldexp(points, -unit_of(points)))
        require_sound(bool((gaps > CLOSEST).all() and (np.diff(scores) >= 0).all()), "knots", "numbers that rise")
        found.append(Knots(points, scores))
    return tuple(found)
