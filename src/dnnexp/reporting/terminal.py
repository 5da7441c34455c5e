"""What a command prints: sentences, the dimensions table, progress, the answer."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Sequence
from typing import TextIO

from rich.box import ROUNDED, SIMPLE_HEAD
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from dnnexp.network.architecture import Dimensions
from dnnexp.reporting.progress import SweepProgress, TrainingProgress

__all__ = ["Terminal"]

PLAIN_WIDTH = 80
SHOWN_LAYERS = 12  # of a deeper network, the first and last are shown


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
        width = None if out.isatty() else PLAIN_WIDTH
        self._console = Console(file=out, width=width, highlight=False, markup=False, emoji=False)
        self.quiet, self.verbose, self._clock = quiet, verbose, clock

    def say(self, sentence: str) -> None:
        """Print a sentence."""
        if not self.quiet:
            self._console.print(sentence, soft_wrap=not self._console.is_terminal)

    def heading(self, text: str) -> None:
        """Print what comes next."""
        if not self.quiet:
            self._console.print(f"\n{text}", style="bold", soft_wrap=not self._console.is_terminal)

    def detail(self, sentence: str) -> None:
        """Print a sentence for those who asked for details."""
        if self.verbose:
            self.say(sentence)

    def warn(self, sentence: str) -> None:
        """Print a warning to standard error, quiet or not."""
        sys.stderr.write(f"warning: {' '.join(sentence.split())}\n")
        sys.stderr.flush()

    def dimensions(self, layers: Sequence[Dimensions], inputs: int) -> None:
        """Print the table of a network's matrices, for m examples of `inputs` features."""
        if self.quiet:
            return
        table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, show_footer=True)
        total = sum(layer.parameters for layer in layers)
        work = sum(layer.multiply_adds for layer in layers)
        for name, foot in (("l", ""), ("n[l]", ""), ("g[l]", ""), ("W[l]", ""), ("b[l]", ""), ("A[l]", "in all")):
            table.add_column(name, foot, justify="left" if name == "g[l]" else "right", no_wrap=True)
        table.add_column("parameters", f"{total:,}", justify="right", no_wrap=True)
        table.add_column("multiply-adds", f"{work:,}", justify="right", no_wrap=True)
        table.add_row("0", str(inputs), "", "", "", f"({inputs}, m)", "", "")
        hidden = (
            range(SHOWN_LAYERS // 2, len(layers) - SHOWN_LAYERS // 2) if len(layers) > SHOWN_LAYERS + 1 else range(0)
        )
        for i, layer in enumerate(layers):
            if i not in hidden:
                shapes = (f"({shape[0]}, {shape[1]})" for shape in (layer.W, layer.b, layer.A))
                counts = (f"{layer.parameters:,}", f"{layer.multiply_adds:,}")
                table.add_row(str(layer.layer), str(layer.units), layer.activation, *shapes, *counts)
            elif i == hidden[0]:
                table.add_row("…", "…", f"{len(hidden)} more", "…", "…", "…", "…", "…")
        self._console.print(table)

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

    def answer(self, title: str, sentences: Sequence[str]) -> None:
        """Print what was found out, quiet or not: one sentence to a line, in a frame where there is a terminal."""
        if self._console.is_terminal:
            lines = Group(*(Text(sentence) for sentence in sentences))
            self._console.print(Panel(lines, title=Text(title, style="bold"), title_align="left", box=ROUNDED))
        else:
            for line in ("", title, *sentences):
                self._console.print(line, soft_wrap=True)
