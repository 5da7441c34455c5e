"""The two runs of a comparison: each a run of one configuration, with the difference to the other beside its scores."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple
from urllib.parse import quote

from dnnexp.config import Config
from dnnexp.evaluation.comparison import Comparison
from dnnexp.evaluation.cross_validation import Evaluation
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.refit import Refit
from dnnexp.recording.ledger import looking_glass, open_recorder, unreached
from dnnexp.recording.models import model_record, with_card
from dnnexp.recording.single import single_run
from dnnexp.tracking.recorder import TROUBLE, Recorder
from dnnexp.tracking.records import RunRecord

__all__ = ["Side", "record_sides"]


class Side(NamedTuple):
    """One of the two configurations, and what became of it."""

    name: str  # "A" or "B"
    words: str  # what sets it apart from the other, such as "model.depth=1"
    config: Config
    evaluation: Evaluation
    refitted: Refit | None  # None: `trouble` says why there is no network
    trouble: str
    started: float  # seconds since 1970
    ended: float


def record_sides(
    sides: Sequence[Side],
    protocol: Protocol,
    comparison: Comparison | None,
    sentences: Sequence[str],
    token: str,
    command: str,
) -> str:
    """Record the runs in MLflow, those without a network too; return a sentence that says where they are.

    comparison None: a side has no network, and there is nothing to compare. token: what the runs of this comparison
    share.
    """
    config = sides[0].config
    recorder = open_recorder(config, protocol, command)
    recorder.send_unsent()
    recorded = []
    for side in sides:
        others = [other for other in sides if other.name != side.name]
        run_id = recorder.record(side_run(side, others, protocol, comparison, sentences, token))
        if run_id is not None:
            recorded.append(run_id)
    if len(recorded) < len(sides):
        return unreached(recorder)
    shown = looking_glass(config)
    page = compare_page(recorder, recorded)
    address = f"{shown}/{page}" if shown.startswith("http") else f"{shown}, then http://127.0.0.1:5000/{page}"
    return f"Recorded in MLflow; side by side: {address}"


def compare_page(recorder: Recorder, run_ids: Sequence[str]) -> str:
    """Return where the MLflow UI shows runs beside each other, from the # on; its start where that is not known."""
    try:
        experiment = recorder.connect().client.get_run(run_ids[0]).info.experiment_id
    except TROUBLE:
        return ""
    runs, experiments = (quote(json.dumps(ids, separators=(",", ":"))) for ids in (list(run_ids), [experiment]))
    return f"#/compare-runs?runs={runs}&experiments={experiments}"


def side_run(
    side: Side,
    others: Sequence[Side],
    protocol: Protocol,
    comparison: Comparison | None,
    sentences: Sequence[str],
    token: str,
) -> RunRecord:
    """Return the run of one side: that of its configuration, tagged with what it is compared to."""
    run = single_run(
        f"compare/{token}/{side.name}",
        side.config,
        protocol,
        side.evaluation,
        side.refitted,
        side.trouble,
        side.started,
    )
    tags = {
        "dnnexp.comparison": token,
        "dnnexp.side": side.name,
        "dnnexp.settings": side.words,
        "dnnexp.compared_with": "; ".join(f"{other.name}: {other.words}" for other in others),
    }
    gained: Mapping[str, float] = {}
    if comparison is not None:
        gained = gain_metrics(comparison, protocol.metric_name, of_a=side.name == "A")
        tags["dnnexp.distinguishable"] = "yes" if comparison.gain.excludes_zero else "no"
    files = {"comparison.txt": "\n".join(sentences) + "\n"} if sentences else {}
    return replace(
        run,
        name=f"{run.name}-{side.name}",
        metrics={**run.metrics, **gained, "seconds": side.ended - side.started},
        tags={**run.tags, **tags},
        artifacts={**run.artifacts, **files},
        end_time=side.ended,
        model=None
        if side.refitted is None
        else model_record(with_card(side.refitted, protocol, side.config), protocol),
    )


def gain_metrics(comparison: Comparison, metric: str, *, of_a: bool) -> dict[str, float]:
    """Return what this side gained over the other, positive where it is better, and how often it was better."""
    gain, probability = comparison.gain, comparison.superiority.probability
    values = {
        f"compare/{metric}_gain": gain.estimate if of_a else -gain.estimate,
        f"compare/{metric}_gain_se": gain.standard_error,
        f"compare/{metric}_gain_low": gain.low if of_a else -gain.high,
        f"compare/{metric}_gain_high": gain.high if of_a else -gain.low,
        "compare/probability": probability.estimate if of_a else 1 - probability.estimate,
        "compare/probability_low": probability.low if of_a else 1 - probability.high,
        "compare/probability_high": probability.high if of_a else 1 - probability.low,
    }
    return {name: value for name, value in values.items() if math.isfinite(value)}
