"""Checkpoints: files from which a run goes on bit for bit, or that are refused.

A file is a magic line, the SHA-256 of what follows, and an .npz archive of arrays and one JSON text. It is whole or not
there; the one before is kept until the next.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dnnexp.errors import DnnexpError
from dnnexp.whole_file import write_whole

__all__ = ["CheckpointError", "Checkpoints", "State"]

MAGIC = b"dnnexp checkpoint 2\n"
DIGEST = hashlib.sha256().digest_size
KEPT = 2
TEXT = "text"


class CheckpointError(DnnexpError):
    """A file that is no checkpoint, is damaged, or belongs to another run; the message names the file."""


class State(NamedTuple):
    """What a run is made of at one moment."""

    arrays: Mapping[str, npt.NDArray[Any]]
    facts: Mapping[str, Any]  # JSON


class Checkpoints:
    """The checkpoints of one run in a folder, one each `every` epochs.

    identity: which run it is, by whatever decides its bits. resume: it is to go on from the last one. on_resume: told
    after which epoch it goes on, 0 where there is nothing to go on from, and why files were passed over.
    """

    def __init__(
        self,
        folder: Path,
        identity: str,
        every: int = 1,
        *,
        resume: bool = False,
        on_resume: Callable[[int, Sequence[str]], None] | None = None,
    ) -> None:
        self.folder, self.identity, self.every, self.resume = folder, identity, every, resume
        self.refused: list[str] = []  # why files were passed over by `load`
        self._on_resume = on_resume

    @property
    def is_empty(self) -> bool:
        """Whether there is no file to go on from."""
        return not self._files()

    def save(self, epoch: int, state: State) -> Path:
        """Write the state after that epoch, drop all but the last two files, return the path."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"epoch-{epoch:06d}.ckpt"
        write_whole(path, _encode(state, self.identity))
        for old in self._files()[:-KEPT]:
            old.unlink(missing_ok=True)
        return path

    def load(self) -> State | None:
        """Return the newest state that is whole, None where there is none; `refused` says what was passed over."""
        self.refused = []
        for path in reversed(self._files()):
            try:
                return read_checkpoint(path, self.identity)
            except CheckpointError as error:
                self.refused.append(str(error))
        return None

    def resumed(self, epoch: int) -> None:
        """Take note that the run goes on after that epoch, 0 for from the beginning."""
        if self._on_resume is not None:
            self._on_resume(epoch, self.refused)

    def clear(self) -> None:
        """Remove the files: the run has ended. What a kill cut short while it was written goes too."""
        for path in (*self._files(), *self.folder.glob("*.partial")):
            path.unlink(missing_ok=True)
        if self.folder.is_dir() and not any(self.folder.iterdir()):
            self.folder.rmdir()

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("epoch-*.ckpt")) if self.folder.is_dir() else []


def read_checkpoint(path: Path, identity: str) -> State:
    """Return the state in the file. Raises CheckpointError where a bit is not as written, or it is another run's."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror}") from None
    body = content[len(MAGIC) + DIGEST :]
    if not content.startswith(MAGIC):
        raise CheckpointError(f"{path}: not a dnnexp checkpoint, or damaged at its beginning")
    if content[len(MAGIC) : len(MAGIC) + DIGEST] != hashlib.sha256(body).digest():
        raise CheckpointError(f"{path}: damaged, its checksum does not match its content; the one before is taken")
    with np.load(io.BytesIO(body), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    facts = json.loads(arrays.pop(TEXT).tobytes())
    if facts.pop("identity") != identity:
        raise CheckpointError(f"{path}: belongs to a run with other settings or data; start without trainer.resume")
    return State(arrays, facts)


def _encode(state: State, identity: str) -> bytes:
    buffer = io.BytesIO()
    text = json.dumps({**state.facts, "identity": identity}).encode()
    arrays: dict[str, Any] = {**state.arrays, TEXT: np.frombuffer(text, np.uint8)}
    np.savez(buffer, **arrays)
    body = buffer.getvalue()
    return MAGIC + hashlib.sha256(body).digest() + body
