"""How a training that was stopped goes on: its checkpoints, and what its user is told of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

from dnnexp.command import Interrupted
from dnnexp.config import Config
from dnnexp.evaluation.protocol import Protocol
from dnnexp.reporting.terminal import Terminal
from dnnexp.training.checkpoint import Checkpoints

__all__ = ["checkpoints", "remove", "resumable"]


def checkpoints(config: Config, protocol: Protocol, terminal: Terminal) -> dict[str, Checkpoints]:
    """Return where the two trainings of a run save how far they have come, by name; {} where nothing is to be saved."""
    if config.trainer.checkpoint is None:
        return {}
    facts = {**config.decisive(), "data": protocol.dataset.sha256, "split": protocol.split.sha256}
    identity = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    folder = config.paths.outputs / "checkpoints" / identity[:16]
    every, resume = config.trainer.checkpoint, config.trainer.resume
    names = ("folds", "refit") if protocol.folds else ("refit",)

    def on_resume(name: str, epoch: int, refused: Sequence[str]) -> None:
        for reason in refused:
            terminal.warn(f"trainer.resume: {reason}")
        if epoch:
            terminal.say(f"resumed after epoch {epoch}, from {folder / name}")
        elif name == names[0] or refused:
            terminal.warn(
                f"trainer.resume: nothing to resume in {folder / name}: no checkpoint of a run with these settings and "
                "data; it starts from the beginning"
            )

    return {
        name: Checkpoints(folder / name, identity, every, resume=resume, on_resume=partial(on_resume, name))
        for name in names
    }


@contextmanager
def resumable(saved: Mapping[str, Checkpoints]) -> Iterator[None]:
    """Let a stop say how to go on, where there is a checkpoint by then."""
    try:
        yield
    except KeyboardInterrupt:
        if all(files.is_empty for files in saved.values()):
            raise
        raise Interrupted("trainer.resume=true") from None


def remove(saved: Mapping[str, Checkpoints]) -> None:
    """Remove the checkpoints of a run that has ended, and the folder that held them."""
    for files in saved.values():
        files.clear()
        folder = files.folder.parent
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
