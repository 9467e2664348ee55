"""Training states on disk: written whole or not at all, so that an interruption costs minutes."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import torch

from tts_daemon.errors import CheckpointError


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write `state`; a reader sees the old file or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    torch.save(state, draft)
    draft.replace(path)


def load_state(path: Path) -> dict[str, Any] | None:
    """Read what `save_state` wrote; None if there is nothing.

    Raises:
        CheckpointError: The file is damaged.
    """
    if not path.is_file():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, OSError, ValueError) as error:
        raise CheckpointError(f"{path}: damaged training state ({error}); remove it") from error
    return state


def required_state(path: Path) -> dict[str, Any]:
    """Read what `save_state` wrote.

    Raises:
        CheckpointError: There is nothing, or it is damaged.
    """
    state = load_state(path)
    if state is None:
        raise CheckpointError(f"{path}: no such training state")
    return state


_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
"""Options of glibc's `mallopt`."""
_LARGEST_INT = 2**31 - 1


def prepare_torch(threads: int) -> None:
    """Set what a long training on a CPU needs."""
    torch.set_num_threads(threads)
    _keep_memory()
    # Silent inputs make denormal numbers, which cost a hundred times as much.
    torch.set_flush_denormal(True)


def _keep_memory() -> None:
    """Let the allocator keep what it has: giving tensors back cost a fifth of a step."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # glibc only
        mallopt(_MMAP_MAX, 0)
        mallopt(_TRIM_THRESHOLD, _LARGEST_INT)
