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
    """A folder of records, one file for each key; the later record of a key takes the place of the earlier one."""

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
        found = []
        for path in self._files():
            try:
                found.append(RunRecord.from_json(path.read_text(encoding="utf-8")))
            except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError, ConfigError):
                # delivered meanwhile, or not ours
                continue
        yield from sorted(found, key=lambda record: (record.parent is not None, record.start_time or 0.0))

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
