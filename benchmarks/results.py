"""Measured times as a table of ratios, a CSV file and a figure."""

from __future__ import annotations

import csv
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from bars import BARS, own
from peers import PEERS
from workloads import STACK, WORKLOADS

__all__ = ["Result", "bars_table", "draw", "ratios_table", "write"]

OWN = ("dnnexp", "dnnexp-stack")
ROWS = {"dnnexp": "alone", "dnnexp-stack": f"{STACK} in lockstep"}
HEADINGS = {
    "products": "products",
    "sklearn": "sklearn",
    "torch": "torch",
    "jax": "JAX",
    "jax-stack": f"JAX vmap {STACK}",
}
MARKERS = {"products": "|", "sklearn": "o", "torch": "s", "jax": "^", "jax-stack": "D"}
COLOURS = {"products": "#000000", "sklearn": "#E69F00", "torch": "#D55E00", "jax": "#0072B2", "jax-stack": "#009E73"}


class Result(NamedTuple):
    """Seconds for one step of one network, of each repetition."""

    threads: int
    workload: str
    peer: str
    blas: str
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """Of the repetitions."""
        return statistics.median(self.seconds)


class _Ratios:
    def __init__(self, results: Iterable[Result], threads: int) -> None:
        self._medians = {(r.workload, r.peer): r.median for r in results if r.threads == threads}
        self.workloads = [name for name in WORKLOADS if any((name, row) in self._medians for row in OWN)]

    def ratio(self, workload: str, peer: str, row: str) -> float | None:
        """Return the peer's time over the time of the engine's row; None where one was not measured."""
        theirs, ours = self._medians.get((workload, peer)), self._medians.get((workload, row))
        return None if theirs is None or ours is None else theirs / ours


def ratios_table(results: Sequence[Result], threads: int) -> str:
    """Return the ratios of all peers' times to the engine's, alone and in lockstep, one line for each."""
    ratios = _Ratios(results, threads)
    lines = [f"{'':28}{'dnnexp':>15}" + "".join(f"{heading:>13}" for heading in HEADINGS.values())]
    for workload in ratios.workloads:
        for row, title in ROWS.items():
            cells = (ratios.ratio(workload, peer, row) for peer in HEADINGS)
            said = "".join(f"{'–' if cell is None else f'{cell:.2f}':>13}" for cell in cells)
            lines.append(f"{workload if row == OWN[0] else '':28}{title:>15}{said}")
    return "\n".join(lines)


def bars_table(results: Sequence[Result]) -> str:
    """Return, for what the engine is to reach on one thread, what it does reach."""
    ratios = _Ratios(results, threads=1)
    lines = []
    for bar in BARS:
        ratio = ratios.ratio(bar.workload, bar.peer, own(bar.workload))
        if ratio is not None:
            verdict = "reached" if ratio >= bar.least else "SHORT"
            kind = "aim" if bar.is_aim else "bar"
            lines.append(f"{bar.workload:28}{HEADINGS[bar.peer]:>13}{ratio:9.2f}   {kind} {bar.least:5.2f}   {verdict}")
    return "\n".join(lines)


def write(results: Sequence[Result], path: Path) -> None:
    """Write one line for each thread count, workload and peer."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            ["threads", "network", "peer", "version", "blas", "repetitions", "microseconds", "fastest", "slowest",
             "ratio_to_alone", "ratio_to_lockstep"]
        )  # fmt: skip
        for result in results:
            ratios = _Ratios(results, result.threads)
            both = (ratios.ratio(result.workload, result.peer, row) for row in OWN)
            times = (result.median, min(result.seconds), max(result.seconds))
            peer = PEERS[result.peer]
            writer.writerow(
                [result.threads, result.workload, peer.title, peer.version, result.blas, len(result.seconds)]
                + [f"{1e6 * seconds:.4g}" for seconds in times]
                + ["" if ratio is None else f"{ratio:.4g}" for ratio in both]
            )


def draw(results: Sequence[Result], path: Path) -> None:
    """Draw the ratios on a logarithmic axis, a panel for each number of threads; right of 1 the engine is ahead."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    all_threads = sorted({result.threads for result in results})
    figure, axes = plt.subplots(
        1,
        len(all_threads),
        figsize=(max(9, 6.2 * len(all_threads)), 4.2),
        squeeze=False,
        sharey=True,
        layout="constrained",
    )
    for axis, threads in zip(axes[0], all_threads, strict=True):
        ratios = _Ratios(results, threads)
        for peer in HEADINGS:
            points = [(ratios.ratio(name, peer, own(name)), y) for y, name in enumerate(ratios.workloads)]
            known = [(x, y) for x, y in points if x is not None]
            if known:
                axis.scatter(*zip(*known, strict=True), marker=MARKERS[peer], s=60, color=COLOURS[peer],
                             label=PEERS[peer].title, zorder=3)  # fmt: skip
        axis.axvline(1, color="#666666", linewidth=1)
        axis.set_xscale("log")
        ticks = [0.5, 1, 2, 5, 10, 20]
        axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axis.minorticks_off()
        axis.set_yticks(range(len(ratios.workloads)), [f"{name}\n{ROWS[own(name)]}" for name in ratios.workloads])
        axis.set_ylim(len(ratios.workloads) - 0.5, -0.5)
        axis.grid(axis="x", alpha=0.3)
        axis.set_xlabel("time of the peer / time of dnnexp, for a step of a network")
        axis.set_title("one thread" if threads == 1 else f"{threads} threads")
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    figure.savefig(path, dpi=110)
