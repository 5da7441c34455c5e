"""Run records: everything that MLflow is told about a run, as plain values that need no MLflow."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from dnnexp.errors import require, require_choice

__all__ = ["ROLES", "STATUSES", "DataRecord", "ModelRecord", "RunRecord"]

ROLES = ("single", "range", "screen", "rescore", "confirm", "champion", "winner", "sweep")  # a sweep: parent of others
STATUSES = ("RUNNING", "FINISHED", "FAILED", "KILLED")

Curve = Sequence[float] | Mapping[int, float]  # by epoch from 1, or step -> value


@dataclass(frozen=True)
class ModelRecord:
    """The model that a run made."""

    content: bytes  # of a predictor's file
    example: str  # some rows of its input: JSON, with columns and data
    registered: str = ""  # its name in the registry, under the alias champion; "" for none


@dataclass(frozen=True)
class DataRecord:
    """The data of a run, as it is told of in MLflow."""

    name: str
    source: str  # a file, or the name of data that comes with the package
    sha256: str  # of the whole content
    split_sha256: str  # of the test rows
    rows: int
    test_rows: int
    columns: int
    task: str


@dataclass
class RunRecord:
    """One run. Its key says which: whatever is recorded under a key is recorded once, however often it is tried."""

    key: str  # for example "my-study/d3/screen/t42"
    name: str
    role: str = "single"
    parent: str | None = None  # key of the run this one belongs under
    params: Mapping[str, object] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)  # final values
    curves: Mapping[str, Curve] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    artifacts: Mapping[str, str | bytes] = field(default_factory=dict)  # path -> content
    status: str = "FINISHED"
    start_time: float | None = None  # seconds since 1970
    end_time: float | None = None  # None while it runs
    model: ModelRecord | None = None
    experiment: str = ""  # its name; "": that of the recorder
    data: DataRecord | None = None  # None: that of the recorder

    def __post_init__(self) -> None:
        require(bool(self.key), "key", "a key that is not empty", self.key)
        require_choice("role", self.role, ROLES)
        require_choice("status", self.status, STATUSES)
        if self.start_time is not None and self.end_time is not None:
            self.end_time = max(self.end_time, self.start_time)  # a clock may be set back meanwhile

    def steps(self, metric: str) -> dict[int, float]:
        """Return step -> value of a metric's curve, {} where it has none."""
        curve = self.curves.get(metric, ())
        return dict(curve) if isinstance(curve, Mapping) else dict(enumerate(curve, 1))

    def to_json(self) -> str:
        """Return the record as JSON text; bytes are written in base 64."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        values["params"] = {key: str(value) for key, value in self.params.items()}
        values["metrics"] = {key: float(value) for key, value in self.metrics.items()}
        values["curves"] = {key: [[s, float(v)] for s, v in self.steps(key).items()] for key in self.curves}
        values["tags"] = dict(self.tags)
        values["artifacts"] = {
            path: content if isinstance(content, str) else {"base64": base64.b64encode(content).decode()}
            for path, content in self.artifacts.items()
        }
        if self.model is not None:
            values["model"] = {**vars(self.model), "content": base64.b64encode(self.model.content).decode()}
        values["data"] = None if self.data is None else vars(self.data)
        return json.dumps(values)

    @classmethod
    def from_json(cls, text: str) -> RunRecord:
        """Return the record that `to_json` wrote. Raises ValueError or TypeError for anything else."""
        values: dict[str, Any] = json.loads(text)
        values["curves"] = {key: dict(map(tuple, points)) for key, points in values["curves"].items()}
        values["artifacts"] = {
            path: content if isinstance(content, str) else base64.b64decode(content["base64"])
            for path, content in values["artifacts"].items()
        }
        if values.get("model") is not None:
            values["model"] = ModelRecord(
                **{**values["model"], "content": base64.b64decode(values["model"]["content"])}
            )
        if values.get("data") is not None:
            values["data"] = DataRecord(**values["data"])
        return cls(**values)
