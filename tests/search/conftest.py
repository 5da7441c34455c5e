from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parent))  # response_surface, which the processes started by tests import too

from dnnexp.config.schema import sqlite_url

SERVER = (
    "DNNEXP_TEST_POSTGRES"  # URL of a server where databases may be made, as postgresql+psycopg://me@127.0.0.1/postgres
)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a new database: a file, and one on a PostgreSQL server where there is one to test on."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "optuna.db")
        return
    server = os.environ.get(SERVER)
    if not server:
        pytest.skip(f"no PostgreSQL server to test on: {SERVER} is not set")
    name = f"dnnexp_{secrets.token_hex(6)}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    try:
        yield sa.make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()
