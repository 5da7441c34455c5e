"""The recorder: run records into MLflow, each once; what cannot be delivered now is kept and delivered later."""

from __future__ import annotations

import hashlib
import re
import sqlite3
import tempfile
import time
from collections.abc import Mapping, Set
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from mlflow.entities import Metric, Run, RunStatus
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from dnnexp.redaction import redact
from dnnexp.tracking.entities import KEY_TAG, Entities, batches, dataset_input, entities, key_of, tag_of
from dnnexp.tracking.keyed_runs import KeyedRuns
from dnnexp.tracking.links import resolved
from dnnexp.tracking.records import DataRecord, RunRecord
from dnnexp.tracking.store import NOTE, Store, TrackingError, one_line, open_store
from dnnexp.tracking.unsent import Unsent
from dnnexp.tracking.views import View, run_color, view_tag

__all__ = ["TROUBLE", "Recorder"]

TROUBLE = (MlflowException, SQLAlchemyError, sqlite3.Error, OSError, TrackingError)
PAUSE = 30.0  # seconds after a failure in which records are kept without trying
SHARE = 0.1  # of the time at most that attempts may take which end in a failure: a server may accept and not answer
CHANGED_TAG, ROLE_TAG = "dnnexp.changed", "dnnexp.role"
FORMER = "former"  # of what was a study's choice, until more was tried
TRIALS = ("screen", "rescore", "confirm")  # many, and new when they come: looking for them first would cost more


class Connection(NamedTuple):
    """An open store, and the ids of the experiments in it by their names."""

    store: Store
    experiments: dict[str, str]


