from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import optuna
import pytest
import sqlalchemy as sa

from dnnexp.config.schema import sqlite_url
from dnnexp.errors import DnnexpError
from dnnexp.search.storage import open_storage, trouble_in_words


def test_the_file_has_the_settings_for_several_processes(tmp_path: Path):
    storage = open_storage(sqlite_url(tmp_path / "optuna.db"))
    with storage.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1  # NORMAL
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 60_000
    assert storage.get_heartbeat_interval() == 10


def test_a_transaction_takes_the_write_lock_when_it_begins(tmp_path: Path):
    url = sqlite_url(tmp_path / "optuna.db")
    first = open_storage(url)
    impatient = sa.create_engine(url, connect_args={"timeout": 0})
    with first.engine.connect() as connection:
        connection.execute(sa.text("SELECT * FROM studies"))  # reads only
        with impatient.connect() as other, pytest.raises(sa.exc.OperationalError, match="locked"):
            other.exec_driver_sql("BEGIN IMMEDIATE")
    impatient.dispose()


def test_the_folder_is_made_when_the_file_is(tmp_path: Path):
    open_storage(sqlite_url(tmp_path / "runs {x}" / "deep" / "optuna.db"))
    assert (tmp_path / "runs {x}" / "deep" / "optuna.db").exists()


def test_processes_that_meet_a_cold_file_all_open_it(tmp_path: Path):
    code = f"from dnnexp.search.storage import open_storage; open_storage({sqlite_url(tmp_path / 'optuna.db')!r})"
    processes = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate()[1] for process in processes] == [""] * 3


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("optuna.db", 'storage: need a URL like "sqlite:///runs/optuna.db"'),
        ("sqlite://", "storage: need a file for SQLite"),
        ("postgres://me:secret@nowhere/db", r"storage: cannot open postgres://me:\*\*\*@nowhere/db: Can't load plugin"),
        (
            "postgres://nowhere/db?user=me&password=secret",
            r"storage: cannot open postgres://nowhere/db\?password=\*\*\*",
        ),
    ],
)
def test_what_cannot_be_opened_is_one_line_without_the_password(url: str, message: str):
    with pytest.raises(DnnexpError, match=message) as caught:
        open_storage(url)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path):
    (tmp_path / "optuna.db").write_text("accuracy,depth\n" * 100)
    with pytest.raises(DnnexpError, match="cannot open sqlite:.*file is not a database"):
        open_storage(sqlite_url(tmp_path / "optuna.db"))


def test_a_disk_that_is_full_in_the_midst_of_it_is_one_line_that_says_how_to_go_on(tmp_path: Path):
    url = sqlite_url(tmp_path / "optuna.db")
    storage = open_storage(url)
    study = optuna.create_study(storage=storage)
    sa.event.listen(storage.engine, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count = 1"))
    storage.engine.dispose()
    with (
        pytest.raises(
            DnnexpError, match="storage: trouble with sqlite:.*database or disk is full; .* goes on"
        ) as caught,
        trouble_in_words(url),
    ):
        study.set_user_attr("large", "x" * 1_000_000)
    assert "\n" not in str(caught.value)


def test_an_error_that_is_not_the_storages_is_left_alone():
    for error in (KeyError("a"), DnnexpError("b"), KeyboardInterrupt()):
        with pytest.raises(type(error)) as caught, trouble_in_words("sqlite:///x.db"):
            raise error
        assert caught.value is error


def fail_and_stumble_on_the_way_out():
    try:
        raise sqlite3.OperationalError("disk I/O error")
    finally:
        raise AssertionError("should not reach")


def test_the_storages_error_is_found_behind_those_that_follow_from_it():
    with (
        pytest.raises(DnnexpError, match="storage: trouble with sqlite:///x.db: disk I/O error"),
        trouble_in_words("sqlite:///x.db"),
    ):
        fail_and_stumble_on_the_way_out()
