"""What can be set about recording. Standard library only: read before mlflow is imported."""

from __future__ import annotations

from dataclasses import dataclass

from dnnexp.errors import require
from dnnexp.redaction import redact

__all__ = ["TrackingConfig", "require_store"]

SCHEMES = ("sqlite", "postgresql", "mysql", "mssql", "http", "https", "databricks")


@dataclass
class TrackingConfig:
    """Where runs are recorded."""

    enabled: bool = True
    uri: str | None = None  # None: MLFLOW_TRACKING_URI, else mlflow.db under paths.root
    experiment: str | None = None  # None: the data set's name

    def __post_init__(self) -> None:
        if self.uri is not None:
            require_store("tracking.uri", self.uri)
        named = self.experiment is None or bool(self.experiment.strip())
        require(named, "tracking.experiment", "a name that is not empty", self.experiment)


def require_store(key: str, uri: str) -> None:
    """Raise ConfigError unless the URI is of a kind that MLflow keeps runs in; it no longer does in plain files."""
    scheme, separator, rest = uri.partition(":")
    holds = scheme.partition("+")[0] in SCHEMES and (bool(rest) or scheme == "databricks")
    if scheme.startswith("sqlite"):
        holds = holds and rest.startswith("///") and len(rest) > len("///") and ":memory:" not in rest
    law = "sqlite:///FILE, http(s)://HOST:PORT or the URL of a database"
    require(holds or (scheme == "databricks" and not separator), key, law, redact(uri))
