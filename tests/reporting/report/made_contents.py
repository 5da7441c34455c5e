"""Contents of a report made by hand, of any size."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from dnnexp.reporting.report.contents import (
    Baseline,
    BestOf,
    Boundary,
    Choice,
    Command,
    Confusion,
    Contents,
    Depth,
    Estimate,
    Example,
    Optimism,
    Trial,
)

CSV = "rank,network\n1,d1-64-relu\n"


def made(count: int = 12, ladder: tuple[int, ...] = (1, 2, 3), /, **fields: Any) -> Contents:
    """A whole report of so many trials at these depths; every optional part is there, scores come from a seed."""
    rng = np.random.default_rng(0)
    rows = [_trial(rng, n, ladder[n % len(ladder)]) for n in range(count)]
    rows.sort(key=lambda trial: (trial.score is None, -(trial.score.value if trial.score else 0)))
    rows = [replace(row, rank=i, is_choice=i == 2) for i, row in enumerate(rows, 1)]
    summaries = [_depth(rng, depth, ladder[:i]) for i, depth in enumerate(ladder)]
    usual: dict[str, Any] = {
        "study": "my-study",
        "data": "digits",
        "metric": "accuracy",
        "greater_is_better": True,
        "sentences": ("Use d1-64-gelu-lr2.1e-2: 1 hidden layer, 4,810 parameters.", "It has accuracy 0.9875 ± 0.0061."),
        "choice": CHOICE,
        "depths": summaries,
        "trials": rows,
        "leaderboard_csv": CSV,
        "baselines": (
            Baseline("majority", Estimate(0.1, 0.001), 0.1, 0.01),
            Baseline("linear", Estimate(0.961, 0.008), 0.96, 0.4),
            Baseline("boosted trees", Estimate(0.969, 0.007), 0.97, 3.0),
        ),
        "best_of": [BestOf(d, *_best_of(rng)) for d in ladder],
        "optimism": Optimism(
            "d1-64-gelu", Estimate(0.99, 0.01), Estimate(0.987, 0.01), Estimate(0.003, 0.002, -0.001, 0.007)
        ),
        "outcome": Confusion(("no", "yes"), np.array([[170, 3], [1, 185]])),
        "worst": [Example("row 7", "no", "yes", "0.98 sure", rng.integers(0, 255, (8, 8)).astype(np.uint8))],
        "boundary": BOUNDARY,
        "summary": ("digits: 1,797 rows, 64 numeric columns; 10 classes",),
        "shares": {"no": 900, "yes": 897},
        "commands": (Command("Train it again:", "python -m dnnexp.train experiment=best"),),
        "provenance": {"seed": "0", "data (SHA-256)": "ab" * 32},
        "stopped": "2 consecutive depths, 2 and 3, gained no more than one standard error",
    }
    return Contents(**(usual | fields))


CHOICE = Choice(
    network="d1-64-gelu-lr2.1e-2",
    depth=1,
    widths="64",
    activation="gelu",
    parameters=4810,
    score=Estimate(0.9875, 0.0061, 0.9706, 1.0044),
    folds=5,
    test=Estimate(0.9889),
    test_rows=359,
    right=355,
)

_plane = np.linspace(-1, 1, 40)
BOUNDARY = Boundary(
    columns=("x", "y"),
    classes=("no", "yes"),
    x=(-1.0, 1.0),
    y=(-1.0, 1.0),
    predicted=(np.hypot(*np.meshgrid(_plane, _plane)) < 0.7).astype(np.int64),
    certainty=np.full((40, 40), 0.9),
    points=np.random.default_rng(1).uniform(-1, 1, (60, 2)),
    actual=np.random.default_rng(2).integers(0, 2, 60),
)


def _trial(rng: np.random.Generator, number: int, depth: int) -> Trial:
    lr, width = float(10 ** rng.uniform(-3, -1.5)), int(2 ** rng.uniform(4, 7))
    activation = ("relu", "tanh", "gelu")[number % 3]
    diverged = rng.random() < 0.03
    score = float(0.98 - 0.01 * abs(np.log10(lr) + 2.2) ** 2 - 0.3 / width - abs(rng.normal(0, 0.003)))
    return Trial(
        rank=None,
        network=f"d{depth}-{'x'.join([str(width)] * depth)}-{activation}-lr{lr:.1e}",
        depth=depth,
        stage="screen",
        number=number,
        state="diverged" if diverged else "complete",
        score=None if diverged else Estimate(score, 0.004),
        screening=None if diverged else Estimate(score, 0.004),
        test=None if diverged else score + 0.001,
        parameters=width * 75 + (depth - 1) * width * width,
        settings={
            "width": width,
            "activation": activation,
            "learning rate": lr,
            "weight decay": float(10 ** rng.uniform(-5, -1)),
        },
        epochs=int(rng.integers(20, 100)),
        seconds=float(rng.uniform(0.3, 2)),
        reason="epoch 3, layer 1" if diverged else "",
    )


def _depth(rng: np.random.Generator, depth: int, before: tuple[int, ...]) -> Depth:
    gain = Estimate(-0.001 * len(before), 0.004, -0.012, 0.009) if before else None
    epochs = np.arange(1, 60)
    return Depth(
        depth=depth,
        network=f"d{depth}-64-gelu",
        score=Estimate(0.9875 - 0.001 * len(before), 0.0061),
        gain=gain,
        over_choice=Estimate(-0.001 * len(before), 0.005, -0.013, 0.011) if before else None,
        compared_depth=before[0] if before else None,
        verdict="gain -0.0010 ± 0.0040 over depth 1, not distinguishable from no gain" if before else "the first depth",
        trials=20,
        diverged=1,
        pruned=0,
        seconds=14.2,
        curves={
            "val/accuracy": (0.98 - 0.9 * np.exp(-epochs / 6) + rng.normal(0, 0.002, 59)).tolist(),
            "val/loss": (2 * np.exp(-epochs / 6) + 0.08).tolist(),
        },
    )


def _best_of(rng: np.random.Generator) -> tuple[list[float], list[float], list[float], list[float]]:
    values = np.sort(0.97 + 0.015 * (1 - np.exp(-np.arange(20) / 5)) + rng.normal(0, 1e-4, 20))
    return values.tolist(), (values - 0.002).tolist(), (values + 0.002).tolist(), (1.2 * np.arange(1, 21)).tolist()
