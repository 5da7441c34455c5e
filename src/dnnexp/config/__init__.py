"""The one door from config files and command lines to plain Python."""

from __future__ import annotations

from dnnexp.config.composition import Composer, with_value
from dnnexp.config.experiment import experiment_text, write_experiment
from dnnexp.config.root import own_root
from dnnexp.config.schema import Config, PathsConfig

__all__ = [
    "Composer",
    "Config",
    "PathsConfig",
    "experiment_text",
    "own_root",
    "with_value",
    "write_experiment",
]
