"""The whole configuration as plain Python: one section for each group, and what stands beside them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any

from dnnexp.config.values import leaf_keys
from dnnexp.config.vocabulary import CHOOSERS, Vocabulary
from dnnexp.data.dataset import Dataset
from dnnexp.data.schema import DataConfig
from dnnexp.errors import ConfigError, require, require_choice
from dnnexp.evaluation.configuration import Configuration
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.schema import EvaluationConfig
from dnnexp.metrics import METRICS
from dnnexp.network.optimizers import OptimizerConfig
from dnnexp.network.schema import ModelConfig
from dnnexp.prediction.schema import PredictionConfig
from dnnexp.redaction import redact
from dnnexp.search.schema import SearchConfig, require_study_name
from dnnexp.tracking.schema import TrackingConfig, require_store
from dnnexp.training.schema import ScheduleConfig, TrainerConfig
from dnnexp.user_path import user_path

__all__ = ["Config", "Origin", "PathsConfig", "Setting", "flatten", "sqlite_url"]

Setting = str | int | float | bool | None
LOCAL_STORES = ("", "file", "sqlite")
DECISIVE = ("data.", "model.", "optimizer.", "schedule.", "trainer.", "evaluation.")
INDECISIVE = (
    "data.path",
    "data.test_path",
    "data.labels_path",
    "trainer.threads",
    "trainer.checkpoint",
    "trainer.resume",
)


@dataclass
class PathsConfig:
    """Where everything that is kept is kept."""

    root: str = "./runs"

    def __post_init__(self) -> None:
        require(bool(self.root.strip()), "paths.root", "the name of a folder", self.root)
        here = self.folder
        require(here.is_dir() or not here.exists(), "paths.root", "a folder, existing or new", self.root)
        law = "a path without ? and without %20 and the like, which the address of a database means otherwise"
        require(not re.search(r"\?|%[0-9A-Fa-f]{2}", str(here)), "paths.root", law, str(here))

    @property
    def folder(self) -> Path:
        """The root, absolute."""
        return user_path("paths.root", self.root).absolute()

    @property
    def outputs(self) -> Path:
        """What commands write for their user."""
        return self.folder / "outputs"

    @property
    def experiments(self) -> Path:
        """Config files that sweeps write, chosen with experiment=NAME."""
        return self.folder / "experiment"


@dataclass
class Origin:
    """What a Config was made from, fit to be logged: passwords and environment variables are not resolved in it."""

    text: str = ""  # the composed YAML
    overrides: tuple[str, ...] = ()  # as given on the command line
    choices: Mapping[str, str | None] = field(default_factory=dict)  # the option of each group
    masked: Mapping[str, str] = field(default_factory=dict)  # key -> its text, where that reads the environment
    vocabulary: Vocabulary | None = None  # the options' keys


@dataclass
class Config:
    """What one run is told. Raises ConfigError for values that cannot go together."""

    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    trainer: TrainerConfig = field(default_factory=TrainerConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    search: SearchConfig = field(default_factory=SearchConfig)
    tracking: TrackingConfig = field(default_factory=TrackingConfig)
    prediction: PredictionConfig = field(default_factory=PredictionConfig)
    paths: PathsConfig = field(default_factory=PathsConfig)
    seed: int = 0
    study: str | None = None
    storage: str | None = None
    source: str | None = None
    output: str | None = None
    origin: Origin = field(default_factory=Origin, repr=False, compare=False)

    def __post_init__(self) -> None:
        require(self.seed >= 0, "seed", "seed >= 0", self.seed)
        if self.study is not None:
            require_study_name(self.study)
        if self.evaluation.metric is not None:
            require_choice("evaluation.metric", self.evaluation.metric, METRICS)
        if self.storage is not None:
            _require_database(self.storage)
        from_outside = os.environ.get("MLFLOW_TRACKING_URI")
        if self.tracking.enabled and self.tracking.uri is None and from_outside:
            require_store("MLFLOW_TRACKING_URI", from_outside)
        if self.tracking.enabled and _is_same_database(self.storage_url, self.tracking_uri):
            raise ConfigError(
                f"storage: {redact(self.storage_url)!r} is MLflow's database too, and each would take the other's "
                "tables for its own of another version; name two databases"
            )
        shared = self.storage is not None and _scheme(self.storage) not in LOCAL_STORES
        if shared and self.tracking.enabled and _scheme(self.tracking_uri) in LOCAL_STORES:
            raise ConfigError(
                f"storage: {redact(str(self.storage))!r} is shared between machines, each of which would fill a local "
                "MLflow store of its own; set tracking.uri=http://HOST:PORT, or tracking=none"
            )

    @property
    def configuration(self) -> Configuration:
        """What makes the network what it is."""
        return Configuration(self.model, self.optimizer, self.schedule, self.trainer, self.data.preprocessing)

    def protocol(self, dataset: Dataset) -> Protocol:
        """Return how networks are measured on the data: its test rows, its folds, its metric."""
        return Protocol(dataset, self.data.test_size, self.evaluation, self.seed)

    @property
    def text(self) -> str:
        """The composed YAML, interpolations unresolved, passwords redacted."""
        return self.origin.text

    @property
    def storage_url(self) -> str:
        """URL of Optuna's database."""
        return self.storage if self.storage is not None else sqlite_url(self.paths.folder / "optuna.db")

    @property
    def tracking_uri(self) -> str:
        """URI of the MLflow store: tracking.uri, else MLFLOW_TRACKING_URI, else a file under paths.root."""
        return self.tracking.uri or os.environ.get("MLFLOW_TRACKING_URI") or sqlite_url(self.paths.folder / "mlflow.db")

    def flat(self) -> dict[str, Setting]:
        """Return every key that the chosen options have with its value, as `model.depth`: 3, fit to be logged.

        Those of predictions are left out: they are made by a command of their own, with whatever it is told.
        Lists are written as text; texts that come from the environment stay unresolved; passwords are redacted.
        """
        settings = flatten(self)
        for key, text in self.origin.masked.items():
            if isinstance(settings.get(key), str):
                settings[key] = redact(text)
        meant = {key for item in fields(self) if is_dataclass(getattr(self, item.name)) for key in self.keys(item.name)}
        meant -= set(self.keys("prediction"))
        return {key: value for key, value in settings.items() if key in meant or "." not in key}

    def decisive(self) -> dict[str, Setting]:
        """Return what a result depends on, of `flat`: not where the data lies or who computes, nor any budget."""
        return {
            key: value for key, value in self.flat().items() if key.startswith(DECISIVE) and key not in INDECISIVE
        } | {"seed": self.seed}

    def option(self, group: str) -> str | None:
        """Return the option that a group's section stands for: what it is by its own word, else what was chosen."""
        section = getattr(self, group)
        return next(
            (getattr(section, key) for key in CHOOSERS if hasattr(section, key)), self.origin.choices.get(group)
        )

    def keys(self, group: str) -> tuple[str, ...]:
        """Return the dotted keys that are meant for a group's present option; all of its keys where no file says so."""
        section, vocabulary, keys = getattr(self, group), self.origin.vocabulary, None
        if vocabulary is not None and any(hasattr(section, key) for key in CHOOSERS):
            keys = vocabulary.keys(group, self.option(group), self.origin.choices.get(group))
        if keys is None:
            return tuple(leaf_keys(type(section), f"{group}."))
        return tuple(f"{group}.{key}" for key in keys)


