"""The recorder of a data set's experiment, told where every run comes from; models are logged to its runs."""

from __future__ import annotations

import tempfile
from pathlib import Path

from dnnexp.config import Config
from dnnexp.evaluation.protocol import Protocol
from dnnexp.predictor import Predictor
from dnnexp.tracking.guide import guide
from dnnexp.tracking.model import log_model, register
from dnnexp.tracking.provenance import provenance
from dnnexp.tracking.recorder import Recorder
from dnnexp.tracking.store import TrackingError

__all__ = ["open_recorder", "record_model"]

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
    return Recorder(config.tracking_uri, config.paths.folder, name, guide(name), {**provenance(command), **facts})


def record_model(recorder: Recorder, run_id: str, predictor: Predictor, protocol: Protocol, name: str = "") -> str:
    """Log the predictor to the run; with a name, register it there under the alias `champion`.

    Returns its address, "" where MLflow did not take it (the recorder's `trouble` says why).
    """
    inputs = protocol.dataset.X.iloc[protocol.split.development[:EXAMPLES]]
    try:
        store = recorder.connect()
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "predictor.npz")
            predictor.save(file)
            address = log_model(store, run_id, file, inputs, predictor.predict(inputs))
        return register(store, run_id, name) if name else address
    except TrackingError as error:
        recorder.trouble = str(error)
        return ""
