"""Records that could not be delivered: kept as files, each under its key, until they have been."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from dnnexp.errors import ConfigError
from dnnexp.tracking.records import RunRecord
from dnnexp.whole_file import write_whole

__all__ = ["Unsent"]


class Unsent:
    """A folder of records, one file for each key.

    The later record of a key takes the place of the earlier one, here and in MLflow: who delivers one directly forgets
    what was kept of its key before.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __len__(self) -> int:
        return sum(1 for _ in self._files())

    def keep(self, record: RunRecord) -> Path:
        """Write the record, whole or not at all, and return its file. Raises OSError where that cannot be done."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self._path(record.key)
        write_whole(path, record.to_json().encode())
        return path

    def waiting(self) -> Iterator[RunRecord]:
        """Yield the kept records, parents before those that belong under them; files that are none are passed over."""
        found = [record for path in self._files() if (record := _read(path)) is not None]
        yield from sorted(found, key=lambda record: (record.parent is not None, record.start_time or 0.0))

    def find(self, key: str) -> RunRecord | None:
        """Return the record that is kept of that key, None where there is none."""
        return _read(self._path(key))

    def forget(self, record: RunRecord) -> None:
        """Remove the record's file, unless a later record of its key has taken its place."""
        path = self._path(record.key)
        try:
            if path.read_text(encoding="utf-8") == record.to_json():
                path.unlink()
        except FileNotFoundError:
            pass

    def _path(self, key: str) -> Path:
        return self.folder / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.json"

    def _files(self) -> Iterator[Path]:
        return self.folder.glob("*.json")


def _read(path: Path) -> RunRecord | None:
    """Return the record in a file; None of one that was delivered meanwhile, or is not ours."""
    try:
        return RunRecord.from_json(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError, ConfigError):
        return None
