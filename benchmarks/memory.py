"""The memory of a fit, measured in a process of its own for each workload.

- step: the most that traced memory rises from the beginning of a step to any moment in it, over the steps of an epoch
  after the first epoch (tracemalloc sees every allocation of Python and NumPy). It is to be less than the smallest
  array that a layer has for a batch. An epoch's first and last step are left out: they begin and end the epoch, too.
- fit: the data, and the highest traced memory while the run is made and trained. It is to be at most
  data + 1.3 × (7 parameter vectors + the batch's buffers): the data are inputs and targets in float32; the batch's
  buffers are inputs and targets of one batch, and for each layer one array of activations and one of their gradients.
- resident: how far the process's resident memory rose while that run was made and trained, as the operating system
  counts it (Linux; elsewhere unknown). What the BLAS keeps for itself is there before, from a small fit; the C
  library is told to give every array pages of its own and to return them, else what was freed before would hide it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from fit import examples, lockstep
from process import environment, pin
from workloads import CLASSES, WORKLOADS, Workload

from dnnexp.training.batches import Batches

__all__ = ["Memory", "measure"]

FLOAT32 = 4
STATUS = Path("/proc/self/status")
CLEAR = Path("/proc/self/clear_refs")
OWN_PAGES = {"MALLOC_MMAP_THRESHOLD_": "16384", "MALLOC_TRIM_THRESHOLD_": "0", "MALLOC_MMAP_MAX_": "1000000"}
CLEAR_PEAK = "5"  # proc(5): resets the peak resident size


class Memory(NamedTuple):
    """Bytes, measured and allowed."""

    step: int
    smallest_buffer: int
    fit: int
    limit: int
    resident: int | None


def measure(workload: Workload) -> Memory:
    """Return the memory of a fit of one network, from a fresh process."""
    answer = subprocess.run(
        [sys.executable, __file__, workload.name], env=environment(1) | OWN_PAGES, stdout=subprocess.PIPE, text=True,
        check=True,
    )  # fmt: skip
    return Memory(**json.loads(answer.stdout))


def _limit(workload: Workload) -> int:
    m, n = workload.batch_size, workload.n
    data = workload.rows * (n[0] + CLASSES)
    buffers = m * (n[0] + CLASSES + 2 * sum(n[1:]))
    return int(FLOAT32 * (data + 1.3 * (7 * workload.parameters + buffers)))


def _measure(workload: Workload) -> Memory:
    small = workload._replace(rows=2 * workload.batch_size)
    lockstep(small, 1, epochs=2).run()
    own = examples(workload)
    before = _resident("VmRSS")
    if before is not None:
        CLEAR.write_text(CLEAR_PEAK)
    lockstep(workload, 1, epochs=2, own=own).run()
    peak = _resident("VmHWM")
    tracemalloc.start()
    lockstep(workload, 1, epochs=2, own=own).run()
    fit = tracemalloc.get_traced_memory()[1] + own.X1.nbytes + own.Y.nbytes
    with _steps() as rises:
        lockstep(workload, 1, epochs=3, own=own).run()
    return Memory(
        step=max(rises[len(rises) // 3 :]),
        smallest_buffer=FLOAT32 * workload.batch_size * min(workload.n[1:]),
        fit=fit,
        limit=_limit(workload),
        resident=None if before is None or peak is None else peak - before,
    )


@contextmanager
def _steps() -> Iterator[list[int]]:
    """Fill a list with the rise of traced memory in each step but those that begin or end an epoch."""
    serve, rises = Batches.batch, []
    before = 0

    def batch(self: Batches, s: int) -> Any:
        nonlocal before
        if s > 1:
            rises.append(tracemalloc.get_traced_memory()[1] - before)
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        return serve(self, s)

    Batches.batch = batch  # type: ignore[method-assign]
    try:
        yield rises
    finally:
        Batches.batch = serve  # type: ignore[method-assign]


def _resident(field: str) -> int | None:
    if not STATUS.exists() or not CLEAR.exists():
        return None
    (line,) = (line for line in STATUS.read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    pin(1)
    print(json.dumps(_measure(WORKLOADS[sys.argv[1]])._asdict()))
