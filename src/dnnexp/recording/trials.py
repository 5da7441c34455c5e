"""The record of a sweep's trials, each as it ends: all that a worker needs, so that it starts quickly."""

from __future__ import annotations

from dnnexp.config import Config
from dnnexp.evaluation.protocol import Protocol
from dnnexp.recording.ledger import open_recorder
from dnnexp.search.journal import trial_run
from dnnexp.search.records import TrialRecord
from dnnexp.tracking.recorder import Recorder

__all__ = ["TrialRecorder"]


class TrialRecorder:
    """Records trials below the run of their sweep. Trouble with MLflow ends nothing: what is not sent is kept."""

    def __init__(self, config: Config, protocol: Protocol, study: str, command: str) -> None:
        self._config, self._study = config, study
        self._settings = config.flat()
        self._recorder: Recorder | None = None
        if config.tracking.enabled:
            self._recorder = open_recorder(config, protocol, command)

    def trial(self, record: TrialRecord) -> None:
        """Record a trial that has ended."""
        if self._recorder is not None and record.state != "failed":
            self._recorder.record(trial_run(record, self._study, self._settings))
