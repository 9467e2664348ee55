"""Memory goes back to the system."""

from __future__ import annotations

import ctypes
import subprocess
import sys
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
    heap.keep_small()


def test_threads_share_two_arenas() -> None:
    code = (
        "import sys, threading\n"
        "from tts_daemon.runtime import heap\n"
        "if sys.argv[1] == 'small': heap.keep_small()\n"
        "meet = threading.Barrier(9)\n"
        "def work():\n"
        "    held = [bytes(5000) for _ in range(200)]\n"
        "    meet.wait(); meet.wait()\n"
        "for _ in range(8): threading.Thread(target=work).start()\n"
        "meet.wait()\n"
        "maps = open('/proc/self/maps').read()\n"
        "meet.wait()\n"
        # An arena reserves 64 MB of addresses and uses the beginning.
        "begins = [int(line.split('-')[0], 16) for line in maps.splitlines()]\n"
        "print(sum(begin % (64 << 20) == 0 for begin in begins))\n"
    )

    def arenas(kind: str) -> int:
        command = [sys.executable, "-c", code, kind]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert arenas("small") <= 2 < arenas("usual")
