"""A process of its own for one peer and one number of threads: it is told a workload on each line, and says the time.

An answer is one JSON line: {"seconds": …} for one step of one network; to the line "blas", {"blas": …}.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

__all__ = ["PeerProcess", "environment", "pin"]

HELD_BACK = ("OPENBLAS", "GOTO", "MKL", "OMP", "GOMP", "KMP", "XLA", "BLIS", "VECLIB", "NPY", "DNNL", "ONEDNN")


def environment(threads: int) -> dict[str, str]:
    """Return the environment of a measurement: nothing that picks kernels by hand, the threads set for everybody."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(HELD_BACK)}
    for name in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "BLIS"):
        own[f"{name}_NUM_THREADS"] = str(threads)
    if threads == 1:
        own["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    own["JAX_PLATFORMS"] = "cpu"
    return own


class PeerProcess:
    """The peer's process, from its start to the end of the `with` block."""

    def __init__(self, peer: str, threads: int, clock: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, peer, str(threads), clock],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(threads),
        )  # fmt: skip

    def __enter__(self) -> PeerProcess:
        return self

    def __exit__(self, *error: object) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()

    def ask(self, line: str) -> dict[str, Any]:
        """Return the answer to a line. Raises RuntimeError where the process has died instead."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the process of {self._process.args!r} ended with {self._process.wait()}")
        return dict(json.loads(answer))


def pin(threads: int) -> None:
    """Stay on that many processors, the last ones, which interrupts visit least."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])


def _serve(peer: str, threads: int, clock: str) -> None:
    pin(threads)
    import threadpoolctl
    from peers import CLOCKS, PEERS
    from workloads import WORKLOADS

    measures: dict[str, Callable[[], float]] = {}
    for line in sys.stdin:
        name = line.strip()
        if name == "blas":
            pools = [pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
            answer: dict[str, Any] = {"blas": " ".join(f"{p['internal_api']} {p['architecture']}" for p in pools)}
        else:
            if name not in measures:
                measures.clear()  # one workload at a time in memory
                measures[name] = PEERS[peer].prepare(WORKLOADS[name], threads, CLOCKS[clock])
            answer = {"seconds": measures[name]()}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]), sys.argv[3])
