"""Whether the ladder's answers can be trusted: 250 whole studies of made-up data of which the truth is known.

Half of what could be wrong is a claim: "deeper is better" where it is not (labels that mean nothing, and a plane that
one layer finds), and silence where depth does help (a sawtooth at fixed width). The other half are figures: the
interval of the refitted network's accuracy, which should hold its accuracy on 100,000 fresh rows, and the score that a
winner was picked by, which flatters. Run by `make bench-calibration`; ARGS="--studies 25" for less.
"""

from __future__ import annotations

import argparse
import csv
import math
import multiprocessing
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import numpy as np
from study import FRESH, ROWS, Outcome, run

RESULTS = Path(__file__).parent / "results"
SHARES = {"permuted": 2, "linear": 2, "sawtooth": 1}  # of five studies
MEANINGS = {"permuted": "permuted labels", "linear": "linear truth", "sawtooth": "depth helps"}
COLOURS = {"permuted": "#6b6b6b", "linear": "#0072B2", "sawtooth": "#D55E00"}  # of Okabe and Ito
MOST_FALSE, LEAST_FOUND, LEAST_COVERED = 0.08, 0.8, 0.93


def planned(studies: int) -> list[tuple[str, int]]:
    """Return (kind, seed) of each study, the kinds in turn, so that a part of them is like the whole."""
    turn = [kind for kind, share in SHARES.items() for _ in range(share)]
    seeds = dict.fromkeys(SHARES, 0)
    plan = []
    for i in range(studies):
        kind = turn[i % len(turn)]
        plan.append((kind, seeds[kind]))
        seeds[kind] += 1
    return plan


def report(outcomes: Sequence[Outcome]) -> str:
    """Return what was claimed, found and covered, each beside what it should be."""
    nothing = [o for o in outcomes if o.kind != "sawtooth"]
    something = [o for o in outcomes if o.kind == "sawtooth"]
    covered = sum(o.champion_low <= o.champion_true <= o.champion_high for o in outcomes)
    covered_mean = sum(o.mean_low <= o.mean_true <= o.mean_high for o in outcomes)
    covered_gain = sum(o.gain_low <= o.gain_true <= o.gain_high for o in outcomes)
    lines = [
        _bar("claimed where it is false", sum(o.claimed > 0 for o in nothing), len(nothing), most=MOST_FALSE),
        *(_bar(f"  {MEANINGS[kind]}", *_claimed([o for o in nothing if o.kind == kind])) for kind in SHARES),
        _bar("claimed where depth helps", *_claimed(something), least=LEAST_FOUND),
        _bar("95% interval of the champion's accuracy holds", covered, len(outcomes), least=LEAST_COVERED),
        _bar("95% interval of the mean over seeds holds", covered_mean, len(outcomes), least=LEAST_COVERED),
        _bar("95% interval of the gain of depth 2 holds", covered_gain, len(outcomes)),
        *(_bar(f"chosen deeper than 1, {MEANINGS[k]}", *_deeper([o for o in outcomes if o.kind == k])) for k in SHARES),
        "",
        "winner of screening, score - truth      where it won    on fresh folds  true gain of depth 2 (range)",
    ]
    for kind in SHARES:
        own = [o for o in outcomes if o.kind == kind]
        if own:
            before = _mean([o.screened - o.screened_true for o in own])
            after = _mean([o.rescored - o.rescored_true for o in own])
            gains = [o.gain_true for o in own]
            true = f"{_mean(gains)} ({min(gains):+.3f} to {max(gains):+.3f})"
            lines.append(f"  {MEANINGS[kind]:32} {before:>16}  {after:>16}  {true}")
    return "\n".join(line for line in lines if " 0 of 0" not in line)


def _claimed(outcomes: Sequence[Outcome]) -> tuple[int, int]:
    return sum(o.claimed > 0 for o in outcomes), len(outcomes)


def _deeper(outcomes: Sequence[Outcome]) -> tuple[int, int]:
    return sum(o.chosen > 1 for o in outcomes), len(outcomes)


