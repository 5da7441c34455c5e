"""A file that the user names: found, or refused with the name that was probably meant."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

from dnnexp.errors import ConfigError, DataError

if TYPE_CHECKING:
    from dnnexp.data.schema import DataConfig

__all__ = ["existing_file"]


def existing_file(config: DataConfig) -> Path:
    """Return the path of `data.path`. Raises ConfigError where it is not set, DataError where it is no file."""
    if not config.path:
        raise ConfigError(f"data.path: need a file for data={config.name}, got none")
    path = Path(config.path).expanduser()
    try:
        if path.is_file():
            if path.stat().st_size == 0:
                raise DataError(f"data.path: {config.path} is empty")
            return path
        if path.is_dir():
            raise DataError(f"data.path: {config.path} is a folder, need a file")
        folder = path.parent
        if not folder.is_dir():
            raise DataError(f"data.path: no file {config.path}: there is no folder {folder}")
        names = [entry.name for entry in folder.iterdir() if entry.is_file()]
    except (OSError, ValueError) as error:
        raise DataError(f"data.path: cannot read {config.path!r}: {error}") from error
    close = difflib.get_close_matches(path.name, names, n=1, cutoff=0.5)
    guess = f", did you mean {folder / close[0]}?" if close else ""
    raise DataError(f"data.path: no file {config.path}{guess}")
