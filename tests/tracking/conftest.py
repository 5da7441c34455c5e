from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dnnexp.tracking.recorder import Recorder
from dnnexp.tracking.store import open_store


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that MLflow has just made: making one takes a second, copying it does not."""
    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    open_store(f"sqlite:///{path}", path.parent)
    return path


@pytest.fixture
def root(tmp_path: Path, empty_database: Path) -> Path:
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    return tmp_path


@pytest.fixture
def uri(root: Path) -> str:
    return f"sqlite:///{root}/mlflow.db"


@pytest.fixture
def recorder(uri: str, root: Path) -> Recorder:
    return Recorder(uri, root, "digits")
