from __future__ import annotations

import pytest

from dnnexp.errors import ConfigError
from dnnexp.tracking.schema import TrackingConfig


@pytest.mark.parametrize(
    "uri",
    [
        "sqlite:///runs/mlflow.db",
        "sqlite:////srv/mlflow.db",
        "http://127.0.0.1:5000",
        "https://mlflow.example.org",
        "postgresql+psycopg://user@host/db",
        "databricks",
    ],
)
def test_stores_that_mlflow_keeps_runs_in_are_accepted(uri: str) -> None:
    assert TrackingConfig(uri=uri).uri == uri


@pytest.mark.parametrize("uri", ["", "mlruns", "./mlruns", "file:///srv/mlruns", "sqlite://", "sqlite:///:memory:"])
def test_places_that_mlflow_cannot_keep_runs_in_are_refused(uri: str) -> None:
    with pytest.raises(ConfigError, match=r"^tracking\.uri: need sqlite:///FILE, .* got "):
        TrackingConfig(uri=uri)


def test_a_refusal_does_not_repeat_the_password() -> None:
    with pytest.raises(ConfigError) as refusal:
        TrackingConfig(uri="ftp://user:hunter2@host/db")
    assert "hunter2" not in str(refusal.value)


def test_an_experiment_has_a_name() -> None:
    with pytest.raises(ConfigError, match=r"tracking\.experiment"):
        TrackingConfig(experiment=" ")
