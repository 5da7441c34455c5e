"""The recorder of a data set's experiment, told where every run comes from."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

from dnnexp.config import Config, own_root
from dnnexp.evaluation.protocol import Protocol
from dnnexp.recording.facts import fact_tags
from dnnexp.redaction import redact
from dnnexp.tracking.guide import guide
from dnnexp.tracking.recorder import Recorder
from dnnexp.tracking.records import DataRecord

__all__ = ["looking_glass", "open_recorder", "unreached"]


def open_recorder(config: Config, protocol: Protocol, command: str) -> Recorder:
    """Return the recorder of the data set's experiment; nothing is opened or written yet."""
    name = config.tracking.experiment or protocol.dataset.name
    context = fact_tags(config, protocol, command)
    return Recorder(config.tracking_uri, config.paths.folder, name, guide(name), context, _data(config, protocol))


def _data(config: Config, protocol: Protocol) -> DataRecord:
    dataset, split = protocol.dataset, protocol.split
    return DataRecord(
        name=dataset.name,
        source=str(config.data.path) if config.data.path else f"dnnexp, data={config.data.name}",
        sha256=dataset.sha256,
        split_sha256=split.sha256,
        rows=len(dataset.X),
        test_rows=len(split.test),
        columns=len(dataset.X.columns),
        task=dataset.task,
    )


def unreached(recorder: Recorder) -> str:
    """Return a sentence on what MLflow did not take, and what becomes of it."""
    kept = (
        "what it did not take is kept, and sent there by the next command"
        if len(recorder.unsent)
        else "nothing is kept"
    )
    lost = sorted(recorder.lost)
    if len(recorder.unsent) and lost:
        others = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
        kept += f", but for {lost[0]}{others}, which could not be kept either"
    return f"MLflow could not be reached ({recorder.trouble}); {kept}."


def looking_glass(config: Config) -> str:
    """Return what shows the runs: a command to type here, or the address of a server that is up already."""
    uri = config.tracking_uri
    if uri.startswith(("http://", "https://")):
        return redact(uri).rstrip("/")
    if Path(uri.removeprefix("sqlite:///")) != config.paths.folder / "mlflow.db":
        return f"the MLflow UI of {redact(uri)}"
    return f"make ui ROOT={quote(config.paths.root)}" if own_root(config) else "make ui"
