"""Runs by their keys, of which MLflow knows nothing: found again, and made once, whoever else is making them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping

from mlflow import MlflowClient
from mlflow.entities import Run

from dnnexp.redaction import redact
from dnnexp.tracking.entities import KEY_TAG, tag_of
from dnnexp.tracking.records import RunRecord
from dnnexp.tracking.store import TrackingError

__all__ = ["KeyedRuns"]

PAGE = 1000  # runs in one answer to a search
ATTEMPTS = 6  # to be the one who makes a run


class KeyedRuns:
    """The runs of a store that carry a key."""

    def __init__(self, client: MlflowClient) -> None:
        self.client = client

    def claim(self, record: RunRecord, tags: Mapping[str, str], experiment_id: str, *, look_first: bool) -> Run:
        """Return the one run with the record's key, a new one where there is none.

        MLflow knows no unique tags. Whoever has made a run and then sees another with its key removes its own and
        begins again, after a pause of its own length: of several only one can ever have seen itself alone.
        """
        start = None if record.start_time is None else round(record.start_time * 1000)
        for attempt in range(ATTEMPTS):
            found = self._with_key(record.key, experiment_id) if look_first or attempt else []
            if len(found) == 1 or (found and attempt == ATTEMPTS - 1):
                return min(found, key=lambda run: (run.info.status == "RUNNING", run.info.run_id))
            if not found:
                own = self.client.create_run(experiment_id, start, dict(tags), redact(record.name))
                if len(self._with_key(record.key, experiment_id)) == 1:
                    return own
                self.client.delete_run(own.info.run_id)
            time.sleep((20 + secrets.randbelow(80)) / 1000 * 2**attempt)
        raise TrackingError(f"key {record.key!r}: other processes keep making runs of it")

    def find(self, key: str, experiment_id: str) -> str | None:
        """Return the id of the run with the key, None where there is none."""
        return next((str(run.info.run_id) for run in self._with_key(key, experiment_id)), None)

    def search(self, condition: str, experiment_id: str) -> list[Run]:
        """Return all runs of the experiment that meet a condition in MLflow's search language."""
        runs: list[Run] = []
        token: str | None = None
        while True:
            page = self.client.search_runs([experiment_id], condition, max_results=PAGE, page_token=token)
            runs += page
            token = page.token
            if not token:
                return runs

    def _with_key(self, key: str, experiment_id: str) -> list[Run]:
        return self.search(f"tags.`{KEY_TAG}` = '{tag_of(key)}'", experiment_id)
