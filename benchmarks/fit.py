"""The engine's own training of a workload: the loop that the tool runs, with nothing left out."""

from __future__ import annotations

import numpy as np
from workloads import CLASSES, Workload

from dnnexp.metrics import METRICS
from dnnexp.network.architecture import Architecture
from dnnexp.network.optimizers import OptimizerConfig
from dnnexp.training.examples import Examples, Member
from dnnexp.training.lockstep import Lockstep
from dnnexp.training.schema import ScheduleConfig, TrainerConfig

__all__ = ["examples", "lockstep"]


def examples(workload: Workload) -> Examples:
    """Return the workload's examples as the trainer reads them."""
    X, labels = workload.examples()
    own = Examples.empty(workload.rows, workload.n[0], CLASSES, np.float32)
    own.X1[:, :-1] = X
    own.Y[:] = np.eye(CLASSES, dtype=np.float32)[labels]
    return own


def lockstep(workload: Workload, R: int, epochs: int, threads: int = 1, own: Examples | None = None) -> Lockstep:
    """Return a run of R networks, each with its own initial weights and order of the examples."""
    nobody = np.zeros(0, np.intp)
    members = [Member(np.arange(workload.rows), nobody, np.random.SeedSequence(r), 1e-3) for r in range(R)]
    return Lockstep(
        own or examples(workload),
        Architecture(workload.n, ("relu",) * (len(workload.n) - 2), "softmax"),
        "softmax_cross_entropy",
        members,
        OptimizerConfig("adam", lr=1e-3, weight_decay=0),
        ScheduleConfig("constant", warmup=0),
        TrainerConfig(epochs=epochs, batch_size=workload.batch_size, patience=None, label_smoothing=0, threads=threads),
        METRICS["accuracy"],
        initializer="he_normal",
    )
