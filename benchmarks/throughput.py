"""Cross-validated configurations a minute: the sweep of this project against a plain script: `make bench-throughput`.

Both try the same number of configurations at depths 1 to 3 on digits, from the same space, on 5 folds, for the same
epochs and batch size without early stopping, with Optuna on SQLite and every trial in MLflow. The sweep has as many
workers as there are processors; the script runs as people write it, and once more with a process for each processor.
Times are of whole commands, imports and first writes to the databases included.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from process import HELD_BACK

RESULTS = Path(__file__).parent / "results"
DEPTHS, EPOCHS, BATCH, FOLDS = 3, 30, 32, 5
BAR = 8  # times the trials a minute of the plain script


def main() -> None:
    """Run the three commands in turn, print trials a minute and ratios, write them down."""
    parser = argparse.ArgumentParser(prog="make bench-throughput", description=__doc__)
    parser.add_argument("--trials", type=int, default=20, help="configurations at each depth (default 20)")
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder of the results")
    options = parser.parse_args()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    shared = [f"--depths={DEPTHS}", f"--trials={options.trials}", f"--epochs={EPOCHS}", f"--batch={BATCH}"]
    script = [str(Path(__file__).with_name("plain_sweep.py")), *shared, f"--folds={FOLDS}"]
    commands = {
        f"dnnexp.sweep, {cores} workers": _sweep(options.trials, cores),
        "plain script": script,
        f"plain script, n_jobs={cores}": [*script, f"--jobs={cores}"],
    }
    total = options.trials * DEPTHS
    rates = {name: 60 * total / _seconds(command) for name, command in commands.items()}
    own, plain, *_ = rates.values()
    for name, rate in rates.items():
        print(f"{name:32}{rate:9.1f} cross-validated configurations a minute{own / rate:8.2f}")
    print(f"against the plain script: {own / plain:.2f}, bar {BAR}: {'reached' if own / plain >= BAR else 'SHORT'}")
    options.output.mkdir(parents=True, exist_ok=True)
    with (options.output / "throughput.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["command", "configurations", "per_minute", "dnnexp_ratio"])
        writer.writerows([name, total, f"{rate:.4g}", f"{own / rate:.4g}"] for name, rate in rates.items())


def _sweep(trials: int, workers: int) -> list[str]:
    return [
        "-m", "dnnexp.sweep", "--quiet", f"search.workers={workers}", f"search.max_depth={DEPTHS}",
        f"search.patience={DEPTHS}", f"search.trials_per_depth={trials}", "search.rescore=0", "search.pruner=none",
        "search.baselines=false",
        "search.space.activation=[relu,tanh]", f"trainer.epochs={EPOCHS}", "trainer.patience=null",
        f"trainer.batch_size={BATCH}", f"evaluation.folds={FOLDS}",
    ]  # fmt: skip


def _seconds(command: Sequence[str]) -> float:
    """Return the wall time of a Python command in an empty folder, BLAS left to choose its kernels."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(HELD_BACK)}
    own["PYTHONWARNINGS"] = "ignore"  # scikit-learn warns of every fit that was not stopped early
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        subprocess.run([sys.executable, *command], cwd=folder, env=own, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - started


if __name__ == "__main__":
    main()
