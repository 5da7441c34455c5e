"""A run record in MLflow's own terms: parameters, metrics and tags, within its limits, fit to be seen by anybody."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from urllib.parse import quote, unquote

from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

from dnnexp.redaction import environment_secrets, redact
from dnnexp.tracking.records import DataRecord, RunRecord

__all__ = ["KEY_TAG", "Batch", "Entities", "batches", "dataset_input", "entities", "key_of", "tag_of"]

METRICS_AT_ONCE = 1000
PARAMS_AT_ONCE = 100
TAGS_AT_ONCE = 100
PARAM_LENGTH = 6000  # characters; MLflow cuts what is longer, and says nothing
TAG_LENGTH = 8000
DIGEST_LENGTH = 36  # characters
KEY_TAG = "dnnexp.key"
NOT_FINITE_TAG = "dnnexp.not_finite"
FIRST = ("score/", "test/")  # metrics that are sent first: MLflow's compare page opens with the first of them


class Entities(NamedTuple):
    """What a record comes to in MLflow."""

    params: list[Param]
    metrics: list[Metric]
    tags: dict[str, str]
    artifacts: dict[str, str | bytes]


class Batch(NamedTuple):
    """What one call may carry."""

    metrics: Sequence[Metric]
    params: Sequence[Param]
    tags: Sequence[RunTag]


def tag_of(key: str) -> str:
    """Return a record's key as its tag has it: free of quotes and wildcards, so that a search can name it."""
    return quote(key, safe="/.-_ ")


def key_of(tag: str) -> str:
    """Return the key that `tag_of` wrote."""
    return unquote(tag)


def entities(record: RunRecord) -> Entities:
    """Return the record as MLflow's entities, passwords redacted.

    A parameter too long for MLflow becomes its hash, and an artifact with the whole of it. Values that are not finite
    are left out, as MLflow would store 1.8e308 for infinity and 0 for NaN; a tag tells where they were.
    """
    params, artifacts, secrets = [], dict(record.artifacts), environment_secrets()
    for key, value in record.params.items():
        text = redact(str(value), secrets)
        if len(text) > PARAM_LENGTH:
            path = f"params/{key}.txt"
            artifacts[path] = text
            text = f"sha256:{hashlib.sha256(text.encode()).hexdigest()} ({len(text)} characters, in {path})"
        params.append(Param(key, text))
    metrics, gaps = _metrics(record)
    tags = {key: redact(value, secrets)[:TAG_LENGTH] for key, value in record.tags.items()}
    tags |= {KEY_TAG: tag_of(record.key), "dnnexp.role": record.role}
    if gaps:
        tags[NOT_FINITE_TAG] = "; ".join(gaps)[:TAG_LENGTH]
    texts = {
        path: redact(content, secrets) if isinstance(content, str) else content for path, content in artifacts.items()
    }
    return Entities(params, metrics, tags, texts)


def batches(values: Entities) -> Iterator[Batch]:
    """Yield what has to be sent, in as few calls as MLflow allows."""
    tags = [RunTag(key, value) for key, value in values.tags.items()]
    metrics, params = values.metrics, values.params
    while metrics or params or tags:
        params_now, params = params[:PARAMS_AT_ONCE], params[PARAMS_AT_ONCE:]
        tags_now, tags = tags[:TAGS_AT_ONCE], tags[TAGS_AT_ONCE:]
        room = METRICS_AT_ONCE - len(params_now) - len(tags_now)
        metrics_now, metrics = metrics[:room], metrics[room:]
        yield Batch(metrics_now, params_now, tags_now)


def dataset_input(data: DataRecord) -> DatasetInput:
    """Return the data as MLflow's dataset: the begin of its SHA-256 is the digest, the whole stands in the profile."""
    known = {
        "num_rows": data.rows,
        "num_test_rows": data.test_rows,
        "num_columns": data.columns,
        "task": data.task,
        "sha256": data.sha256,
        "test_rows_sha256": data.split_sha256,
    }
    source = json.dumps({"uri": redact(data.source)})
    digest = data.sha256[:DIGEST_LENGTH]
    dataset = Dataset(data.name, digest, "local", source, profile=json.dumps(known))
    return DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])


def _metrics(record: RunRecord) -> tuple[list[Metric], list[str]]:
    """Return metrics with times between start and end, and a text for each key that was not finite somewhere.

    The final value of a metric that has a curve stands at the curve's last step, at a later time: MLflow takes the
    last of the last step for the metric's value.
    """
    end = record.end_time if record.end_time is not None else time.time()
    start = min(record.start_time if record.start_time is not None else end, end)
    metrics, gaps = [], []
    for key in sorted({**record.metrics, **record.curves}, key=lambda key: not key.startswith(FIRST)):
        curve = record.steps(key)
        last = max(curve, default=0)
        points = [(step, value, start + (end - start) * step / (last + 1)) for step, value in sorted(curve.items())]
        if key in record.metrics:
            points.append((last, record.metrics[key], end))
        lost = [(step, value) for step, value, _ in points if not math.isfinite(value)]
        if lost:
            gaps.append(f"{key}: {lost[0][1]} from step {lost[0][0]}, {len(lost)} of {len(points)} values")
        metrics += [Metric(key, float(v), round(t * 1000), step) for step, v, t in points if math.isfinite(v)]
    return metrics, gaps
