"""From targets to what a network's output layer learns, and from its outputs back to predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dnnexp.data.moments import LIMIT, moments, standardised
from dnnexp.data.preprocessing.state import choice, number_list, require_sound
from dnnexp.data.schema import TASKS
from dnnexp.errors import DataError

__all__ = ["TargetCode"]

HALF = 0.5
NOTHING = np.empty(0)
CLASSES = {"binary": (2, 2), "multiclass": (2, 1 << 30)}  # at least, at most


@dataclass(frozen=True, eq=False)
class TargetCode:
    """How targets are written in a network's output layer: 0/1, one-hot, or standardised quantities."""

    task: str
    classes: tuple[str, ...]
    mean: np.ndarray  # (targets,) of a regression, else ()
    scale: np.ndarray  # (targets,), positive; 0 of a constant target, which is decoded to its mean whatever is said
    threshold: np.ndarray  # (n[L],) in [0, 1], a probability beyond which it is yes; () where nothing is decided so

    @classmethod
    def fit(cls, task: str, classes: Sequence[str], y: np.ndarray) -> TargetCode:
        """Return the code of the targets y.

        (examples,) codes into classes, (examples, labels) of 0 and 1, or (examples, targets) quantities.
        """
        if task != "regression":
            deciding = {"binary": 1, "multilabel": y.shape[-1]}.get(task, 0)
            return cls(task, tuple(classes), NOTHING, NOTHING, np.full(deciding, HALF))
        mean, scale = moments(np.asarray(y, dtype=np.float64))
        return cls(task, (), mean, scale, NOTHING)

    def going_on(self, y: np.ndarray) -> TargetCode:
        """Return the code for a training that goes on with targets y.

        A target that was constant until now has its spread around that constant as its scale.
        """
        if self.task != "regression" or (self.scale > 0).all():
            return self
        _, spread = moments(np.vstack([self.mean, np.asarray(y, dtype=np.float64)]))
        return replace(self, scale=np.where(self.scale > 0, self.scale, spread))

    def deciding_at(self, threshold: Sequence[float] | np.ndarray) -> TargetCode:
        """Return the code with another threshold, one number for each output; with this one for none.

        Raises DataError for as many numbers as do not fit, or for one outside [0, 1].
        """
        values = np.asarray(threshold, dtype=np.float64)
        if not values.size:
            return self
        if values.shape != self.threshold.shape or not ((values >= 0) & (values <= 1)).all():
            raise DataError(
                f"threshold: need {len(self.threshold)} probabilities for a {self.task} target, got {threshold}"
            )
        return replace(self, threshold=values)

    @property
    def outputs(self) -> int:
        """n[L], the units of the output layer."""
        if self.task == "regression":
            return len(self.mean)
        return len(self.classes) if self.task == "multiclass" else len(self.threshold)

    def encode(self, y: np.ndarray) -> np.ndarray:
        """Return the network's targets (examples, n[L]) float64."""
        if self.task == "regression":
            return standardised(np.asarray(y, dtype=np.float64), self.mean, self.scale, LIMIT)
        if self.task == "multiclass":
            onehot: np.ndarray = np.eye(len(self.classes))[y]
            return onehot
        return np.reshape(y, (len(y), self.outputs)).astype(np.float64)

    def codes(self, A: np.ndarray) -> np.ndarray:
        """Return what is decided for outputs A (examples, n[L]), int64.

        The most probable class (examples,), the first of equals; of two classes the second where its probability is
        beyond the threshold; of labels (examples, labels) 1 where it is.
        """
        codes = A.argmax(axis=1) if self.task == "multiclass" else self.threshold < A
        return np.asarray(codes[:, 0] if self.task == "binary" else codes, dtype=np.int64)

    def decode(self, A: np.ndarray) -> np.ndarray:
        """Return, for outputs A (examples, n[L]), class names (examples,); labels or quantities (examples, n[L])."""
        if self.task == "multilabel":
            return self.codes(A)
        if self.task != "regression":
            labels: np.ndarray = np.array(self.classes)[self.codes(A)]
            return labels
        largest = np.finfo(np.float64).max
        with np.errstate(over="ignore", invalid="ignore"):
            values: np.ndarray = np.asarray(A, dtype=np.float64) * self.scale + self.mean
        values = np.where(self.scale > 0, values, self.mean)
        return np.clip(values, -largest, largest, out=values)

    def state(self) -> dict[str, Any]:
        """Return what from_state needs, ready for JSON."""
        numbers = {"mean": self.mean.tolist(), "scale": self.scale.tolist(), "threshold": self.threshold.tolist()}
        return {"task": self.task, "classes": list(self.classes), **numbers}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> TargetCode:
        """Return the code whose state() this is, to the same bits.

        Raises DataError for a part that is missing, of another type or length, not finite, or out of range.
        """
        for key in ("task", "classes", "mean", "scale", "threshold"):
            require_sound(key in state, key, "a target code that says how it decides")
        task, classes = choice(state, "task", TASKS), state["classes"]
        mean, threshold = (number_list(state[key], key, None if state[key] else 0) for key in ("mean", "threshold"))
        require_sound((len(mean) > 0) == (task == "regression"), "mean", f"the means of a {task} target")
        scale = number_list(state["scale"], "scale", len(mean))
        require_sound(bool((scale >= 0).all()), "scale", "numbers not below 0")
        is_right_size = {"binary": len(threshold) == 1, "multilabel": len(threshold) > 0}
        if not is_right_size.get(task, len(threshold) == 0):
            raise DataError(f"model state: a {task} target cannot have thresholds of shape {threshold.shape}")
        is_named = isinstance(classes, list) and all(type(name) is str for name in classes)
        least, most = CLASSES.get(task, (0, 0))
        require_sound(is_named and least <= len(classes) <= most, "classes", f"the classes of a {task} target")
        return cls(task, tuple(classes), mean, scale, threshold).deciding_at(threshold)
