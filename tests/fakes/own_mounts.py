"""A mount namespace of the tests' own: whatever is mounted in it is gone with its last process.

Without it an interrupted suite leaves /dev bound below a temporary folder, where a later clean-up
deletes through it.
"""

from __future__ import annotations

import ctypes
import os
from functools import cache

_CLONE_NEWNS = 0x00020000
_MS_REC = 0x4000
_MS_PRIVATE = 1 << 18


@cache
def enter() -> None:
    """Let this thread, and the processes that it starts from now on, mount for themselves alone.

    Raises:
        OSError: Only root may.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    _check(libc.unshare(_CLONE_NEWNS))
    # Else what is mounted here would go on to be mounted outside.
    _check(libc.mount(b"none", b"/", None, ctypes.c_ulong(_MS_REC | _MS_PRIVATE), None))


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
