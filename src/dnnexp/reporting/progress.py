"""How far long work has come: a live line on a terminal, now and then a plain line elsewhere."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Column

from dnnexp.notation import duration, number, with_error
from dnnexp.notation import gain as signed

__all__ = ["SweepProgress", "TrainingProgress"]

EVERY = 5.0  # seconds between plain lines
Clock = Callable[[], float]


class Live:
    """One line that is kept up to date where that is possible, and printed every few seconds where it is not."""

    def __init__(self, console: Console, quiet: bool, clock: Clock) -> None:
        self._console, self._quiet, self._clock = console, quiet, clock
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._printed_at = -math.inf
        if console.is_terminal and not quiet:
            words = TextColumn("{task.description}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"))
            self._progress = Progress(BarColumn(bar_width=10), words, console=console, transient=True, expand=True)

    def start(self) -> None:
        if self._progress is not None:
            self._progress.start()

    def show(self, line: str, done: int, total: int) -> None:
        """Say that `done` of `total` is done, and the rest in words."""
        if self._quiet:
            return
        if self._progress is None:
            if self._clock() - self._printed_at >= EVERY:
                self._printed_at = self._clock()
                self.say(line)
        elif self._task is None:
            self._task = self._progress.add_task(line, total=total, completed=done)
        else:
            self._progress.update(self._task, description=line, total=total, completed=done)

    def say(self, line: str, rest: str = "") -> None:
        """Print a line that stays, above the one that is kept up to date; rest: what follows where there is room."""
        if not self._quiet:
            fits = self._console.is_terminal
            if rest and not (fits and len(line) + 2 + len(rest) > self._console.width):
                line = f"{line}  {rest}"
            self._console.print(line, soft_wrap=not fits, no_wrap=True, overflow="ellipsis" if fits else "ignore")

    def stop(self) -> None:
        if self._progress is not None:
            self._progress.stop()


class TrainingProgress:
    """Progress of one training, told epoch by epoch; a context manager.

    The summary line at its end says how long it took and where the best score was.
    """

    def __init__(
        self,
        console: Console,
        epochs: int,
        metric: str,
        *,
        greater_is_better: bool = True,
        quiet: bool = False,
        clock: Clock = time.monotonic,
    ) -> None:
        self._live = Live(console, quiet, clock)
        self._epochs, self._metric, self._clock = epochs, metric, clock
        self._sign = 1 if greater_is_better else -1
        self._started = clock()
        self._epoch, self._loss = 0, math.nan
        self._before = 0  # epochs that were trained earlier: a resumed training begins after them
        self._best: tuple[float, int] | None = None

    def __enter__(self) -> Self:
        self._started = self._clock()
        self._live.start()
        return self

    def epoch(self, epoch: int, loss: float, score: float | None = None) -> None:
        """Say that an epoch, counted from 1, has ended with this loss and this score of the metric."""
        if not self._epoch:
            self._before = epoch - 1
        self._epoch, self._loss = epoch, loss
        if score is not None and _is_better(score, self._best and self._best[0], self._sign):
            self._best = (score, epoch)
        left = (self._clock() - self._started) / (epoch - self._before) * (self._epochs - epoch)
        words = [f"epoch {epoch}/{self._epochs}", f"loss {number(loss)}"]
        if self._best is not None:
            words += [f"{self._metric} {number(score)}", f"best {number(self._best[0])}"]
        if epoch < self._epochs:
            words.append(f"at most {duration(left)} left")
        self._live.show("  ".join(words), epoch, self._epochs)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()
        if self._epoch:
            count = f"{self._epoch} epoch{'s' * (self._epoch != 1)}"
            if self._before:
                count = f"epochs {self._before + 1} to {self._epoch}"
            taken = f"{count} in {duration(self._clock() - self._started)}"
            best = (
                "" if self._best is None else f", best {self._metric} {number(self._best[0])} at epoch {self._best[1]}"
            )
            self._live.say(f"{'stopped after' if kind else 'trained'} {taken}: loss {number(self._loss)}{best}")


class SweepProgress:
    """Progress of a ladder, told trial by trial, with a line that stays for each finished depth; a context manager."""

    def __init__(
        self,
        console: Console,
        metric: str,
        *,
        greater_is_better: bool = True,
        quiet: bool = False,
        clock: Clock = time.monotonic,
    ) -> None:
        self._live = Live(console, quiet, clock)
        self._metric, self._clock = metric, clock
        self._sign = 1 if greater_is_better else -1
        self._stage: tuple[int, str] | None = None  # depth and stage now shown
        self._since, self._first = clock(), 0  # when the stage was first told of, and what was done by then
        self._best: tuple[float, float | None, str] | None = None

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def trial(
        self,
        depth: int,
        done: int,
        total: int,
        *,
        stage: str = "",
        score: float | None = None,
        error: float | None = None,
        network: str = "",
    ) -> None:
        """Say that `done` of `total` trials of a depth have ended, the last one with this score ± error, if any."""
        if self._stage != (depth, stage):
            self._best = None  # scores of different stages are not compared
            self._stage, self._since, self._first = (depth, stage), self._clock(), done
        if score is not None and _is_better(score, self._best and self._best[0], self._sign):
            self._best = (score, error, network)
        self._live.show(self._line(depth, stage, done, total), done, total)

    def _line(self, depth: int, stage: str, done: int, total: int) -> str:
        words = [f"depth {depth}{f', {stage}' if stage else ''}: {done}/{total} trials"]
        if self._first < done < total:
            each = (self._clock() - self._since) / (done - self._first)
            words.append(f"{duration(each * (total - done))} left here")
        if self._best is not None:
            score, error, network = self._best
            words.append(f"best {self._metric} {with_error(score, error)}{f' ({network})' if network else ''}")
        return "  ".join(words)

    def depth(
        self,
        depth: int,
        *,
        kind: str = "",
        network: str,
        score: float | None,
        error: float | None = None,
        gain: float | None = None,
        gain_error: float | None = None,
        note: str = "",
    ) -> None:
        """Print the line of a finished depth: score ± error, gain over the best so far ± error, best network, note.

        kind: of the score, where it is not one on development data: "optimistic test".
        """
        words = [f"depth {depth:>3}  {f'{kind} ' if kind else ''}{self._metric} {with_error(score, error)}"]
        if gain is not None:
            words.append(f"gain {signed(gain, gain_error)}")
        words += [note] if note else []
        self._live.say("  ".join(words), network)

    def say(self, line: str) -> None:
        """Print a line that stays."""
        self._live.say(line)

    def estimate(self, seconds: float, what: str) -> None:
        """Print how long something will take, roughly."""
        self._live.say(f"about {duration(seconds)} for {what}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()


def _is_better(score: float, best: float | None, sign: int) -> bool:
    """Whether a score beats the best so far; where the metric has no value, it does not."""
    return not math.isnan(score) and (best is None or sign * score > sign * best)
