"""The baselines as a sweep has them: all on the folds of its screening, the best of them again on the fresh ones.

A network that was picked by its scores and scored again is compared with a baseline that was treated alike.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Baseline", "Yardsticks", "from_plain", "to_plain"]


class Baseline(NamedTuple):
    """What one model scored that is no network."""

    name: str  # "majority class" or "mean", "linear", "boosted trees"
    scores: npt.NDArray[np.float64]  # (J,) on the folds' score rows, in the order of the folds; NaN where it failed
    test_score: float  # trained on all development rows: for the record, never for a choice
    n_train: float  # mean rows it was trained on in a fold
    n_score: float  # mean rows it was scored on
    seconds: float
    trouble: str  # why a score is NaN; "" where none is


class Yardsticks(NamedTuple):
    """What needs no network scored; the same protocol gives the same scores."""

    screened: tuple[Baseline, ...] = ()  # on the folds that configurations are screened on
    rescored: Baseline | None = None  # the best of them, on fresh folds; None where nothing is scored again

    @property
    def again(self) -> Baseline | None:
        """The best as it was scored again; None where it was not, or could not be."""
        is_known = self.rescored is not None and bool(np.isfinite(self.rescored.scores).all())
        return self.rescored if is_known else None

    @property
    def judged(self) -> list[Baseline]:
        """Each baseline as far as it was scored."""
        again = self.again
        return [again if again is not None and again.name == base.name else base for base in self.screened]

    def best(self, *, greater_is_better: bool) -> Baseline | None:
        """Return the one with the best mean in the screening; None where none has finite scores."""
        sign = 1 if greater_is_better else -1
        known = [base for base in self.screened if len(base.scores) and np.isfinite(base.scores).all()]
        return max(known, key=lambda base: sign * float(base.scores.mean()), default=None)


def to_plain(yardsticks: Yardsticks) -> dict[str, Any]:
    """Return them as JSON can hold them."""
    screened, rescored = yardsticks
    return {
        "screened": [_plain(base) for base in screened],
        "rescored": None if rescored is None else _plain(rescored),
    }


def from_plain(stored: Mapping[str, Any] | None) -> Yardsticks:
    """Return what `to_plain` was given; nothing of nothing."""
    if stored is None:
        return Yardsticks()
    rescored = stored["rescored"]
    return Yardsticks(tuple(map(_read, stored["screened"])), None if rescored is None else _read(rescored))


def _plain(base: Baseline) -> dict[str, Any]:
    scores = _or_none([*base.scores.tolist(), base.test_score])
    return base._asdict() | {"scores": scores[:-1], "test_score": scores[-1]}


def _read(stored: Mapping[str, Any]) -> Baseline:
    scores = [math.nan if value is None else value for value in (*stored["scores"], stored["test_score"])]
    return Baseline(**{**stored, "scores": np.array(scores[:-1], np.float64), "test_score": scores[-1]})


def _or_none(values: Sequence[float]) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in values]
