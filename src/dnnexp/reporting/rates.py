"""What a learning-rate range test found: its table, as lines and as CSV, and its sentences."""

from __future__ import annotations

import csv
import io
import math

import numpy as np

from dnnexp.evaluation.range_test import RangeResult
from dnnexp.notation import number

__all__ = ["rate_csv", "rate_sentences", "rate_table"]

HEADER = ("learning_rate", "train_cost", "held_cost", "smooth_cost", "state", "divergence")
NEAR = 0.1  # cost above the lowest, as a share of it, that still counts as good


def states(result: RangeResult) -> list[str]:
    """Return for each rate what became of its network: "too low", "", "good", "too high" or "diverged".

    Good: its smooth cost is within a tenth of the lowest. Too low and too high: on their side of the lowest, and the
    cost is less than half as far below that of a constant prediction.
    """
    lowest, best = float(result.smooth_cost.min()), int(np.argmin(result.smooth_cost))
    half = (result.constant_cost + lowest) / 2
    said = []
    for k, (cost, smooth_cost) in enumerate(zip(result.train_cost, result.smooth_cost, strict=True)):
        if math.isnan(cost):
            said.append("diverged")
        elif result.proposal is None:
            said.append("")
        elif cost > half:
            said.append("too low" if k < best else "too high" if k > best else "")
        else:
            said.append("good" if smooth_cost <= (1 + NEAR) * lowest else "")
    return said


def rate_table(result: RangeResult) -> list[str]:
    """Return the lines of the table: each rate, the cost its network came to, what became of it."""
    rows = [("learning rate", "training cost", "held back", "")]
    for k, state in enumerate(states(result)):
        if k > 0 and result.proposal is not None and result.rates[k - 1] < result.proposal <= result.rates[k]:
            rows.append((f"{result.proposal:.2g}", "", "", "proposed"))
        rows.append((f"{result.rates[k]:.1e}", number(result.train_cost[k]), number(result.held_cost[k]), state))
    return [f"{rate:>13}  {train:>13}  {held:>9}  {words}".rstrip() for rate, train, held, words in rows]


def rate_csv(result: RangeResult) -> str:
    """Return the table as CSV; costs of networks that diverged are empty."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(HEADER)
    columns = zip(
        result.rates, result.train_cost, result.held_cost, result.smooth_cost, states(result), result.divergences,
        strict=True,
    )  # fmt: skip
    for rate, train, held, smooth_cost, state, divergence in columns:
        costs = ["" if math.isnan(cost) else f"{cost:.6g}" for cost in (train, held, smooth_cost)]
        writer.writerow([f"{rate:.6g}", *costs, state, divergence])
    return buffer.getvalue()


def rate_sentences(result: RangeResult) -> list[str]:
    """Return the proposal and the rule it follows, what would do as well, where learning begins and where it ends."""
    rates, found = result.rates, states(result)
    constant, lowest = number(result.constant_cost), number(float(result.smooth_cost.min()))
    if result.proposal is None:
        tried = (
            f"in {result.steps} steps none of {len(found)} networks became clearly better than a constant prediction"
        )
        costs = f"training cost {constant}, lowest {lowest}"
        return [
            f"No learning rate proposed: {tried} ({costs}).",
            "For more steps raise trainer.steps, and trainer.epochs: the test takes a quarter of the training at most.",
        ]
    rule = (
        f"where the training cost is lowest after {result.steps} steps, its logarithm smoothed over neighbouring rates"
    )
    said = [f"Proposed: optimizer.lr={result.proposal:.2g}, {rule}: {lowest}, constant {constant}."]
    if result.proposal in (rates[0], rates[-1]):
        key = "lower trainer.lowest" if result.proposal == rates[0] else "raise trainer.highest"
        said.append(f"That is the end of the ladder: {key} to see beyond it.")
    good = [k for k, state in enumerate(found) if state == "good"]
    if len(good) > 1:
        said.append(f"From {rates[good[0]]:.1e} to {rates[good[-1]]:.1e} the cost is within a tenth of that.")
    words = []
    if "too low" in found:
        words.append(f"up to {rates[_last(found, 'too low')]:.1e} too low")
    if "too high" in found or "diverged" in found:
        words.append(
            f"from {rates[min(found.index(s) for s in ('too high', 'diverged') if s in found)]:.1e} on too high"
        )
    if words:
        said.append(f"Not half as far below a constant prediction: {', '.join(words)}.")
    if "diverged" in found:
        k = found.index("diverged")
        said.append(f"At {rates[k]:.1e} the network {result.divergences[k]}.")
    return said


def _last(found: list[str], state: str) -> int:
    return len(found) - 1 - found[::-1].index(state)
