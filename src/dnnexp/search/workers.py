"""Workers on this machine: identical processes, started by spawn, that all run the same function."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any

from dnnexp.errors import DnnexpError

__all__ = ["Workers", "beside", "run_workers", "started_workers"]

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
PATIENCE = 30  # seconds that a worker has to write down that it was stopped
STOPPED, REFUSED = 130, 2  # exit codes: by Ctrl-C, by an error of the user's


def run_workers(
    target: Callable[..., None],
    arguments: Sequence[Any],
    count: int,
    watch: Callable[[], None] | None = None,
    threads: int = 1,
) -> tuple[int, ...]:
    """Run `target(*arguments)` in `count` processes and return their exit codes, 0 for each that finished.

    target must be importable by name and the arguments picklable. `watch` is called about once a second meanwhile.
    threads: of BLAS, in each. A worker that dies is not replaced: the others finish its work. Raises DnnexpError where
    none finished; Ctrl-C lets every worker give up its trial in order, and is raised again.
    """
    with started_workers(target, arguments, count, threads) as workers:
        return workers.finish(watch)


@contextmanager
def started_workers(
    target: Callable[..., None], arguments: Sequence[Any], count: int, threads: int = 1
) -> Iterator[Workers]:
    """Start the processes, for who has something to do before waiting for them; what it raises stops them."""
    workers = Workers(target, arguments, count)
    try:
        workers.start(threads)
        yield workers
    except BaseException:
        workers.stop()
        raise


class Workers:
    """Processes that run the same function."""

    def __init__(self, target: Callable[..., None], arguments: Sequence[Any], count: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._processes: list[BaseProcess] = [
            context.Process(
                target=_run, args=(target, tuple(arguments)), name=f"worker {i + 1} of {count}", daemon=True
            )
            for i in range(count)
        ]

    def start(self, threads: int) -> None:
        """Start them, with that many threads of BLAS each."""
        with _environment(dict.fromkeys(THREADS, str(threads))), _deaf_to_ctrl_c():
            for process in self._processes:
                process.start()

    def finish(self, watch: Callable[[], None] | None = None) -> tuple[int, ...]:
        """Wait until all have ended and return their exit codes; raises DnnexpError where none finished its work."""
        while alive := [process.sentinel for process in self._processes if process.is_alive()]:
            wait(alive, timeout=1.0)
            if watch is not None:
                watch()
        codes = tuple(process.exitcode or 0 for process in self._processes)
        if all(codes):
            said = ", ".join(f"killed by signal {-code}" if code < 0 else f"exit code {code}" for code in codes)
            raise DnnexpError(
                f"every worker ended before the sweep was done ({said}); the same command goes on from there"
            )
        return codes

    def stop(self) -> None:
        """Ask them to stop, and end those that have not within the time they have."""
        started = [process for process in self._processes if process.pid is not None]
        for process in started:
            process.terminate()
        for process in started:
            process.join(PATIENCE)
            if process.is_alive():
                process.kill()


@contextmanager
def beside(target: Callable[..., None], arguments: Sequence[Any], threads: int = 1) -> Iterator[BaseProcess]:
    """Run `target(*arguments)` in a process of its own meanwhile, deaf to Ctrl-C; it is ended if it has not by then."""
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_run, args=(target, tuple(arguments)), name="baselines", daemon=True)
    with _environment(dict.fromkeys(THREADS, str(threads))), _deaf_to_ctrl_c():
        process.start()
    try:
        yield process
    finally:
        process.terminate()
        process.join()


def _run(target: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    """Run the target in a worker's process, which ends with a line and an exit code instead of a traceback."""
    try:
        target(*arguments)
    except KeyboardInterrupt:
        sys.exit(STOPPED)
    except DnnexpError as error:
        sys.stderr.write(f"{multiprocessing.current_process().name}: {error}\n")
        sys.exit(REFUSED)


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Set variables for the processes started meanwhile: BLAS reads them when NumPy is imported."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Let the processes started meanwhile ignore Ctrl-C until they are ready for it: here it is not lost on them."""
    if os.name == "nt" or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
