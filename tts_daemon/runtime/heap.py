"""How much memory the C library holds: few arenas, and what was freed goes back to the system."""

from __future__ import annotations

import contextlib
import ctypes

_M_ARENA_MAX = -8


def give_back() -> None:
    """Return free pages at once: loading a voice leaves as much behind as the voice is large.

    Does nothing where the C library is not glibc.
    """
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def keep_small() -> None:
    """Let threads share two arenas of the heap, before there are any threads.

    glibc gives every thread one of its own, up to eight times the number of cores, and what is free
    in one is of no use to the others: with eight callers the daemon held half as much again.
    """
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)