class Recorder:
    """Records runs in one experiment of one store; what was kept for other experiments of the store goes to theirs.

    No method but `recorded`, `show` and `connect` raises for trouble with MLflow: `trouble` then says what it was, and
    the record waits for this store as a file under root/outputs/unsent. The store is opened when it is first needed.
    """

    def __init__(
        self,
        uri: str,
        root: Path,
        experiment: str,
        description: str = "",
        context: Mapping[str, str] | None = None,
        data: DataRecord | None = None,
    ) -> None:
        """context: tags that every run gets, such as `provenance()`. data: what every run was made from."""
        self.uri = uri
        self.root = root
        self.experiment = experiment
        self.description = description
        self.context = {key: redact(value) for key, value in (context or {}).items()}
        self.data = data
        self.unsent = Unsent(root / "outputs" / "unsent" / _folder_name(uri))
        self.lost: set[str] = set()  # keys of records that could be neither sent nor kept
        self.sent: set[str] = set()  # keys of ended runs that this recorder has brought into its experiment
        self.trouble = ""  # what went wrong last, in one line; empty when all is well
        self._connection: Connection | None = None
        self._run_ids: dict[tuple[str, str], str] = {}  # of parents, by experiment and key
        self._pause_ends = 0.0

    def record(self, run: RunRecord) -> str | None:
        """Record the run and return its id; None where that failed and the record is kept (see `trouble`).

        A run that has ended is left as it is when its key comes again. A sweep is opened by its first record and
        brought up to date by later ones: new points of its curves are added, files are replaced.
        """
        return self._deliver(
            replace(
                run,
                tags={**self.context, **run.tags},  # of this command, whichever sends the record in the end
                experiment=run.experiment or self.experiment,
                data=run.data or self.data,
            )
        )

    def _deliver(self, run: RunRecord) -> str | None:
        if time.monotonic() >= self._pause_ends:
            began = time.monotonic()
            try:
                earlier = self.unsent.find(run.key)
                run_id = self._send(run)
                if earlier is not None and earlier.experiment in ("", run.experiment):
                    self.unsent.forget(earlier)  # sent later, it would undo what this one says
            except TROUBLE as error:
                self.trouble = one_line(error)
                failed = time.monotonic()
                self._pause_ends = failed + max(PAUSE, (failed - began) / SHARE)
            else:
                self.trouble = ""
                self.lost.discard(run.key)
                return run_id
        try:
            self.unsent.keep(run)
            self.lost.discard(run.key)
        except OSError as error:
            self.lost.add(run.key)
            self.trouble += f"; and {run.key!r} could not be kept either: {one_line(error)}"
        return None

    def send_unsent(self) -> int:
        """Deliver what was kept, as far as the store takes it, and return how many records went."""
        sent = 0
        waiting = list(self.unsent.waiting())
        for run in waiting:
            try:
                self._send(run, is_retry=True)
            except TROUBLE as error:
                self.trouble = one_line(error)
                if isinstance(error, TrackingError) or _is_refusal(error):
                    continue
                return sent
            self.unsent.forget(run)
            sent += 1
        if sent:
            self._pause_ends = 0.0  # MLflow is there again
        for run in waiting:
            if run.role == "sweep" and sent:  # again, now that the runs which it links to are there
                self._deliver(run)
        if not len(self.unsent):
            self.trouble, self._pause_ends = "", 0.0
        return sent

    def recorded(self, prefix: str = "") -> set[str]:
        """Return the keys that begin with prefix of all runs that have ended, or are kept to be sent.

        Raises TrackingError where the store cannot be read.
        """
        tag = f"tags.`{KEY_TAG}`"
        condition = f"{tag} LIKE '{tag_of(prefix)}%' AND attributes.status != 'RUNNING'"
        try:
            found = self._keyed_runs().search(condition, self._experiment_id(self.experiment))
        except TROUBLE as error:
            raise TrackingError(f"{redact(self.uri)}: {one_line(error)}") from error
        keys = {key_of(run.data.tags[KEY_TAG]) for run in found}
        keys |= {run.key for run in self.unsent.waiting() if run.experiment in ("", self.experiment)}
        return {key for key in keys if key.startswith(prefix)}

    def retire(self, prefixes: Mapping[str, str], current: Set[str]) -> None:
        """Give the runs whose keys begin with a prefix its role where they are current, else the role `former`.

        prefixes: from what keys begin with to a role. Trouble is said by `trouble`.
        """
        try:
            keyed, experiment_id = self._keyed_runs(), self._experiment_id(self.experiment)
            for prefix, role in prefixes.items():
                for run in keyed.search(f"tags.`{KEY_TAG}` LIKE '{tag_of(prefix)}%'", experiment_id):
                    now = role if key_of(run.data.tags[KEY_TAG]) in current else FORMER
                    if run.data.tags.get(ROLE_TAG) != now:
                        keyed.client.set_tag(run.info.run_id, ROLE_TAG, now)
        except TROUBLE as error:
            self.trouble = one_line(error)

    def show(self, view: View) -> str:
        """Prepare a view of the runs in the MLflow UI and return its address there, from the # on."""
        try:
            experiment_id = self._experiment_id(self.experiment)
            key, value = view_tag(view)
            self._connect().store.client.set_experiment_tag(experiment_id, key, value)
        except TROUBLE as error:
            raise TrackingError(f"{redact(self.uri)}: {one_line(error)}") from error
        return view.address(experiment_id)

    def connect(self) -> Store:
        """Return the open store. Raises TrackingError where it cannot be opened."""
        try:
            self._experiment_id(self.experiment)
            return self._connect().store
        except TROUBLE as error:
            raise TrackingError(f"{redact(self.uri)}: {one_line(error)}") from error

    def _connect(self) -> Connection:
        if self._connection is None:
            store = open_store(self.uri, self.root)
            self._connection = Connection(store, {})
        return self._connection

    def _experiment_id(self, name: str) -> str:
        """Return the id of the experiment, made if need be; only this recorder's own is described here."""
        store, experiments = self._connect()
        if name not in experiments:
            experiments[name] = store.experiment(name, self.description if name == self.experiment else "")
        return experiments[name]

    def _send(self, record: RunRecord, *, is_retry: bool = False) -> str:
        connection = self._connect()
        experiment_id = self._experiment_id(record.experiment or self.experiment)
        is_sweep = record.role == "sweep"
        values = entities(record)
        if "dnnexp.depth" in values.tags:
            values.tags["mlflow.runColor"] = run_color(int(values.tags["dnnexp.depth"]))
        if record.parent is not None:
            values.tags["mlflow.parentRunId"] = self._parent_id(record.parent, experiment_id)

        keyed = self._keyed_runs()
        run = keyed.claim(record, values.tags, experiment_id, look_first=is_retry or record.role not in TRIALS)
        if NOTE in values.tags:
            values.tags[NOTE] = resolved(values.tags[NOTE], experiment_id, run.info.run_id, keyed.find)
        if is_sweep:
            self._run_ids[experiment_id, record.key] = run.info.run_id
            values = self._news(run, values)
        elif RunStatus.is_terminated(RunStatus.from_string(run.info.status)):
            self._log_model(connection.store, run.info.run_id, record)
            return str(run.info.run_id)
        there = run.data.tags  # a run that has just been made has its tags already
        values = values._replace(tags={key: text for key, text in values.tags.items() if there.get(key) != text})
        self._write(connection.store, run.info.run_id, values)
        self._log_model(connection.store, run.info.run_id, record)
        if record.data is not None and not (run.inputs and run.inputs.dataset_inputs):
            connection.store.client.log_inputs(run.info.run_id, [dataset_input(record.data)])
        if record.status == "RUNNING":
            connection.store.client.update_run(run.info.run_id, status="RUNNING")
        else:
            end = None if record.end_time is None else round(record.end_time * 1000)
            connection.store.client.set_terminated(run.info.run_id, record.status, end)
            if record.experiment in ("", self.experiment):
                self.sent.add(record.key)
        return str(run.info.run_id)

    def _write(self, store: Store, run_id: str, values: Entities) -> None:
        for batch in batches(values):
            store.client.log_batch(run_id, batch.metrics, batch.params, batch.tags)
        if values.artifacts:
            with tempfile.TemporaryDirectory() as folder:
                for path, content in values.artifacts.items():
                    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
                        raise TrackingError(f"artifacts: need a path inside the run, got {path!r}")
                    file = Path(folder, path)
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_bytes(content if isinstance(content, bytes) else content.encode())
                store.client.log_artifacts(run_id, folder)

    def _log_model(self, store: Store, run_id: str, record: RunRecord) -> None:
        """Log the record's model, if it has one, and register it, if it is to be; what is done already is left."""
        if record.model is None:
            return
        from dnnexp.tracking.model import log_model, register  # heavy, and most runs have none

        log_model(store, run_id, record.model)
        if record.model.registered:
            register(store, run_id, record.model.registered)

    def _news(self, run: Run, values: Entities) -> Entities:
        """Return what the run does not have yet. A parameter never changes in MLflow: a tag says what it is now."""
        client, known = self._connect().store.client, run.data.params
        changed = [
            f"{p.key}: {known[p.key]} → {p.value}" for p in values.params if known.get(p.key, p.value) != p.value
        ]
        tags = values.tags | ({CHANGED_TAG: "; ".join(changed)} if changed else {})
        metrics: list[Metric] = []
        for key in dict.fromkeys(metric.key for metric in values.metrics):
            latest: dict[int, float] = {}
            if key in run.data.metrics:
                history = client.get_metric_history(run.info.run_id, key)
                latest = {m.step: m.value for m in sorted(history, key=lambda m: m.timestamp)}
            metrics += [m for m in values.metrics if m.key == key and latest.get(m.step) != m.value]
        params = [p for p in values.params if p.key not in known]
        return Entities(params, metrics, tags, values.artifacts)

    def _parent_id(self, key: str, experiment_id: str) -> str:
        if (experiment_id, key) not in self._run_ids:
            found = self._keyed_runs().find(key, experiment_id)
            if found is None:
                raise TrackingError(f"parent: no run with key {key!r} in {redact(self.uri)}")
            self._run_ids[experiment_id, key] = found
        return self._run_ids[experiment_id, key]

    def _keyed_runs(self) -> KeyedRuns:
        return KeyedRuns(self._connect().store.client)


def _folder_name(uri: str) -> str:
    """Return a name for the store as one reads it, without passwords, and by which no two are mixed up."""
    words = re.sub(r"[^\w.]+", "-", redact(uri)).strip("-")[:40]
    return f"{words}-{hashlib.sha256(uri.encode()).hexdigest()[:8]}"


def _is_refusal(error: Exception) -> bool:
    """Return whether MLflow refused this very record, so that another may go."""
    return isinstance(error, MlflowException) and error.error_code == "INVALID_PARAMETER_VALUE"
