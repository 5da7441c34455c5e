"""The BLAS that NumPy has loaded, under control."""

from __future__ import annotations

from functools import cache

from threadpoolctl import ThreadpoolController

__all__ = ["threadpools"]


@cache
def threadpools() -> ThreadpoolController:
    """Return the control of its threads: to look for them takes a millisecond."""
    return ThreadpoolController()
