"""The networks that are trained, and the examples and initial weights that every peer is given."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["STACK", "WORKLOADS", "Workload"]

Array = npt.NDArray[Any]

STACK = 8  # networks in lockstep, or under one vmap
CLASSES = 10
WRONG = 0.2  # share of the labels that are drawn anew: gradients stay of a usual size


class Workload(NamedTuple):
    """A ReLU network with softmax cross-entropy, trained by Adam; rows are a multiple of batch_size."""

    name: str
    n: tuple[int, ...]  # units of each layer, the inputs first
    batch_size: int
    rows: int
    epochs: int  # of one measurement
    repetitions: int

    @property
    def steps(self) -> int:
        """Steps of one epoch."""
        return self.rows // self.batch_size

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return sum(n * (n_prev + 1) for n_prev, n in zip(self.n, self.n[1:], strict=False))

    def examples(self) -> tuple[Array, npt.NDArray[np.int64]]:
        """Return inputs (rows, n[0]), float32, and labels (rows,): a noisy cloud for each class, some named wrongly."""
        rng = np.random.default_rng(1)
        labels = rng.integers(0, CLASSES, self.rows)
        centres = rng.normal(size=(CLASSES, self.n[0]))
        X = (centres[labels] + rng.normal(size=(self.rows, self.n[0]))).astype(np.float32)
        is_wrong = rng.random(self.rows) < WRONG
        labels[is_wrong] = rng.integers(0, CLASSES, is_wrong.sum())
        return X, labels

    def weights(self, seed: int = 0) -> list[Array]:
        """Return W[l] (n[l], n[l-1]) by He et al. 2015, float32: the same start for every peer."""
        rng = np.random.default_rng(seed)
        return [
            (rng.standard_normal((n, n_prev)) * np.sqrt(2 / n_prev)).astype(np.float32)
            for n_prev, n in zip(self.n, self.n[1:], strict=False)
        ]


WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("64-32-10, batch 32", (64, 32, 10), 32, rows=2048, epochs=20, repetitions=21),
        Workload("64-(64×3)-10, batch 32", (64, *[64] * 3, 10), 32, rows=2048, epochs=10, repetitions=21),
        Workload("64-(64×100)-10, batch 64", (64, *[64] * 100, 10), 64, rows=2048, epochs=2, repetitions=9),
        Workload("784-256-128-10, batch 128", (784, 256, 128, 10), 128, rows=4096, epochs=2, repetitions=9),
        Workload("784-(1024×4)-10, batch 256", (784, *[1024] * 4, 10), 256, rows=2048, epochs=2, repetitions=5),
    )
}