def sqlite_url(path: Path) -> str:
    """Return the URL of the SQLite file."""
    return f"sqlite:///{path.absolute().as_posix()}"


def _is_same_database(url: str, other: str) -> bool:
    """Whether two URLs lead to one database, whatever driver and user they name."""

    def place(url: str) -> tuple[str, str]:
        rest = url.partition("://")[2].partition("?")[0]
        if _scheme(url) == "sqlite":
            return "sqlite", str(Path(rest.removeprefix("/")).absolute())
        return _scheme(url), rest.rpartition("@")[2]

    return place(url) == place(other)


def _scheme(uri: str) -> str:
    """Return "postgresql" of "postgresql+psycopg://…", "" of a path."""
    return uri.partition("://")[0].partition("+")[0].lower() if "://" in uri else ""


def _require_database(url: str) -> None:
    """Raise ConfigError, which does not show what was given, unless it is a URL whose password can be told apart."""
    scheme = _scheme(url)
    if not scheme or (scheme != "sqlite" and set(url) & set(" \t\n'\"")):
        raise ConfigError(
            'storage: need a URL like "sqlite:///runs/optuna.db" or "postgresql://user:password@host/name", '
            "with %20, %22 and %27 for a space and for quotes"
        )


def flatten(section: Any, prefix: str = "") -> dict[str, Setting]:
    """Return the leaves of a configuration section by their dotted keys, lists as text, passwords redacted."""
    leaves: dict[str, Setting] = {}
    for item in fields(section):
        value = getattr(section, item.name)
        if isinstance(value, Origin):
            continue
        if is_dataclass(value):
            leaves |= flatten(value, f"{prefix}{item.name}.")
        elif isinstance(value, list | tuple):
            leaves[prefix + item.name] = redact("[" + ", ".join(map(str, value)) + "]")
        else:
            leaves[prefix + item.name] = redact(value) if isinstance(value, str) else value
    return leaves
