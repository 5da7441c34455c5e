"""Workers on this machine: identical processes, started by spawn, that all run the same function."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from importlib import import_module
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import ForkingPickler
from typing import Any, NamedTuple

from dnnexp.errors import DnnexpError, in_words
from dnnexp.processes.interrupts import Interrupts, handled
from dnnexp.redaction import redact

__all__ = ["Workers", "started_workers"]

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
PATIENCE = 30  # seconds that a worker has to write down that it was stopped
PERIOD = 1.0  # seconds between two looks at what else is going on
SHARE = 0.01  # of the time at most that looking takes: many studies are read for longer
STOPPED, REFUSED = 130, 2  # exit codes: by Ctrl-C, by an error of the user's


@contextmanager
def started_workers(
    target: Callable[..., None], names: Sequence[str], imports: Sequence[str] = (), threads: int = 1
) -> Iterator[Workers]:
    """Start a process for each name that will run `target(*arguments, tell)`, once it is handed the arguments.

    target must be importable by name. imports: modules that a worker imports while it waits for them. threads: of BLAS,
    in each. Whatever a worker tells, `finish` hears. What is raised here stops them, as the end of this process does
    however it comes: every worker gives up in order what it is at.
    """
    workers = Workers(target, names, imports)
    try:
        workers.start(threads)
        yield workers
    except BaseException:
        workers.stop()
        raise


class _Refusal(NamedTuple):
    """What a worker tells when it cannot work; nobody reads it where whoever started it has found so by himself."""

    text: str


class Workers:
    """Processes that run the same function, each at the other end of a connection."""

    def __init__(self, target: Callable[..., None], names: Sequence[str], imports: Sequence[str]) -> None:
        context = multiprocessing.get_context("spawn")
        self._connections: list[Connection] = []
        self._theirs: list[Connection] = []
        self._processes: list[BaseProcess] = []
        for name in names:
            ours, theirs = context.Pipe()
            self._connections.append(ours)
            self._theirs.append(theirs)
            self._processes.append(
                context.Process(target=_work, args=(target, theirs, imports), name=name, daemon=True)
            )

    def start(self, threads: int) -> None:
        """Start them, with that many threads of BLAS each."""
        with _environment(dict.fromkeys(THREADS, str(threads))), _deaf_to_ctrl_c():
            for process in self._processes:
                process.start()
        for end in self._theirs:
            end.close()  # so that a worker's death is seen here, and this process's there

    def hand(self, *arguments: Any) -> None:
        """Hand every worker its arguments, which are picklable and may be large: nobody waits for them to be read."""
        packed = ForkingPickler.dumps(arguments)
        threading.Thread(target=_send, args=(packed, tuple(self._connections)), daemon=True).start()

    def finish(
        self, watch: Callable[[], object] | None = None, hear: Callable[[Any], None] | None = None
    ) -> tuple[int, ...]:
        """Wait until all have ended and return their exit codes; raises DnnexpError where none finished its work.

        `hear` is given what workers tell; `watch` is called once a second, or less often where it takes long. Neither
        is interrupted by Ctrl-C, which is raised between them. A worker that dies is not replaced: the others finish
        its work.
        """
        next_look = time.monotonic() + PERIOD
        with Interrupts() as interrupts:
            while awaited := self._awaited():
                with interrupts.allowed():
                    ready = wait(awaited, timeout=PERIOD)
                for connection in [end for end in self._connections if end in ready]:
                    self._receive(connection, hear)
                if watch is not None and (began := time.monotonic()) >= next_look:
                    watch()
                    ended = time.monotonic()
                    next_look = ended + max(PERIOD, (ended - began) / SHARE)
        codes = tuple(process.exitcode or 0 for process in self._processes)
        if all(codes):
            said = ", ".join(f"killed by signal {-code}" if code < 0 else f"exit code {code}" for code in codes)
            raise DnnexpError(
                f"every worker ended before the work was done ({said}); the same command goes on from there"
            )
        return codes

    def _awaited(self) -> list[Connection | int]:
        """Return what a worker may still be heard by, or seen to end by."""
        return [*self._connections, *(process.sentinel for process in self._processes if process.is_alive())]

    def _receive(self, connection: Connection, hear: Callable[[Any], None] | None) -> None:
        try:
            news = connection.recv()
        except (EOFError, OSError):  # it has ended, or was killed in the middle of a word
            connection.close()
            self._connections.remove(connection)
            return
        if isinstance(news, _Refusal):
            sys.stderr.write(f"{news.text}\n")
        elif hear is not None:
            hear(news)

    def stop(self) -> None:
        """Ask them to stop, and end those that have not within the time they have."""
        for connection in self._connections:
            connection.close()  # nobody listens any more: who is telling something does not wait for it
        started = [process for process in self._processes if process.pid is not None]
        for process in started:
            process.terminate()
        for process in started:
            process.join(PATIENCE)
            if process.is_alive():
                process.kill()


def _send(packed: memoryview, connections: Sequence[Connection]) -> None:
    for connection in connections:
        with suppress(OSError, TypeError):  # of a worker that has died; where `stop` has closed it meanwhile
            connection.send_bytes(packed)


def _work(target: Callable[..., None], connection: Connection, imports: Sequence[str]) -> None:
    """Be a worker: take the arguments, and tell what the target has to tell for as long as there is who listens."""

    def tell(news: object) -> None:
        with suppress(OSError):
            connection.send(news)

    threading.Thread(target=_end_with_parent, daemon=True).start()
    gc.disable()  # what is imported stays: it is not looked through for garbage, now or later
    for name in imports:
        import_module(name)
    gc.freeze()
    gc.enable()
    try:
        arguments = connection.recv()
    except (EOFError, OSError):
        return  # whoever started this is gone
    try:
        target(*arguments, tell)
    except KeyboardInterrupt:
        sys.exit(STOPPED)
    except (DnnexpError, MemoryError) as error:
        tell(_Refusal(f"{multiprocessing.current_process().name}: {redact(in_words(error))}"))
        sys.exit(REFUSED)


def _end_with_parent() -> None:
    """Wait until whoever started this process is gone, however that came, and stop it as SIGTERM does."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


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


def _deaf_to_ctrl_c() -> AbstractContextManager[None]:
    """Let the processes started meanwhile ignore Ctrl-C until they are ready for it; so does this one meanwhile."""
    return nullcontext() if os.name == "nt" else handled(signal.SIGINT, signal.SIG_IGN)
