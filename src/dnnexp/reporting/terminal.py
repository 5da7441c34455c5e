"""What a command prints: sentences, the dimensions table, progress, the answer."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Sequence
from typing import TextIO

from rich.box import ROUNDED
from rich.console import Console, Group
from rich.panel import Panel
from rich.text import Text

from dnnexp.network.architecture import Dimensions
from dnnexp.reporting.predictions import PredictionProgress
from dnnexp.reporting.progress import SweepProgress, TrainingProgress

__all__ = ["Terminal", "dimensions_table"]

WIDTH = 80
CONTROLS = {code: f"\\x{code:02x}" for code in (*range(9), *range(11, 32), *range(127, 160))}  # no tab, no new line
SHOWN = 12  # layers of the table on a screen; of a deeper network the middle is left out


class Terminal:
    """Standard output, told plain values. Quiet: warnings and the answer only; verbose: details too."""

    def __init__(
        self,
        *,
        quiet: bool = False,
        verbose: bool = False,
        file: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        out = sys.stdout if file is None else file
        for stream in (out, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")  # a ± must not end a run where the locale has none
        width = None if out.isatty() else WIDTH
        self._console = Console(file=out, width=width, highlight=False, markup=False, emoji=False)
        self.quiet, self.verbose, self._clock = quiet, verbose, clock

    def say(self, sentence: str) -> None:
        """Print a sentence."""
        if not self.quiet:
            self._console.print(_harmless(sentence), soft_wrap=not self._console.is_terminal)

    def tell(self, line: str) -> None:
        """Print a line as it is, quiet or not: a path or an address that is to be copied."""
        self._console.print(_harmless(line), soft_wrap=True)

    def heading(self, text: str) -> None:
        """Print what comes next."""
        if not self.quiet:
            self._console.print(f"\n{_harmless(text)}", style="bold", soft_wrap=not self._console.is_terminal)

    def detail(self, sentence: str) -> None:
        """Print a sentence for those who asked for details."""
        if self.verbose:
            self.say(sentence)

    def warn(self, sentence: str) -> None:
        """Print a warning to standard error, quiet or not."""
        sys.stderr.write(f"warning: {_harmless(' '.join(sentence.split()))}\n")
        sys.stderr.flush()

    def dimensions(self, layers: Sequence[Dimensions], inputs: int) -> None:
        """Print the table of a network's matrices, for m examples of `inputs` features."""
        if self.quiet:
            return
        for line in dimensions_table(layers, inputs, SHOWN):
            self._console.print(line, soft_wrap=True)

    def training(self, epochs: int, metric: str, *, greater_is_better: bool = True) -> TrainingProgress:
        """Return the progress of a training of at most `epochs` epochs, a context manager."""
        return TrainingProgress(
            self._console, epochs, metric, greater_is_better=greater_is_better, quiet=self.quiet, clock=self._clock
        )

    def sweep(self, metric: str, *, greater_is_better: bool = True) -> SweepProgress:
        """Return the progress of a ladder, a context manager."""
        return SweepProgress(
            self._console, metric, greater_is_better=greater_is_better, quiet=self.quiet, clock=self._clock
        )

    def predicting(self) -> PredictionProgress:
        """Return the progress of predictions, a context manager."""
        return PredictionProgress(self._console, quiet=self.quiet, clock=self._clock)

    def answer(self, title: str, sentences: Sequence[str]) -> None:
        """Print what was found out, quiet or not: one sentence to a line, in a frame where there is a terminal."""
        if self._console.is_terminal:
            lines = Group(*(Text(_harmless(sentence)) for sentence in sentences))
            self._console.print(
                Panel(lines, title=Text(_harmless(title), style="bold"), title_align="left", box=ROUNDED)
            )
        else:
            for line in ("", title, *sentences):
                self._console.print(_harmless(line), soft_wrap=True)


def dimensions_table(layers: Sequence[Dimensions], inputs: int, shown: int | None = None) -> list[str]:
    """Return the lines of the table of matrices, of layer 0, the inputs, to the output, with the sums below.

    shown: layers at most, an even number, half of them from either end; None: every layer.
    """
    rows = [["l", "n[l]", "g[l]", "W[l]", "b[l]", "A[l]", "parameters", "multiply-adds"]]
    rows.append(["0", str(inputs), "", "", "", f"({inputs}, m)", "", ""])
    for layer in layers:
        shapes = [f"({shape[0]}, {shape[1]})" for shape in (layer.W, layer.b, layer.A)]
        counts = [f"{layer.parameters:,}", f"{layer.multiply_adds:,}"]
        rows.append([str(layer.layer), str(layer.units), layer.activation, *shapes, *counts])
    if shown is not None and len(layers) > shown + 1:
        left_out = len(layers) - shown
        rows[2 + shown // 2 : -shown // 2] = [["…", "", f"{left_out} layers", "", "", "", "", ""]]
    totals = (sum(layer.parameters for layer in layers), sum(layer.multiply_adds for layer in layers))
    rows.append(["", "", "", "", "", "in all", *(f"{total:,}" for total in totals)])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    gap = "  " if sum(widths) + 2 * (len(widths) - 1) <= WIDTH else " "
    texts = [
        gap.join(
            cell.ljust(w) if i == 2 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return [texts[0], "-" * len(texts[0]), *(text.rstrip() for text in texts[1:])]


def _harmless(text: str) -> str:
    """Return the text with control characters written out: a name from a file must not steer a terminal."""
    return text.translate(CONTROLS)
