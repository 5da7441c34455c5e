"""The MLflow store: where it is, how it comes into being, and its experiments."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from dnnexp.errors import DnnexpError
from dnnexp.redaction import redact
from dnnexp.tracking.schema import require_store

__all__ = ["NOTE", "Store", "TrackingError", "one_line", "open_store"]

PATIENCE = 120.0  # seconds to wait for another process that is making the same database
NOTE = "mlflow.note.content"  # a description, in Markdown
QUOTES = "\"')"
ASIDE = "(raised as a result of "  # what SQLAlchemy says before it says what happened
KIND = {"mlflow.experimentKind": "custom_model_development"}  # for a UI that does not leave that to the browser


class TrackingError(DnnexpError):
    """What MLflow could not do, and why, in one line."""


class Store(NamedTuple):
    """An MLflow store that is ready to be used by any number of processes."""

    uri: str
    client: MlflowClient
    artifacts: str | None  # URI for the files of new experiments; None where a server decides

    def experiment(self, name: str, description: str = "") -> str:
        """Return the id of the experiment with this name, made if need be; one that was deleted is restored.

        The description is given to an experiment that has none.
        """
        found = self.client.get_experiment_by_name(name)
        if found is None:
            with contextlib.suppress(MlflowException):  # another process made it meanwhile, or the next line says why
                self.client.create_experiment(name, self.artifacts, tags=KIND)
            found = self.client.get_experiment_by_name(name)
        if found is None:
            raise TrackingError(f"tracking.experiment: {name!r} can neither be found nor made in {redact(self.uri)}")
        if found.lifecycle_stage == "deleted":
            self.client.restore_experiment(found.experiment_id)
        if description and not found.tags.get(NOTE):
            self.client.set_experiment_tag(found.experiment_id, NOTE, description)
        return str(found.experiment_id)


def open_store(uri: str, root: Path) -> Store:
    """Return the store at the URI; a SQLite file that does not exist is made, once for all processes that ask.

    uri: sqlite:///FILE, the URL of a database or of an MLflow server. root: the folder that keeps the files of runs
    where no server does. Raises ConfigError for another kind of URI, TrackingError or what MLflow raises otherwise.
    """
    require_store("tracking.uri", uri)
    scheme, _, rest = uri.partition("://")
    if scheme in ("http", "https") or scheme.startswith("databricks"):
        return Store(uri, MlflowClient(uri, uri), None)
    _database_store()
    artifacts = (root.absolute() / "artifacts").as_uri()
    if scheme.startswith("sqlite"):
        path = Path(rest.removeprefix("/")).absolute()
        uri = f"{scheme}:///{path.as_posix()}"
        if not path.exists():
            _make_database(path, artifacts)
    return Store(uri, MlflowClient(uri, uri), artifacts)


def _database_store() -> Any:
    """Return MLflow's class of stores in databases; MLflow imports it when it is first used, and not silently."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    return SqlAlchemyStore


def one_line(error: Exception) -> str:
    """Return what an error says first, without the wrapping of SQLAlchemy, MLflow and urllib3, passwords redacted."""
    first = error.args[0] if error.args and not isinstance(error, OSError) else error  # of an OSError it is a number
    lines = [line for line in str(first).splitlines() if line.strip() and not line.startswith(ASIDE)]
    text = lines[0].strip() if lines else type(error).__name__
    request, said, reason = text.partition(" failed with exception ")
    if said:
        text = f"{request} failed: {reason.rpartition(': ')[2].strip(QUOTES)}"
    return redact(text)


def _make_database(path: Path, artifacts: str) -> None:
    """Make MLflow's tables in a SQLite file that appears under its name whole, or not at all.

    Write-ahead logging lets readers and one writer at a time go on together; it is a property of the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _exclusive(path.with_name(f"{path.name}.lock")):
        if path.exists():
            return
        fresh = path.with_name(f"{path.name}.{os.getpid()}.part")
        fresh.unlink(missing_ok=True)  # of a process of this number that was killed here
        try:
            _database_store()(f"sqlite:///{fresh.as_posix()}", artifacts).engine.dispose()
            with contextlib.closing(sqlite3.connect(fresh)) as database:
                database.execute("PRAGMA journal_mode = WAL")
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)


@contextlib.contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    """Hold a lock that other processes wait for, and that ends with the process: SQLite's own, on an empty file."""
    with contextlib.closing(sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)) as lock:
        lock.execute("BEGIN EXCLUSIVE")
        yield
        lock.execute("ROLLBACK")
