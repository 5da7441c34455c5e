"""What is recorded of a sweep: each trial, the choice and the sweep itself as run records, from the trial records."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from dnnexp.evaluation.statistics import corrected_standard_error, error_metric
from dnnexp.evaluation.yardsticks import Baseline
from dnnexp.search.ladder import Climb
from dnnexp.search.records import TrialRecord
from dnnexp.search.summary import DepthSummary, standard_error
from dnnexp.tracking.labels import activation_text, built_params, run_name
from dnnexp.tracking.records import RunRecord

__all__ = [
    "Standing", "StudyRuns", "hidden_layers", "leaderboard", "network_name", "network_params", "ranked",
    "selection_tags", "sweep_run", "trial_run",
]  # fmt: skip

STATUSES = {"complete": "FINISHED", "pruned": "KILLED", "diverged": "FAILED"}
OF_THE_SWEEP = ("search.", "tracking.", "paths.", "study", "storage", "source", "output")  # not of one network
COLUMNS = (
    "rank", "network", "depth", "trial", "state", "score", "standard_error", "networks", "screening", "test",
    "parameters", "widths", "activation", "lr", "weight_decay", "dropout", "batch_size", "scaling", "skew", "columns",
    "epochs", "seconds", "reason",
)  # fmt: skip


class StudyRuns(NamedTuple):
    """What the runs of a study are told apart by: another study of its name may be in the same store of MLflow."""

    name: str
    identity: str = ""  # made with the study; "" where it was begun before studies had one

    def key(self, *parts: str) -> str:
        """Return the key of a run, that of the sweep itself without parts."""
        return "/".join((f"{self.name}~{self.identity}" if self.identity else self.name, *parts))

    @property
    def tags(self) -> dict[str, str]:
        """The tags that say of a run which study it belongs to."""
        return {"dnnexp.study": self.name} | ({"dnnexp.study_id": self.identity} if self.identity else {})


def hidden_layers(record: TrialRecord) -> tuple[tuple[int, str], ...]:
    """Return (units, activation) of each hidden layer that was built."""
    widths: Sequence[int] = record.configuration["model.widths"]
    activations = record.configuration["model.activations"] or [record.configuration["model.activation"]] * len(widths)
    return tuple(zip(widths, activations, strict=True))


def network_name(record: TrialRecord, *suffix: str) -> str:
    """Return a name that says the network, such as "d3-64x64x32-relu-lr3e-3"."""
    return run_name(hidden_layers(record), record.configuration["optimizer.lr"], *suffix)


def trial_run(record: TrialRecord, study: StudyRuns, settings: Mapping[str, Any]) -> RunRecord:
    """Return the run of one trial that has ended, below the run of its sweep.

    settings: the sweep's flat configuration, of which the trial's own keys are put in their places.
    """
    metrics = {**record.metrics, "seconds": record.seconds, "epochs": float(record.epochs)}
    metrics |= error_metric(record.metric, record.scores, record.n_train, record.n_score)
    tags = study.tags | selection_tags(settings)
    tags |= {
        "dnnexp.role": record.stage,
        "dnnexp.depth": str(record.depth),
        "dnnexp.state": record.state,
        "dnnexp.trial": str(record.origin),
    }
    if record.reason:
        tags["dnnexp.reason"] = record.reason
    return RunRecord(
        key=study.key(f"d{record.depth:02d}", record.stage, f"t{record.number}"),
        name=network_name(record, f"t{record.origin:03d}", *([] if record.stage == "screen" else [record.stage])),
        role=record.stage,
        parent=study.key(),
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
    study: StudyRuns,
    settings: Mapping[str, Any],
    climb: Climb | None,
    artifacts: Mapping[str, str | bytes],
    status: str = "RUNNING",
    baselines: Sequence[Baseline] = (),
) -> RunRecord:
    """Return the run of the sweep: the depth curve with step = depth, and the answer's files.

    climb None: it has that status yet; else it is finished. Where the test rows choose, names and keys say optimistic.
    """
    is_optimistic = settings.get("search.selection") == "test"
    summaries = () if climb is None else climb.summaries
    curves: dict[str, dict[int, float]] = {}
    for summary in summaries:
        for key, value in _depth_metrics(summary, "optimistic/" if is_optimistic else "").items():
            if math.isfinite(value):
                curves.setdefault(key, {})[summary.depth] = value
    searched = {key: value for key, value in settings.items() if not key.startswith("model.")}
    return RunRecord(
        key=study.key(),
        name=f"{study.name} (optimistic)" if is_optimistic else study.name,
        role="sweep",
        params=searched,
        metrics={} if climb is None else _sweep_metrics(climb, baselines),
        curves=curves,
        tags=study.tags | {"dnnexp.role": "sweep"} | selection_tags(settings),
        artifacts=artifacts,
        status=status if climb is None else "FINISHED",
    )


def selection_tags(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the tag of what the test rows chose; none where development data did."""
    return {"dnnexp.selection": "test (optimistic)"} if settings.get("search.selection") == "test" else {}


