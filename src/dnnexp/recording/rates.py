"""The run of a learning-rate range test: its proposal, its table and its figure, in MLflow and as files."""

from __future__ import annotations

import time
from pathlib import Path

from dnnexp.config import Config
from dnnexp.evaluation.range_test import RangeResult
from dnnexp.reporting.figures import rate_curve
from dnnexp.reporting.rates import rate_csv, rate_sentences
from dnnexp.tracking.labels import built_params, run_name
from dnnexp.tracking.records import RunRecord

__all__ = ["range_files", "range_run", "write_range"]


def range_files(result: RangeResult) -> dict[str, str | bytes]:
    """Return the table, the figure and the sentences, by file name."""
    figure = rate_curve(
        result.rates.tolist(),
        result.train_cost.tolist(),
        result.held_cost.tolist(),
        result.constant_cost,
        result.proposal,
    )
    sentences = "\n".join(rate_sentences(result)) + "\n"
    return {"lr_range_test.csv": rate_csv(result), "lr_range_test.png": figure, "lr_range_test.txt": sentences}


def write_range(config: Config, data: str, files: dict[str, str | bytes]) -> Path:
    """Write the files under paths.root, by the names of data and network; return the folder as one would type it."""
    folder = config.paths.outputs / "lr_range_test" / f"{data}-{_name(config)}".replace("*", "x")
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder


def range_run(
    key: str, config: Config, result: RangeResult, parameters: int, files: dict[str, str | bytes], started: float
) -> RunRecord:
    """Return the run. started: seconds since 1970."""
    hidden = config.model.hidden
    settings = {name: value for name, value in config.flat().items() if name != "optimizer.lr"}
    metrics = {"range/constant_cost": result.constant_cost, "range/diverged": sum(map(bool, result.divergences))}
    if result.proposal is not None:
        metrics |= {"range/lr": result.proposal, "range/cost": float(result.smooth_cost.min())}
    ended = time.time()
    return RunRecord(
        key=key,
        name=f"range-{_name(config)}",
        role="range",
        params=built_params(settings, hidden, parameters),
        metrics=metrics | {"seconds": ended - started},
        tags={"dnnexp.depth": str(len(hidden)), "dnnexp.state": "complete"},
        artifacts={"config.yaml": config.text, **files},
        start_time=started,
        end_time=ended,
    )


def _name(config: Config) -> str:
    """Return the names of network and optimizer: "d3-64x64x64-tanh-adamw"."""
    return f"{run_name(config.model.hidden, config.optimizer.lr).rpartition('-lr')[0]}-{config.optimizer.name}"
