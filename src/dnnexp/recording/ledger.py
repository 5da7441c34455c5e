"""The recorder of a data set's experiment, told where every run comes from; models are logged to its runs."""

from __future__ import annotations

import tempfile
from pathlib import Path
from shlex import quote

from dnnexp.config import Config, PathsConfig
from dnnexp.evaluation.protocol import Protocol
from dnnexp.predictor import Predictor
from dnnexp.redaction import redact
from dnnexp.tracking.guide import guide
from dnnexp.tracking.model import log_model, register
from dnnexp.tracking.provenance import provenance
from dnnexp.tracking.recorder import TROUBLE, Recorder
from dnnexp.tracking.records import DataRecord
from dnnexp.tracking.store import Store, one_line

__all__ = ["looking_glass", "open_recorder", "record_model", "unreached"]

EXAMPLES = 5  # rows of the input example


def open_recorder(config: Config, protocol: Protocol, command: str) -> Recorder:
    """Return the recorder of the data set's experiment; nothing is opened or written yet."""
    facts = {
        "dnnexp.data": protocol.dataset.name,
        "dnnexp.data_sha256": protocol.dataset.sha256,
        "dnnexp.split_sha256": protocol.split.sha256,
        "dnnexp.metric": protocol.metric_name,
        "dnnexp.seed": str(config.seed),
        "dnnexp.threads": str(config.trainer.threads),
    }
    name = config.tracking.experiment or protocol.dataset.name
    context = {**provenance(command, config.trainer.threads), **facts}
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


def record_model(recorder: Recorder, run_id: str, predictor: Predictor, protocol: Protocol, name: str = "") -> str:
    """Log the predictor to the run, once; with a name, register it there under the alias `champion`.

    Returns why MLflow did not take it, "" where it did.
    """
    inputs = protocol.dataset.X.iloc[protocol.split.development[:EXAMPLES]]
    try:
        store = recorder.connect()
        if not _has_model(store, run_id):
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder, "predictor.npz")
                predictor.save(file)
                log_model(store, run_id, file, inputs, predictor.predict(inputs))
        if name:
            register(store, run_id, name)
    except TROUBLE as error:
        return one_line(error)
    return ""


def _has_model(store: Store, run_id: str) -> bool:
    outputs = store.client.get_run(run_id).outputs
    return outputs is not None and bool(outputs.model_outputs)


def unreached(recorder: Recorder) -> str:
    """Return a sentence on what MLflow did not take, and what becomes of it."""
    kept = "what it did not take is kept and sent by the next command" if len(recorder.unsent) else "nothing is kept"
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
    return "make ui" if config.paths.root == PathsConfig().root else f"make ui ROOT={quote(config.paths.root)}"
