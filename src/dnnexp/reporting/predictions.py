"""How far predictions have come: rows, their rate, and the time left."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console

from dnnexp.notation import counted, duration
from dnnexp.reporting.progress import Clock, Live

__all__ = ["PredictionProgress"]

WHOLE = 1000  # the bar counts thousandths of the file


class PredictionProgress:
    """Progress of predictions, told each time that some rows are done; a context manager."""

    def __init__(self, console: Console, *, quiet: bool = False, clock: Clock = time.monotonic) -> None:
        self._live = Live(console, quiet, clock)
        self._clock, self._started = clock, clock()
        self._rows = 0

    def __enter__(self) -> Self:
        self._started = self._clock()
        self._live.start()
        return self

    def rows(self, done: int, share: float) -> None:
        """Say that so many rows are done, and which share of the file, in [0, 1]."""
        self._rows, taken = done, self._clock() - self._started
        words = [counted(done, "row"), f"{share:.0%}"]
        if taken > 0 and 0 < share < 1:
            words += [_rate(done, taken), f"{duration(taken / share * (1 - share))} left"]
        self._live.show("  ".join(words), round(share * WHOLE), WHOLE)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()
        if kind is None:
            taken = self._clock() - self._started
            words = f", {_rate(self._rows, taken)}" if taken > 0 else ""
            self._live.say(f"{counted(self._rows, 'row')} in {duration(taken)}{words}")


def _rate(rows: int, seconds: float) -> str:
    """Return rows per second to two digits, "64,000 rows/s"."""
    return f"{float(f'{rows / seconds:.2g}'):,.0f} rows/s"
