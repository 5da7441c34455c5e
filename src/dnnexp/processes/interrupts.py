"""Interrupts that wait for a good moment: Ctrl-C and SIGTERM stop what runs at once, but never between two writes."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

__all__ = ["Interrupts", "handled"]


@contextmanager
def handled(number: int, handler: Any) -> Iterator[None]:
    """Handle a signal that way meanwhile; outside the main thread, where Python sets no handlers, nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)


class Interrupts:
    """While entered, a first signal raises KeyboardInterrupt only inside `allowed()`; a second Ctrl-C raises anywhere.

    Outside the main thread, where Python sets no handlers, nothing changes.
    """

    def __init__(self) -> None:
        self.is_requested = False
        self.is_allowed = False
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._receive)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """Let a signal raise here, one that has come before too."""
        self.is_allowed = True
        try:
            if self.is_requested:
                raise KeyboardInterrupt
            yield
        finally:
            self.is_allowed = False

    def check(self) -> None:
        """Raise here if a signal has come before."""
        with self.allowed():
            pass

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        is_impatient = self.is_requested and number == signal.SIGINT
        raises = is_impatient or (self.is_allowed and not self.is_requested)
        self.is_requested = True
        if raises:
            raise KeyboardInterrupt
