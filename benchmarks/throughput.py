"""Cross-validated configurations a minute: the sweep of this project against a plain script: `make bench-throughput`.

Both try the very same networks of depths 1 to 3 on digits, which the sweep has drawn at random and the script is given,
on 5 folds, for the same epochs and batch size without early stopping, with Optuna on SQLite and every trial in MLflow.
The sweep has as many workers as there are processors; the script runs as people write it, and once more with a process
for each processor. The sweep runs before and after each of them, as a machine's speed changes within minutes: a ratio
is to the mean of the two. Times are of whole commands, imports, first writes to the databases and, of the sweep, the
answer, its report and models included; and from the begin of the first configuration to the end of the last.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from process import HELD_BACK

RESULTS = Path(__file__).parent / "results"
DEPTHS, EPOCHS, BATCH, FOLDS = 3, 30, 32, 5
BAR = 8  # times the trials a minute of the plain script


class Taken(NamedTuple):
    """Seconds that a command took."""

    whole: float
    searching: float  # from the begin of its first trial to the end of its last


class Rate(NamedTuple):
    """Configurations a minute of a command, and how many the sweep tried in the time of one of them."""

    command: str
    whole: float
    ratio: float
    searching: float
    searching_ratio: float


def main() -> None:
    """Run the commands in turn, print configurations a minute and ratios, write them down."""
    parser = argparse.ArgumentParser(prog="make bench-throughput", description=__doc__)
    parser.add_argument("--trials", type=int, default=60, help="configurations at each depth (default 60)")
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder of the results")
    options = parser.parse_args()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    sweep = _sweep(options.trials, cores)
    with tempfile.TemporaryDirectory() as folder:
        networks = Path(folder, "networks.csv")
        script = [
            str(Path(__file__).with_name("plain_sweep.py")), f"--epochs={EPOCHS}", f"--batch={BATCH}",
            f"--folds={FOLDS}", f"--networks={networks}",
        ]  # fmt: skip
        peers = {"plain script": script, f"plain script, n_jobs={cores}": [*script, f"--jobs={cores}"]}
        own = [_run(sweep, networks)]
        taken = []
        for command in peers.values():
            taken.append(_run(command))
            own.append(_run(sweep))
    total = options.trials * DEPTHS
    rates = [_rate(f"dnnexp.sweep, {cores} workers", total, _mean(own), _mean(own))]
    for name, peer, beside in zip(peers, taken, itertools.pairwise(own), strict=True):
        rates.append(_rate(name, total, peer, _mean(beside)))
    print(f"{total} cross-validated configurations; a minute")
    print(f"{'':32}{'whole command':>16}{'dnnexp / it':>14}{'searching':>14}{'dnnexp / it':>14}")
    for rate in rates:
        print(
            f"{rate.command:32}{rate.whole:16.1f}{rate.ratio:14.2f}{rate.searching:14.1f}{rate.searching_ratio:14.2f}"
        )
    ratio = rates[1].ratio
    print(f"whole command against the plain script: {ratio:.2f}, bar {BAR}: {'reached' if ratio >= BAR else 'SHORT'}")
    options.output.mkdir(parents=True, exist_ok=True)
    with (options.output / "throughput.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["command", "configurations", "per_minute", "ratio", "searching_per_minute", "searching_ratio"])
        for command, *figures in rates:
            writer.writerow([command, total, *(f"{figure:.4g}" for figure in figures)])


def _mean(runs: Sequence[Taken]) -> Taken:
    return Taken(statistics.mean(run.whole for run in runs), statistics.mean(run.searching for run in runs))


def _rate(command: str, total: int, taken: Taken, own: Taken) -> Rate:
    return Rate(
        command,
        60 * total / taken.whole,
        taken.whole / own.whole,
        60 * total / taken.searching,
        taken.searching / own.searching,
    )


def _sweep(trials: int, workers: int) -> list[str]:
    return [
        "-m", "dnnexp.sweep", "--quiet", f"search.workers={workers}", f"search.max_depth={DEPTHS}",
        f"search.patience={DEPTHS}", f"search.trials_per_depth={trials}", "search.rescore=0", "search.pruner=none",
        "search.baselines=false", "search.sampler=random",
        "search.space.activation=[relu,tanh]", f"trainer.epochs={EPOCHS}", "trainer.patience=null",
        f"trainer.batch_size={BATCH}", f"evaluation.folds={FOLDS}",
    ]  # fmt: skip


def _run(command: Sequence[str], networks: Path | None = None) -> Taken:
    """Run a Python command in an empty folder, BLAS left to choose its kernels, and return what it took.

    networks: where to leave the leaderboard of a sweep.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith(HELD_BACK)}
    own["PYTHONWARNINGS"] = "ignore"  # scikit-learn warns of every fit that was not stopped early
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        subprocess.run([sys.executable, *command], cwd=folder, env=own, check=True, stdout=subprocess.DEVNULL)
        whole = time.perf_counter() - started
        if networks is not None:
            (leaderboard,) = Path(folder).glob("runs/outputs/*/leaderboard.csv")
            shutil.copy(leaderboard, networks)
        (database,) = Path(folder).rglob("optuna.db")
        return Taken(whole, _searching(database))


def _searching(database: Path) -> float:
    """Return the seconds between the begin of the first trial in an Optuna database and the end of the last."""
    query = "select min(datetime_start), max(datetime_complete) from trials where state = 'COMPLETE'"
    with closing(sqlite3.connect(database)) as connection:
        first, last = map(datetime.fromisoformat, connection.execute(query).fetchone())
    return (last - first).total_seconds()


if __name__ == "__main__":
    main()
