"""Cross-validated configurations a minute: the sweep of this project against a plain script: `make bench-throughput`.

Both try the same number of configurations at depths 1 to 3 on digits, from the same space, on 5 folds, for the same
epochs and batch size without early stopping, with Optuna on SQLite and every trial in MLflow. The sweep has as many
workers as there are processors; the script runs as people write it, and once more with a process for each processor.
Configurations are drawn at random by both: a sampler that learns finds other networks in the one than in the other,
larger ones where the weights decay, and would have their sizes compared. Times are of whole commands, imports and first
writes to the databases included; and from the begin of the first configuration to the end of the last.
"""

from __future__ import annotations

import argparse
import csv
import os
import sqlite3
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


def main() -> None:
    """Run the three commands in turn, print trials a minute and ratios, write them down."""
    parser = argparse.ArgumentParser(prog="make bench-throughput", description=__doc__)
    parser.add_argument("--trials", type=int, default=60, help="configurations at each depth (default 60)")
    parser.add_argument("--sampler", choices=("random", "tpe"), default="random", help="of both (default random)")
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder of the results")
    options = parser.parse_args()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    shared = [f"--depths={DEPTHS}", f"--trials={options.trials}", f"--epochs={EPOCHS}", f"--batch={BATCH}"]
    script = [str(Path(__file__).with_name("plain_sweep.py")), *shared, f"--folds={FOLDS}"]
    script.append(f"--sampler={options.sampler}")
    commands = {
        f"dnnexp.sweep, {cores} workers": _sweep(options.trials, cores, options.sampler),
        "plain script": script,
        f"plain script, n_jobs={cores}": [*script, f"--jobs={cores}"],
    }
    total = options.trials * DEPTHS
    taken = {name: _run(command) for name, command in commands.items()}
    own, plain, *_ = taken.values()
    print(f"{total} cross-validated configurations, drawn by {options.sampler}; a minute")
    print(f"{'':32}{'whole command':>16}{'dnnexp / it':>14}{'searching':>14}{'dnnexp / it':>14}")
    for name, (whole, searching) in taken.items():
        print(
            f"{name:32}{60 * total / whole:16.1f}{whole / own.whole:14.2f}"
            f"{60 * total / searching:14.1f}{searching / own.searching:14.2f}"
        )
    ratio = plain.whole / own.whole
    print(f"whole command against the plain script: {ratio:.2f}, bar {BAR}: {'reached' if ratio >= BAR else 'SHORT'}")
    options.output.mkdir(parents=True, exist_ok=True)
    with (options.output / "throughput.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            ["command", "sampler", "configurations", "per_minute", "ratio", "searching_per_minute", "searching_ratio"]
        )
        for name, (whole, searching) in taken.items():
            rates = 60 * total / whole, whole / own.whole, 60 * total / searching, searching / own.searching
            writer.writerow([name, options.sampler, total, *(f"{rate:.4g}" for rate in rates)])


def _sweep(trials: int, workers: int, sampler: str) -> list[str]:
    return [
        "-m", "dnnexp.sweep", "--quiet", f"search.workers={workers}", f"search.max_depth={DEPTHS}",
        f"search.patience={DEPTHS}", f"search.trials_per_depth={trials}", "search.rescore=0", "search.pruner=none",
        "search.baselines=false", f"search.sampler={sampler}",
        "search.space.activation=[relu,tanh]", f"trainer.epochs={EPOCHS}", "trainer.patience=null",
        f"trainer.batch_size={BATCH}", f"evaluation.folds={FOLDS}",
    ]  # fmt: skip


def _run(command: Sequence[str]) -> Taken:
    """Run a Python command in an empty folder, BLAS left to choose its kernels, and return what it took."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(HELD_BACK)}
    own["PYTHONWARNINGS"] = "ignore"  # scikit-learn warns of every fit that was not stopped early
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        subprocess.run([sys.executable, *command], cwd=folder, env=own, check=True, stdout=subprocess.DEVNULL)
        whole = time.perf_counter() - started
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
