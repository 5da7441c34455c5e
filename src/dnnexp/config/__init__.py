"""The one door from config files and command lines to plain Python."""

from __future__ import annotations

from dnnexp.config.composition import Composer
from dnnexp.config.experiment import experiment_text, write_experiment
from dnnexp.config.schema import Config, PathsConfig
from dnnexp.redaction import redact

__all__ = ["Composer", "Config", "PathsConfig", "experiment_text", "redact", "write_experiment"]
