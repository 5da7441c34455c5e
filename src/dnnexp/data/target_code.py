"""From targets to what a network's output layer learns, and from its outputs back to predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dnnexp.data.moments import LIMIT, floats, moments, standardised

__all__ = ["TargetCode"]


@dataclass(frozen=True, eq=False)
class TargetCode:
    """How targets are written in a network's output layer: 0/1, one-hot, or standardised quantities."""

    task: str
    classes: tuple[str, ...]
    mean: np.ndarray  # (targets,) of a regression, else ()
    scale: np.ndarray  # (targets,), positive

    @classmethod
    def fit(cls, task: str, classes: Sequence[str], y: np.ndarray) -> TargetCode:
        """Return the code of the targets y: (examples,) codes into classes, or (examples, targets) quantities."""
        if task != "regression":
            return cls(task, tuple(classes), np.empty(0), np.empty(0))
        mean, scale = moments(np.asarray(y, dtype=np.float64))
        return cls(task, (), mean, np.where(scale > 0, scale, 1.0))

    @property
    def outputs(self) -> int:
        """n[L], the units of the output layer."""
        if self.task == "regression":
            return len(self.mean)
        return 1 if self.task == "binary" else len(self.classes)

    def encode(self, y: np.ndarray) -> np.ndarray:
        """Return the network's targets (examples, n[L]) float64."""
        if self.task == "regression":
            return standardised(np.asarray(y, dtype=np.float64), self.mean, self.scale, LIMIT)
        if self.task == "binary":
            return np.reshape(y, (-1, 1)).astype(np.float64)
        onehot: np.ndarray = np.eye(len(self.classes))[y]
        return onehot

    def codes(self, A: np.ndarray) -> np.ndarray:
        """Return the most probable class (examples,) for outputs A (examples, n[L]); a tie goes to the first."""
        codes = A[:, 0] > 0.5 if self.task == "binary" else A.argmax(axis=1)
        return np.asarray(codes, dtype=np.int64)

    def decode(self, A: np.ndarray) -> np.ndarray:
        """Return, for outputs A (examples, n[L]), class labels (examples,) or quantities (examples, targets)."""
        if self.task != "regression":
            labels: np.ndarray = np.array(self.classes)[self.codes(A)]
            return labels
        largest = np.finfo(np.float64).max
        with np.errstate(over="ignore"):
            values: np.ndarray = np.asarray(A, dtype=np.float64) * self.scale + self.mean
        return np.clip(values, -largest, largest, out=values)

    def state(self) -> dict[str, Any]:
        """Return what from_state needs, ready for JSON."""
        moments = {"mean": self.mean.tolist(), "scale": self.scale.tolist()}
        return {"task": self.task, "classes": list(self.classes), **moments}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> TargetCode:
        """Return the code whose state() this is, to the same bits."""
        mean = np.asarray(state["mean"], dtype=np.float64)
        return cls(state["task"], tuple(state["classes"]), mean, floats(state, "scale", mean))
