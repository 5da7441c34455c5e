"""What recording costs for each trial of a sweep, MLflow's part and Optuna's, with SQLite: `make bench-tracking`."""

from __future__ import annotations

import argparse
import csv
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from dnnexp.config import Composer, Config
from dnnexp.evaluation.cross_validation import Evaluation, cross_validate
from dnnexp.evaluation.protocol import Protocol
from dnnexp.recording.sweep import SweepRecorder
from dnnexp.search.journal import StudyRuns
from dnnexp.search.records import TrialRecord
from dnnexp.search.sweep import Listeners, Scorers
from dnnexp.search.worker import climb_ladder
from dnnexp.study import make_protocol, make_sweep
from dnnexp.training.fit import EpochNews, OnEpoch

RESULTS = Path(__file__).parent / "results" / "tracking.csv"
ALLOWED = 40.0  # ms of MLflow's, for each trial
WARM_UP = 5  # trials that are not counted: the first ones import, and open the databases


class Cost(NamedTuple):
    """Milliseconds for each trial, of this process and by the wall."""

    part: str
    cpu: list[float]
    wall: list[float]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print a table and write the results."""
    parser = argparse.ArgumentParser(prog="make bench-tracking", description=__doc__)
    parser.add_argument("--trials", type=int, default=200, help="trials of the sweep (200)")
    parser.add_argument("--epochs", type=int, default=60, help="epochs, and so points of each curve (60)")
    parser.add_argument("--output", type=Path, default=RESULTS, help="a CSV file (benchmarks/results/tracking.csv)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        costs = list(measure(folder, options.trials, options.epochs))
    options.output.parent.mkdir(parents=True, exist_ok=True)
    with options.output.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["part", "trials", "epochs", "cpu_ms", "wall_ms", "wall_ms_slowest_tenth", "last_tenth_wall_ms"])
        print(f"{'ms for each trial (medians)':32}{'cpu':>8}{'wall':>8}{'slowest tenth':>15}{'last tenth':>12}")
        for cost in costs:
            figures = summary(cost)
            table.writerow([cost.part, len(cost.wall), options.epochs, *(f"{figure:.1f}" for figure in figures)])
            cpu, wall, slow, last = figures
            print(f"{cost.part:32}{cpu:8.1f}{wall:8.1f}{slow:15.1f}{last:12.1f}")
    recording = summary(costs[0])[0]
    verdict = "within" if recording <= ALLOWED else "above"
    print(f"\nMLflow takes {recording:.1f} ms of processor time, {verdict} the {ALLOWED:.0f} ms that are allowed")
    print(f"written: {options.output}")


def summary(cost: Cost) -> tuple[float, float, float, float]:
    """Return medians of processor and wall time, and the wall time of the slowest tenth and of the last one."""
    tenth = max(1, len(cost.wall) // 10)
    slowest, last = sorted(cost.wall)[-tenth:], cost.wall[-tenth:]
    return statistics.median(cost.cpu), statistics.median(cost.wall), min(slowest), statistics.median(last)


def measure(folder: str, trials: int, epochs: int) -> Iterator[Cost]:
    """Yield what MLflow and Optuna take, from a sweep on digits whose networks are trained once, not for each trial."""
    settings = [
        f"paths.root={folder}",
        f"trainer.epochs={epochs}",
        "trainer.patience=null",
        "search.max_depth=1",
        "search.rescore=0",
    ]
    config = Composer().compose([*settings, f"search.trials_per_depth={trials + WARM_UP}", "search.pruner=median"])
    protocol = make_protocol(config)
    evaluation = cross_validate(config.configuration, protocol)
    records, cost = search(config, protocol, evaluation)
    yield record(config, protocol, records)
    yield cost


def record(config: Config, protocol: Protocol, records: Sequence[TrialRecord]) -> Cost:
    """Return what it takes to record trials that have ended in MLflow."""
    recorder = SweepRecorder(config, protocol, StudyRuns("study"), "make bench-tracking")
    recorder.begin()
    cost = Cost("MLflow: a run with its curves", [], [])
    for trial in records:
        cpu, wall = time.process_time(), time.perf_counter()
        recorder.trial(trial)
        note(cost, cpu, wall)
    return Cost(cost.part, cost.cpu[WARM_UP:], cost.wall[WARM_UP:])


def search(config: Config, protocol: Protocol, evaluation: Evaluation) -> tuple[list[TrialRecord], Cost]:
    """Return the trials of a sweep, and what Optuna's storage, sampler and pruner take for each."""
    cost = Cost("Optuna: storage, TPE, pruner", [], [])
    records: list[TrialRecord] = []
    began = [time.process_time(), time.perf_counter()]

    metric = f"val/{evaluation.metric}"

    def screen(_: object, on_epoch: OnEpoch | None) -> Evaluation:
        for epoch in range(1, evaluation.epochs + 1):
            if on_epoch is not None:
                loss, value = (float(evaluation.curves[name][epoch - 1]) for name in ("val/loss", metric))
                on_epoch(EpochNews(epoch, loss, value, value))
        return evaluation

    def on_trial(trial: TrialRecord) -> None:
        note(cost, *began)
        records.append(trial)
        began[:] = time.process_time(), time.perf_counter()

    scorers = Scorers(screen, lambda configuration, source: evaluation)
    climb_ladder(make_sweep(config, protocol), scorers, Listeners(on_trial=on_trial))
    screened = [trial for trial in records if trial.stage == "screen"]
    counted = slice(WARM_UP, len(screened))
    return screened, Cost(cost.part, cost.cpu[counted], cost.wall[counted])


def note(cost: Cost, cpu: float, wall: float) -> None:
    """Add what has passed since, in milliseconds."""
    cost.cpu.append(1000 * (time.process_time() - cpu))
    cost.wall.append(1000 * (time.perf_counter() - wall))


if __name__ == "__main__":
    main()
