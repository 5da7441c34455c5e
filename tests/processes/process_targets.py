"""What the processes started by tests do."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def note_threads(folder: Path, names: tuple[str, ...], _tell: Callable[[Any], None]) -> None:
    """A process that writes down the variables that it sees."""
    (folder / str(os.getpid())).write_text(" ".join(os.environ[name] for name in names))


def run_out_of_memory(_tell: object) -> None:
    """Ask for more memory than there is."""
    np.empty(2**50)
