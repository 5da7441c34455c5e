"""Numbers too small to be normal, 1e-38 and below in float32, taken for 0 while networks train.

A network that has learned its rows by heart has gradients whose squares are such numbers, and a unit that no longer
answers has moments that fade into them. x86 processors take a hundred times as long for each: an epoch of a ReLU
network at a high learning rate takes three times as long after thirty epochs as at first. Others compute with them at
full speed, and are left alone.
"""

from __future__ import annotations

import ctypes
import platform
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

__all__ = ["IS_KNOWN", "SubnormalsAsZero"]

CONTROL = 7  # which of the 32-bit words of C's fenv_t is MXCSR, in the C libraries of Linux on x86-64
WORDS = 8
SUBNORMALS = 1 << 15 | 1 << 6  # bits of it, for results and operands: Intel 64 and IA-32, volume 1, section 10.2.3
WHOLE = (1 << 32) - 1


class _Functions(NamedTuple):
    """C's fegetenv and fesetenv."""

    get: Callable[..., Any]
    put: Callable[..., Any]


def _c_functions() -> _Functions | None:
    """Return the functions, None where the layout of what they take is not known here."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return None
    with suppress(AttributeError, OSError):
        library = ctypes.CDLL(None)
        return _Functions(library.fegetenv, library.fesetenv)
    return None


_FUNCTIONS = _c_functions()
IS_KNOWN = _FUNCTIONS is not None

for _dtype in (np.float32, np.float64):
    np.finfo(_dtype)  # NumPy finds out once, and would find that there are none


class SubnormalsAsZero:
    """While it lasts they are 0 in this thread, where that is known how; what was before comes back."""

    __slots__ = ("_before",)

    def __enter__(self) -> None:
        self._before = _write(SUBNORMALS, SUBNORMALS)

    def __exit__(self, *_: object) -> None:
        _write(self._before, WHOLE)


def _write(bits: int, mask: int) -> int:
    """Give the control word of this thread the bits where the mask is 1, and return what it was; 0 if not known how."""
    if _FUNCTIONS is None:
        return 0
    environment = (ctypes.c_uint32 * WORDS)()
    _FUNCTIONS.get(environment)
    before = int(environment[CONTROL])
    environment[CONTROL] = before & ~mask | bits & mask
    _FUNCTIONS.put(environment)
    return before
