"""What is recorded of a sweep: each trial, the choice and the sweep itself as run records, from the trial records."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dnnexp.search.ladder import Climb
from dnnexp.search.records import TrialRecord
from dnnexp.search.summary import DepthSummary, standard_error
from dnnexp.tracking.labels import activation_text, built_params, run_name
from dnnexp.tracking.records import RunRecord

__all__ = ["hidden_layers", "leaderboard", "network_name", "network_params", "sweep_run", "trial_run"]

STATUSES = {"complete": "FINISHED", "pruned": "KILLED", "diverged": "FAILED"}
OF_THE_SWEEP = ("search.", "tracking.", "paths.", "study", "storage", "source", "output")  # not of one network
COLUMNS = (
    "rank", "network", "depth", "stage", "trial", "state", "score", "standard_error", "test", "parameters", "widths",
    "activation", "lr", "weight_decay", "dropout", "batch_size", "scaling", "skew", "columns",
    "epochs", "seconds", "reason",
)  # fmt: skip


def hidden_layers(record: TrialRecord) -> tuple[tuple[int, str], ...]:
    """Return (units, activation) of each hidden layer that was built."""
    widths: Sequence[int] = record.configuration["model.widths"]
    activations = record.configuration["model.activations"] or [record.configuration["model.activation"]] * len(widths)
    return tuple(zip(widths, activations, strict=True))


def network_name(record: TrialRecord, *suffix: str) -> str:
    """Return a name that says the network, such as "d3-64x64x32-relu-lr3e-3"."""
    return run_name(hidden_layers(record), record.configuration["optimizer.lr"], *suffix)


def trial_run(record: TrialRecord, study: str, settings: Mapping[str, Any]) -> RunRecord:
    """Return the run of one trial that has ended, below the run of its sweep.

    settings: the sweep's flat configuration, of which the trial's own keys are put in their places.
    """
    metrics = {**record.metrics, "seconds": record.seconds, "epochs": float(record.epochs)}
    if record.state == "complete" and len(record.scores) > 1:
        metrics[f"score/{record.metric}_se"] = standard_error(record)
    tags = _tags(study, record.stage, record.depth, record.state) | {"dnnexp.trial": str(record.number)}
    if record.reason:
        tags["dnnexp.reason"] = record.reason
    return RunRecord(
        key=f"{study}/d{record.depth:02d}/{record.stage}/t{record.number}",
        name=network_name(record, f"t{record.number:03d}"),
        role=record.stage,
        parent=study,
        params=network_params(record, settings),
        metrics=metrics,
        curves=record.curves,
        tags=tags,
        status=STATUSES[record.state],
        start_time=None if record.started is None else record.started.timestamp(),
        end_time=None if record.ended is None else record.ended.timestamp(),
    )


def network_params(record: TrialRecord, settings: Mapping[str, Any]) -> dict[str, object]:
    """Return the parameters of the trial's run: what decides its network and score, as it was built.

    settings: the sweep's flat configuration; it has the keys that mean something, the trial has their values.
    """
    built = {
        key: record.configuration.get(key, value) for key, value in settings.items() if not key.startswith(OF_THE_SWEEP)
    }
    return built_params(built, hidden_layers(record), record.parameters)


def sweep_run(
    study: str, settings: Mapping[str, Any], climb: Climb | None, artifacts: Mapping[str, str | bytes]
) -> RunRecord:
    """Return the run of the sweep: the depth curve with step = depth, and the answer's files. climb None: it begins."""
    summaries = () if climb is None else climb.summaries
    curves: dict[str, dict[int, float]] = {}
    for summary in summaries:
        for key, value in _depth_metrics(summary).items():
            if math.isfinite(value):
                curves.setdefault(key, {})[summary.depth] = value
    searched = {key: value for key, value in settings.items() if not key.startswith("model.")}
    return RunRecord(
        key=study,
        name=study,
        role="sweep",
        params=searched,
        curves=curves,
        tags={"dnnexp.study": study, "dnnexp.role": "sweep"},
        artifacts=artifacts,
        status="RUNNING" if climb is None else "FINISHED",
    )


def _depth_metrics(summary: DepthSummary) -> dict[str, float]:
    counts = {"complete": summary.complete, "diverged": summary.diverged, "pruned": summary.pruned}
    metrics = {f"depth/trials_{state}": float(count) for state, count in counts.items()}
    if summary.best is not None and summary.score is not None and summary.standard_error is not None:
        metric = summary.best.metric
        metrics |= {f"depth/{metric}": summary.score, f"depth/{metric}_se": summary.standard_error}
        if f"test/{metric}" in summary.best.metrics:
            metrics[f"depth/test_{metric}"] = summary.best.metrics[f"test/{metric}"]
    if summary.gain is not None:
        metrics |= {"depth/gain": summary.gain.estimate, "depth/gain_se": summary.gain.standard_error}
    return metrics


def _tags(study: str, role: str, depth: int, state: str) -> dict[str, str]:
    return {"dnnexp.study": study, "dnnexp.role": role, "dnnexp.depth": str(depth), "dnnexp.state": state}


def leaderboard(records: Iterable[TrialRecord]) -> str:
    """Return all trials that ended with a network as CSV, the best mean score on top."""
    ended = [record for record in records if record.state in STATUSES and record.stage != "confirm"]
    sign = -1 if any(not record.greater_is_better for record in ended) else 1
    ended.sort(key=lambda r: (r.score is None, -sign * (r.score or 0), r.parameters, r.key))
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for rank, record in enumerate(ended, start=1):
        is_complete = record.score is not None
        hidden = hidden_layers(record)
        table.writerow(
            [
                rank if is_complete else "", network_name(record), record.depth, record.stage, record.number,
                record.state, record.score if is_complete else "", _error_cell(record),
                record.metrics.get(f"test/{record.metric}", ""), record.parameters,
                "x".join(str(units) for units, _ in hidden), activation_text(hidden),
                record.configuration["optimizer.lr"], record.configuration["optimizer.weight_decay"],
                *_training_cells(record), record.epochs,
                round(record.seconds, 3), record.reason,
            ]
        )  # fmt: skip
    return text.getvalue()


def _training_cells(record: TrialRecord) -> list[object]:
    """Return dropout, batch size, scaling, skew and the number of columns that are kept, in words where it is all."""
    configuration = record.configuration
    return [
        configuration.get("model.dropout", ""),
        configuration.get("trainer.batch_size", "") or "all",
        configuration.get("data.preprocessing.scaling", ""),
        configuration.get("data.preprocessing.skew", ""),
        configuration.get("data.preprocessing.select") or "all",
    ]


def _error_cell(record: TrialRecord) -> float | str:
    """Return the standard error of the score, an empty cell where none is known."""
    error = standard_error(record)
    return "" if math.isnan(error) else error
