"""A configuration as an experiment file: what a sweep leaves so that experiment=NAME trains the same network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from dnnexp.config.schema import Config
from dnnexp.config.vocabulary import CHOOSERS
from dnnexp.whole_file import write_whole

__all__ = ["experiment_text", "write_experiment"]

GROUPS = ("data", "model", "optimizer", "schedule", "trainer", "evaluation")  # what decides a training


def experiment_text(config: Config, about: str = "", groups: Sequence[str] = GROUPS) -> str:
    """Return YAML that makes the same of any configuration, as far as `groups` go and the seed; nothing is left to
    defaults.

    What was read from the environment is written as ${oc.env:…}, not as its value.
    """
    options, values = [], OmegaConf.create()
    for group in groups:
        option = config.option(group)
        if option is not None:
            options.append({f"override /{group}": option})
        for key in config.keys(group):
            if key.rpartition(".")[2] in CHOOSERS:
                continue  # said by the option, so that the command line can choose another
            value: Any = config
            for name in key.split("."):
                value = getattr(value, name)
            if isinstance(value, str):
                value = config.origin.masked.get(key, _escaped(value))
            elif isinstance(value, list):
                value = [_escaped(item) if isinstance(item, str) else item for item in value]
            OmegaConf.update(values, key, value, force_add=True)
    OmegaConf.update(values, "seed", config.seed, force_add=True)
    comments = "".join(f"# {line}\n" for line in about.splitlines())
    defaults = OmegaConf.to_yaml(OmegaConf.create({"defaults": options}))
    return f"# @package _global_\n{comments}{defaults}\n{OmegaConf.to_yaml(values)}"


def _escaped(text: str) -> str:
    """Return the text so that it is read as it stands: a column may be called ${x}."""
    return re.sub(r"(\\*)\$\{", r"\1\1\\${", text)


def write_experiment(
    config: Config, name: str, about: str = "", *, folder: Path | None = None, groups: Sequence[str] = GROUPS
) -> Path:
    """Write the experiment file, under paths.root unless a folder is named, whole or not at all; return its path."""
    path = (folder or config.paths.experiments) / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, experiment_text(config, about, groups).encode())
    return path
