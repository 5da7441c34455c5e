"""A file that is written whole or not at all: aside, flushed to the disk, and only then under its name."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

__all__ = ["whole_file", "write_whole"]

MOST = 50  # characters of the name: with all of them and what is added it might be too long


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file beside the one that is meant, in whose place it is put unless there is an error.

    After an error it is removed, and what was there before stays; of a link, what it leads to is replaced. Who may read
    the file is what it was before. A process that is killed leaves a file called `.NAME.PROCESS.partial`, of a long
    name its beginning. Raises OSError.
    """
    path = Path(os.path.realpath(path))
    partial = path.with_name(f".{path.name[:MOST]}.{os.getpid()}.partial")
    file = partial.open("wb")
    try:
        if path.exists():
            shutil.copymode(path, partial)
        yield file
        file.flush()
        os.fsync(file.fileno())
        file.close()
        partial.replace(path)
    finally:
        with suppress(OSError):  # a full disk: what could not be flushed is removed anyway
            file.close()
        partial.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """Write the file, whole or not at all. Raises OSError."""
    with whole_file(path) as file:
        file.write(content)
