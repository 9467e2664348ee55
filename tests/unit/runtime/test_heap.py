"""Memory goes back to the system."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from tts_daemon.runtime import heap

MEGABYTE = 1 << 20


def _resident_bytes() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def test_freed_memory_is_given_back() -> None:
    # Small pieces come from the heap, which keeps them; the last one keeps it from shrinking.
    pieces = [bytes(8000) for _ in range(8000)]
    last = bytes(8000)
    full = _resident_bytes()
    pieces.clear()
    heap.give_back()
    assert full - _resident_bytes() > 32 * MEGABYTE
    assert len(last) == 8000


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    heap.give_back()
