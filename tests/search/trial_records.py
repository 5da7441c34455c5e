"""Trial records made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from dnnexp.search.records import TrialRecord

FOLDS = np.array([0.02, -0.01, 0.0, -0.03, 0.02])
WOBBLE = np.array([0.001, -0.001, 0.0, 0.001, -0.001])  # its own, with mean 0 and sd .001


def record(depth: int, number: int, score: float | None = 0.8, **fields: Any) -> TrialRecord:
    """A complete screening trial with that mean score; where the score is None, one that is not complete."""
    wobble = WOBBLE * ((depth + number) % 3 - 1)
    scores = () if score is None else tuple((score + FOLDS + wobble).tolist())
    params: dict[str, Any] = {"activation": "relu", "lr": 1e-2 / depth**0.5, "weight_decay": 1e-3}
    params |= {f"width_{l}": 32 for l in range(1, depth + 1)} if depth <= 6 else {"width": 32, "taper": 1.0}
    usual = {
        "stage": "screen", "state": "running" if score is None else "complete", "claim": number, "params": params,
        "score": score, "scores": scores, "n_train": 80.0, "n_score": 20.0, "parameters": 100 * depth + number,
    }  # fmt: skip
    return TrialRecord(**({"depth": depth, "number": number} | usual | fields))


def depth_of(depth: int, score: float, trials: int = 3) -> list[TrialRecord]:
    """A finished depth whose best trial, the last, has that score."""
    return [record(depth, n, score - 0.01 * (trials - 1 - n)) for n in range(trials)]
