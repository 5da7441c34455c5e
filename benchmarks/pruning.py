"""What ending bad trials early saves: the ladder on digits with and without a pruner, and what each of them found.

Each sweep climbs the same depths to the same budgets of trials, in this process, without tracking. Time is the
process's own (the machine may be doing other work), of all stages: screening, scoring again, confirmation. The final
score is the choice's mean test score over its seeds; beside it stands the score of the choice on fresh folds of
development data, which the choices of both pruners share. Run by `make bench-pruning`; ARGS="--help" lists what can be
set.
"""

from __future__ import annotations

import argparse
import csv
import math
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from scipy.stats import t

from dnnexp.config import Composer
from dnnexp.evaluation.statistics import paired_gain
from dnnexp.search.journal import network_name
from dnnexp.search.records import TrialRecord
from dnnexp.search.schema import PRUNERS
from dnnexp.search.worker import climb_ladder
from dnnexp.study import make_protocol, make_scorers, make_sweep

RESULTS = Path(__file__).parent / "results" / "pruning.csv"
CONTROL = "none"
LEAST_SAVED = 0.3


class Sweep(NamedTuple):
    """One sweep: what it took and what it found."""

    data: str
    seed: int
    pruner: str
    seconds: float  # of the process
    screening_seconds: float
    epochs: int  # of screening, all trials
    trials: int
    pruned: int
    network: str
    development: float
    test: float
    choice: TrialRecord  # by its scores on fresh folds


def run(data: str, seed: int, pruner: str, trials: int, depth: int) -> Sweep:
    """Return what one sweep took and found."""
    screening = 0.0
    with tempfile.TemporaryDirectory() as root:
        overrides = [f"data={data}", f"seed={seed}", f"search.pruner={pruner}", f"search.trials_per_depth={trials}"]
        overrides += [f"search.max_depth={depth}", f"search.patience={depth}", "tracking=none", f"paths.root={root}"]
        config = Composer().compose(overrides)
        protocol = make_protocol(config)
        sweep, scorers = make_sweep(config, protocol), make_scorers(config, protocol)

        def screen(*arguments):  # type: ignore[no-untyped-def]
            nonlocal screening
            begun = time.process_time()
            try:
                return scorers.screen(*arguments)
            finally:
                screening += time.process_time() - begun

        begun = time.process_time()
        climb = climb_ladder(sweep, scorers._replace(screen=screen))
        seconds = time.process_time() - begun
        with sweep.studies() as studies:
            screened = [r for r in studies.read_all() if r.stage == "screen" and r.state != "failed"]
    assert climb.choice is not None
    assert climb.confirmation is not None
    assert climb.choice.score is not None
    assert climb.confirmation.score is not None
    return Sweep(
        data, seed, pruner, seconds, screening, sum(r.epochs for r in screened), len(screened),
        sum(r.state == "pruned" for r in screened), network_name(climb.choice), climb.choice.score,
        climb.confirmation.score, climb.choice,
    )  # fmt: skip


def report(sweeps: Sequence[Sweep], pruner: str) -> list[str]:
    """Return what the pruner saved and what that cost, in sentences."""
    by_seed = {(sweep.seed, sweep.pruner): sweep for sweep in sweeps}
    pairs = [(by_seed[seed, CONTROL], by_seed[seed, pruner]) for seed, name in by_seed if name == pruner]
    saved, screening, epochs = (
        1 - sum(getattr(b, of) for _, b in pairs) / sum(getattr(a, of) for a, _ in pairs)
        for of in ("seconds", "screening_seconds", "epochs")
    )
    changes = [b.test - a.test for a, b in pairs]
    gains = [
        paired_gain(b.choice.oriented_scores, a.choice.oriented_scores, a.choice.n_train, a.choice.n_score)
        for a, b in pairs
    ]
    lost = sum(gain.high < 0 for gain in gains)
    n = len(changes)
    half = t.ppf(0.975, n - 1) * statistics.stdev(changes) / math.sqrt(n) if n > 1 else math.nan
    change = statistics.mean(changes)
    developed = statistics.mean(gain.estimate for gain in gains)
    parts = f"{screening:.0%} of screening, {epochs:.0%} of its epochs"
    return [
        f"pruner={pruner}, {len(pairs)} seeds: saves {saved:.0%} of the time (aim {LEAST_SAVED:.0%}), {parts}.",
        f"Test score {change:+.4f}, 95% interval over the seeds {change - half:+.4f} to {change + half:+.4f}.",
        f"On fresh folds {developed:+.4f}; worse beyond the 95% interval in {lost} of {len(gains)}.",
    ]


def write(sweeps: Sequence[Sweep], path: Path) -> None:
    """Write one line for each sweep as CSV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(Sweep._fields[:-1])
        table.writerows([*sweep[:3], *(round(value, 2) for value in sweep[3:5]), *sweep[5:-1]] for sweep in sweeps)


def main() -> None:
    """Run the sweeps, print what they took and found, write results/pruning.csv."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", default="digits")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--trials", type=int, default=20, help="of each depth")
    parser.add_argument("--depth", type=int, default=3, help="to which all sweeps climb")
    parser.add_argument("--output", type=Path, default=RESULTS)
    given = parser.parse_args()
    sweeps = []
    print("seed pruner     CPU s screening  epochs  pruned    dev.    test  choice")
    for seed in range(given.seeds):
        for pruner in PRUNERS:
            sweep = run(given.data, seed, pruner, given.trials, given.depth)
            sweeps.append(sweep)
            print(
                f"{seed:>4} {pruner:8} {sweep.seconds:7.1f} {sweep.screening_seconds:9.1f} {sweep.epochs:7} "
                f"{sweep.pruned:>3}/{sweep.trials:<3} {sweep.development:7.4f} {sweep.test:7.4f}  {sweep.network}",
                flush=True,
            )
            write(sweeps, given.output)
    for pruner in PRUNERS:
        if pruner != CONTROL:
            print("\n".join(report(sweeps, pruner)))


if __name__ == "__main__":
    main()