def _bar(what: str, count: int, total: int, *, most: float | None = None, least: float | None = None) -> str:
    """Return one line: how many of how many, and whether that is within what it should be."""
    said = f"{what:46} {count:>4} of {total}"
    if most is not None:
        said += f", bar <= {math.floor(most * total)}: {'reached' if count <= most * total else 'MISSED'}"
    if least is not None:
        said += f", bar >= {math.ceil(least * total)}: {'reached' if count >= least * total else 'MISSED'}"
    return said


def _mean(values: Sequence[float]) -> str:
    error = np.std(values, ddof=1) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return f"{np.mean(values):+.4f} ± {error:.4f}"


def write(outcomes: Sequence[Outcome], path: Path) -> None:
    """Write one line for each study as CSV."""
    with path.open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(Outcome._fields)
        for outcome in sorted(outcomes):
            table.writerow([f"{round(value, 5) + 0.0:.5f}" if isinstance(value, float) else value for value in outcome])


def draw(outcomes: Sequence[Outcome], path: Path) -> None:
    """Draw the winners' optimism before and after they are scored again, and the gains that were said and are true."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    rng = np.random.default_rng(0)
    kinds = [kind for kind in SHARES if any(o.kind == kind for o in outcomes)]
    for i, kind in enumerate(kinds):
        own = [o for o in outcomes if o.kind == kind]
        flattered = ([o.screened - o.screened_true for o in own], [o.rescored - o.rescored_true for o in own])
        for side, values in zip((-0.2, 0.2), flattered, strict=True):
            left.scatter(i + side + rng.uniform(-0.1, 0.1, len(own)), values, s=9, alpha=0.35, color=COLOURS[kind])
            left.hlines(np.mean(values), i + side - 0.15, i + side + 0.15, color="black", linewidth=2, zorder=3)
        for is_claimed, marker in ((False, "o"), (True, "^")):
            shown = [o for o in own if (o.gain_low > 0) == is_claimed]
            label = f"{MEANINGS[kind]}, {'better' if is_claimed else 'not distinguishable'}"
            if shown:
                right.scatter([o.gain_true for o in shown], [o.gain for o in shown], s=14, alpha=0.6, marker=marker,
                              color=COLOURS[kind], label=label)  # fmt: skip
    left.axhline(0, color="#666666", linewidth=1)
    places = [i + side for i in range(len(kinds)) for side in (-0.2, 0.2)]
    left.set_xticks(places, ["where\nit won", "fresh\nfolds"] * len(kinds), fontsize=8)
    for i, kind in enumerate(kinds):
        left.text(i, 1.01, MEANINGS[kind], ha="center", va="bottom", transform=left.get_xaxis_transform())
    left.set_ylabel("score - true accuracy of the screening winner")
    ends = [*right.get_xlim(), *right.get_ylim()]
    right.plot([min(ends), max(ends)], [min(ends), max(ends)], color="#666666", linewidth=1)
    right.set(xlabel="true gain of depth 2 over depth 1, accuracy", ylabel="gain that the answer gives")
    right.legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=110)


def main() -> None:
    """Run the studies, print what they said and what is true, write results/calibration.csv and .png."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--studies", type=int, default=250)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder of calibration.csv and calibration.png")
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
    plan, begun, outcomes = planned(given.studies), time.perf_counter(), []
    print(f"{len(plan)} studies of {ROWS} rows, each known by {FRESH:,} fresh ones, {given.processes} processes")
    with ProcessPoolExecutor(given.processes, multiprocessing.get_context("spawn")) as pool:
        for future in as_completed([pool.submit(run, *study) for study in plan]):
            outcomes.append(future.result())
            if len(outcomes) % 25 == 0:
                print(f"{len(outcomes)} studies, {time.perf_counter() - begun:.0f} s", flush=True)
                write(outcomes, given.output / "calibration.csv")  # what there is, should it be broken off
    write(outcomes, given.output / "calibration.csv")
    draw(outcomes, given.output / "calibration.png")
    print(f"\n{report(outcomes)}")


if __name__ == "__main__":
    main()
