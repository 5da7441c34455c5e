"""What is stored of a sweep beside its trials: what it was told and where it comes from, to make its report again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from dnnexp.config import Composer, Config
from dnnexp.config.experiment import write_experiment
from dnnexp.evaluation.protocol import Protocol
from dnnexp.recording.facts import fact_tags

__all__ = ["short_path", "stored_sweep", "sweep_facts", "write_sweep"]

SWEEP_GROUPS = ("data", "model", "optimizer", "schedule", "trainer", "evaluation", "search")
FACTS_FILE = "provenance.json"
FACTS = {  # tags of a run, as one reads them
    "mlflow.source.name": "command",
    "dnnexp.data_sha256": "data (SHA-256)",
    "dnnexp.split_sha256": "split (SHA-256)",
    "dnnexp.seed": "seed",
    "mlflow.source.git.commit": "git commit of the working folder",
    "mlflow.source.git.dirty": "uncommitted changes there",
    "dnnexp.version": "dnnexp",
    "dnnexp.python": "Python",
    "dnnexp.packages": "packages",
    "dnnexp.blas": "BLAS",
    "dnnexp.threads": "threads",
    "dnnexp.platform": "machine",
}


def sweep_facts(config: Config, protocol: Protocol, command: str) -> dict[str, str]:
    """Return where the sweep's results come from, by names as one reads them."""
    tags = fact_tags(config, protocol, command)
    return {name: tags[key] for key, name in FACTS.items() if tags.get(key)}


def write_sweep(config: Config, study: str, facts: Mapping[str, str]) -> None:
    """Write what the sweep was told, and where it comes from, where `stored_sweep` finds it."""
    folder = config.paths.outputs / study
    write_experiment(config, "sweep", folder=folder / "experiment", groups=SWEEP_GROUPS)
    (folder / FACTS_FILE).write_text(json.dumps(dict(facts), indent=1, ensure_ascii=False), encoding="utf-8")


def stored_sweep(config: Config, study: str) -> tuple[Config, dict[str, str]]:
    """Return the configuration that the study was swept with, and its facts; paths and storage are those of `config`.

    Of a study that was swept elsewhere nothing is stored here: that is `config` itself, without facts.
    """
    folder = config.paths.outputs / study
    if not (folder / "experiment" / "sweep.yaml").is_file():
        return config, {}
    stored = Composer(config_dir=folder).compose(["experiment=sweep"])
    facts: dict[str, str] = json.loads((folder / FACTS_FILE).read_text(encoding="utf-8"))
    return replace(stored, paths=config.paths, storage=config.storage, tracking=config.tracking, study=study), facts


def short_path(path: Path) -> str:
    """Return the path as one would type it here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
