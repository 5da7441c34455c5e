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
    """Return the expected best scores as CSV, with their jackknife standard errors up to half of a depth's trials."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["depth", "trials", "seconds", "expected_best", "jackknife_standard_error"])
    for depth, curve in found.items():
        parts = (curve.n, curve.seconds, curve.mean, curve.standard_error)
        for n, seconds, mean, error in zip(*(part.tolist() for part in parts), strict=True):
            table.writerow([depth, n, seconds, mean, "" if math.isnan(error) else error])
    return text.getvalue()
