"""What trying brought: the best to be expected of fewer trials at each depth."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence

from dnnexp.evaluation.best_of_n import BestOfN, expected_best
from dnnexp.search.records import TrialRecord

__all__ = ["best_of_table", "efforts"]

FEWEST = 2  # trials, of which one search can be told from another


def efforts(records: Sequence[TrialRecord]) -> dict[int, BestOfN]:
    """Return by depth what a search of n of its screened trials can expect; depths with a trial that has a score."""
    by_depth: dict[int, list[TrialRecord]] = {}
    for record in records:
        if record.stage == "screen" and record.state in ("complete", "diverged", "pruned"):
            by_depth.setdefault(record.depth, []).append(record)
    return {
        depth: expected_best(
            [math.nan if record.score is None else record.score for record in trials],
            [record.seconds for record in trials],
            greater_is_better=trials[0].greater_is_better,
        )
        for depth, trials in sorted(by_depth.items())
        if len(trials) >= FEWEST and any(record.score is not None for record in trials)
    }


def best_of_table(found: dict[int, BestOfN]) -> str:
    """Return the expected best scores as CSV, with their 95% intervals; at all trials of a depth there is none."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["depth", "trials", "seconds", "expected_best", "low", "high"])
    for depth, curve in found.items():
        for n in range(1, len(curve.n) + 1):
            _, low, high, *_ = curve.interval(n)
            limits = [limit if math.isfinite(limit) else "" for limit in (low, high)]
            table.writerow([depth, n, float(curve.seconds[n - 1]), float(curve.mean[n - 1]), *limits])
    return text.getvalue()
