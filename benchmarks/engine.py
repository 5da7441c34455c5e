"""The speed and memory of the engine against its peers, on the machine at hand: `make bench-engine`."""

from __future__ import annotations

import argparse
import contextlib
import csv
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from memory import Memory, measure
from peers import PEERS
from process import PeerProcess
from results import Result, bars_table, draw, ratios_table, write
from workloads import WORKLOADS, Workload

RESULTS = Path(__file__).parent / "results"
QUICK_WORKLOADS = ("64-32-10, batch 32", "64-(64×3)-10, batch 32", "784-256-128-10, batch 128")
QUICK_REPETITIONS = 5
KIB = 1024


def main(arguments: Sequence[str]) -> None:
    """Measure, print the ratios, and write the results."""
    options = _parse(arguments)
    present = [name for name in options.peers if PEERS[name].version]
    for name in (name for name in options.peers if not PEERS[name].version):
        print(f"left out: {PEERS[name].title} ({PEERS[name].distribution} is not installed)")
    workloads = [WORKLOADS[name] for name in (QUICK_WORKLOADS if options.quick else WORKLOADS)]
    if options.quick:
        workloads = [workload._replace(repetitions=QUICK_REPETITIONS) for workload in workloads]
    results: list[Result] = []
    for threads in options.threads:
        if threads > (os.cpu_count() or 1):
            print(f"left out: {threads} threads on {os.cpu_count()} processors")
            continue
        clock = options.clock if threads == 1 else "wall"
        measured = list(_measure(threads, clock, present, workloads))
        results += measured
        blas = ", ".join(sorted({r.blas for r in measured if r.peer == "dnnexp"}))
        print(f"\n{threads} thread(s), {clock} time, {blas}: time of the peer / time of dnnexp, per network and step")
        print(ratios_table(results, threads), flush=True)
    memories = {workload.name: measure(workload) for workload in workloads}
    print("\nmemory, KiB: what a step takes beyond what is there, less than its smallest array; and what a fit takes")
    print(_memory_table(memories))
    if bars := bars_table(results):
        print(f"\nwhat the engine is to reach, one thread\n{bars}")
    options.output.mkdir(parents=True, exist_ok=True)
    write(results, options.output / "engine.csv")
    draw(results, options.output / "engine.png")
    _write_memory(memories, options.output / "memory.csv")
    print(f"\nwritten: {', '.join(str(options.output / name) for name in ('engine.csv', 'engine.png', 'memory.csv'))}")


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-engine", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three networks, one thread, few repetitions: a minute")
    parser.add_argument("--threads", type=int, nargs="+", help="numbers of threads (default 1 2)")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS), metavar="PEER", help=", ".join(PEERS))
    clock = "cpu: time of the process itself, for one thread on a machine that does other work"
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall", help=clock)
    parser.add_argument("--output", type=Path, help="folder of results (benchmarks/results; with --quick runs/bench)")
    options = parser.parse_args(arguments)
    options.threads = options.threads or ([1] if options.quick else [1, 2])
    options.output = options.output or (Path("runs/bench") if options.quick else RESULTS)
    return options


def _measure(threads: int, clock: str, names: Sequence[str], workloads: Sequence[Workload]) -> Iterator[Result]:
    """Yield the results of all peers, each in its own process; their repetitions take turns, so that noise hits all."""
    started = time.perf_counter()
    with contextlib.ExitStack() as stack:
        processes = {name: stack.enter_context(PeerProcess(name, threads, clock)) for name in names}
        blas = {name: process.ask("blas")["blas"] for name, process in processes.items()}
        for workload in workloads:
            seconds: dict[str, list[float]] = {name: [] for name in processes}
            for repetition in range(workload.repetitions + 1):
                for name in list(processes):
                    try:
                        answer = processes[name].ask(workload.name)
                    except RuntimeError as error:  # killed, as where memory is short
                        print(f"left out from {workload.name} on: {PEERS[name].title} ({error})", flush=True)
                        del processes[name]
                        continue
                    if repetition > 0:  # the first makes ready
                        seconds[name].append(answer["seconds"])
            minutes, load = (time.perf_counter() - started) / 60, _load()
            print(f"{threads} thread(s), {workload.name}: {minutes:.1f} min{load}", file=sys.stderr, flush=True)
            for name in processes:
                yield Result(threads, workload.name, name, blas[name], tuple(seconds[name]))


def _load() -> str:
    """Say so where others were using the machine: times are then no more than a hint."""
    if not hasattr(os, "getloadavg"):
        return ""
    load = os.getloadavg()[0]
    return f" (load {load:.1f}: the machine is doing other work)" if load > 1.6 else ""


def _memory_table(memories: dict[str, Memory]) -> str:
    lines = [f"{'':28}{'step':>9}{'allowed':>9}{'fit':>12}{'allowed':>10}{'resident':>10}"]
    for name, memory in memories.items():
        holds = memory.step < memory.smallest_buffer and memory.fit <= memory.limit
        resident = "–" if memory.resident is None else f"{memory.resident / KIB:.0f}"
        lines.append(
            f"{name:28}{memory.step / KIB:9.2f}{memory.smallest_buffer / KIB:9.2f}{memory.fit / KIB:12.0f}"
            f"{memory.limit / KIB:10.0f}{resident:>10}   {'reached' if holds else 'SHORT'}"
        )
    return "\n".join(lines)


def _write_memory(memories: dict[str, Memory], path: Path) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["network", *(f"{field}_bytes" for field in Memory._fields)])
        writer.writerows([name, *memory] for name, memory in memories.items())


if __name__ == "__main__":
    main(sys.argv[1:])
