"""What models are called in MLflow's registry, and where they are found there."""

from __future__ import annotations

import re

__all__ = ["registered_address", "registered_name"]

NOT_IN_NAMES = re.compile(r"[/:]+")


def registered_name(study: str) -> str:
    """Return the name that a study's model has in the registry: slashes and colons become dashes."""
    return NOT_IN_NAMES.sub("-", study)


def registered_address(study: str, alias: str = "champion") -> str:
    """Return the address of a study's model in the registry, models:/NAME@ALIAS."""
    return f"models:/{registered_name(study)}@{alias}"
