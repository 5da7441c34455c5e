"""The storage where workers meet: SQLite with settings for several processes, or any other database by its URL."""

from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import optuna
import sqlalchemy as sa

from dnnexp.errors import ConfigError, DnnexpError
from dnnexp.redaction import redact

__all__ = ["GRACE", "HEARTBEAT", "open_storage", "opened_storage", "trouble_in_words"]

HEARTBEAT = 10  # seconds between the signs of life of a running trial
GRACE = 30  # seconds without one after which a trial is failed and replaced
TIMEOUT = 60  # seconds to wait for a lock
ADVISORY_LOCK = 0x646E6E  # "dnn": any constant that all workers share


def open_storage(url: str, heartbeat: int = HEARTBEAT, grace: int = GRACE) -> optuna.storages.RDBStorage:
    """Return the storage at the URL; tables, and the folder of an SQLite file, are made where they do not exist.

    heartbeat and grace in seconds. A trial whose worker died is failed, not retried: what killed it might kill again.
    Raises ConfigError for what is no such URL, DnnexpError where the database cannot be opened, without the password.
    """
    try:
        address = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise ConfigError(
            'storage: need a URL like "sqlite:///runs/optuna.db" or "postgresql://user@host/name"'
        ) from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    file = address.database or ":memory:" if address.get_backend_name() == "sqlite" else None
    if file == ":memory:":
        raise ConfigError("storage: need a file for SQLite, got a database in memory, where no worker finds the others")
    try:
        if file is not None:
            Path(file).parent.mkdir(parents=True, exist_ok=True)
        with _alone_in_file(file) if file is not None else _alone_in_server(address), warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)  # of the heartbeats
            storage = optuna.storages.RDBStorage(
                url.replace("{", "{{").replace("}", "}}"),  # Optuna fills in templates
                engine_kwargs={"connect_args": {"timeout": TIMEOUT}} if file is not None else {},
                heartbeat_interval=heartbeat,
                grace_period=grace,
            )
        if file is not None:
            _share_file(storage.engine)
    except (sa.exc.SQLAlchemyError, sqlite3.Error, OSError, ImportError, RuntimeError) as error:
        remedy = '; pip install "dnnexp[postgres]" brings the driver' if isinstance(error, ImportError) else ""
        raise DnnexpError(f"storage: cannot open {_in_words(address, error)}{remedy}") from None
    return storage


@contextmanager
def opened_storage(url: str, heartbeat: int = HEARTBEAT, grace: int = GRACE) -> Iterator[optuna.storages.RDBStorage]:
    """Open the storage as `open_storage` does, and close its connections in the end, whatever is raised meanwhile."""
    storage = open_storage(url, heartbeat, grace)
    try:
        yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


@contextmanager
def trouble_in_words(url: str) -> Iterator[None]:
    """Raise DnnexpError for what goes wrong in an open storage: a full disk, a server that went away."""
    try:
        yield
    except Exception as error:
        cause = _cause(error)
        if isinstance(error, DnnexpError) or cause is None:
            raise
        raise DnnexpError(
            f"storage: trouble with {_in_words(sa.make_url(url), cause)}; every finished trial is kept, "
            "the same command goes on from there"
        ) from error


def _cause(error: BaseException | None) -> BaseException | None:
    """Return the database's error behind this one: Optuna wraps it, or meets an assertion of its own on the way out."""
    while error is not None and not isinstance(error, sa.exc.SQLAlchemyError | sqlite3.Error):
        error = error.__cause__ or error.__context__
    return error


def _in_words(address: sa.URL, error: BaseException) -> str:
    """Return the database and the first line of what it says, both without its password."""
    cause = (str(error).strip() or type(error).__name__).splitlines()[0]
    said = cause.replace(str(address.password or chr(0)), "***")
    return redact(f"{address.render_as_string(hide_password=True)}: {said}")


def _share_file(engine: sa.Engine) -> None:
    """Let several processes write: a write-ahead log, and transactions that take the write lock when they begin.

    A transaction that reads first and locks when it writes could see another one's rows in between: two workers would
    begin the same trial.
    """

    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # sqlite3 begins no transactions of its own
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")

    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    sa.event.listen(engine, "connect", connect)
    sa.event.listen(engine, "begin", begin)
    engine.dispose()  # connections made before the events


@contextmanager
def _alone_in_file(file: str) -> Iterator[None]:
    """Hold a lock that ends with the process, however it ends, beside the database: two that meet it cold would crash.

    It is itself SQLite's, the one lock that is the same on every system Python runs on.
    """
    with closing(sqlite3.connect(f"{file}.lock", timeout=TIMEOUT, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield


@contextmanager
def _alone_in_server(address: sa.URL) -> Iterator[None]:
    """Hold a lock in the server while its tables are made; PostgreSQL only."""
    if address.get_backend_name() != "postgresql":
        yield
        return
    engine = sa.create_engine(address)
    try:
        with engine.connect() as connection:
            connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
            yield
    finally:
        engine.dispose()  # a connection that is closed lets go of the lock