def _sweep_metrics(climb: Climb, baselines: Sequence[Baseline]) -> dict[str, float]:
    """Return what is known of the sweep as a whole: how much its choice was flattered, and its baselines."""
    if climb.choice is None:
        return {}
    metric = climb.choice.metric
    metrics = {} if climb.optimism is None else {f"optimism/{metric}": climb.optimism}
    for base in baselines:
        name = base.name.replace(" ", "_")
        metrics[f"baseline/{metric}_{name}"] = float(base.scores.mean())
        metrics[f"baseline/{metric}_{name}_se"] = corrected_standard_error(base.scores, base.n_train, base.n_score)
        metrics[f"baseline/test_{metric}_{name}"] = base.test_score
    return {name: value for name, value in metrics.items() if math.isfinite(value)}


def _depth_metrics(summary: DepthSummary, prefix: str) -> dict[str, float]:
    counts = {"complete": summary.complete, "diverged": summary.diverged, "pruned": summary.pruned}
    metrics = {f"depth/trials_{state}": float(count) for state, count in counts.items()}
    if summary.best is not None and summary.score is not None and summary.standard_error is not None:
        metric = summary.best.metric
        metrics |= {f"{prefix}depth/{metric}": summary.score, f"{prefix}depth/{metric}_se": summary.standard_error}
        if summary.screened is not None and summary.optimism is not None and summary.screened.score is not None:
            metrics[f"depth/screening_{metric}"] = summary.screened.score
        if f"test/{metric}" in summary.best.metrics:
            metrics[f"depth/test_{metric}"] = summary.best.metrics[f"test/{metric}"]
    if summary.gain is not None:
        metrics |= {
            f"{prefix}depth/gain": summary.gain.estimate,
            f"{prefix}depth/gain_se": summary.gain.standard_error,
        }
    return metrics


class Standing(NamedTuple):
    """A configuration that was tried: as it was screened, and what it is judged by, fresh scores if it has any."""

    screened: TrialRecord
    judged: TrialRecord


def ranked(records: Iterable[TrialRecord]) -> list[Standing]:
    """Return all configurations that were tried, the best on top, those without a score below.

    What was scored again goes by that, before all others: their scores are of those that looked best, and fell.
    """
    ended = [record for record in records if record.state in STATUSES]
    again = {(r.depth, r.claim): r for r in ended if r.stage == "rescore"}
    tried = [record for record in ended if record.stage == "screen"]
    sign = -1 if any(not record.greater_is_better for record in ended) else 1

    def order(standing: Standing) -> tuple[Any, ...]:
        record = standing.judged
        return (
            record.score is None,
            record.stage != "rescore",
            -sign * (record.score or 0),
            record.parameters,
            record.key,
        )

    return sorted((Standing(r, again.get((r.depth, r.number), r)) for r in tried), key=order)


def leaderboard(
    records: Iterable[TrialRecord], baselines: Sequence[Baseline] = (), *, is_optimistic: bool = False
) -> str:
    """Return all configurations that were tried as CSV, the best on top, and below them the baselines.

    is_optimistic: depth and network are chosen by the column of test scores, whose name says so.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["test_optimistic" if name == "test" and is_optimistic else name for name in COLUMNS])
    for rank, (screened, record) in enumerate(ranked(records), start=1):
        is_complete = record.score is not None
        hidden = hidden_layers(screened)
        table.writerow(
            [
                rank if is_complete else "", network_name(screened), record.depth, screened.number,
                record.state, record.score if is_complete else "", _error_cell(record), len(record.scores),
                "" if screened.score is None else screened.score, record.metrics.get(f"test/{record.metric}", ""),
                screened.parameters, "x".join(str(units) for units, _ in hidden), activation_text(hidden),
                screened.configuration["optimizer.lr"], screened.configuration["optimizer.weight_decay"],
                *_training_cells(screened), record.epochs, round(record.seconds, 3), record.reason,
            ]
        )  # fmt: skip
    for base in baselines:
        known = {
            "network": base.name, "state": "baseline", "score": float(base.scores.mean()), "networks": len(base.scores),
            "standard_error": corrected_standard_error(base.scores, base.n_train, base.n_score),
            "test": base.test_score, "seconds": round(base.seconds, 3), "reason": base.trouble,
        }  # fmt: skip
        is_nan = {name for name, value in known.items() if isinstance(value, float) and math.isnan(value)}
        table.writerow(["" if name in is_nan else known.get(name, "") for name in COLUMNS])
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
