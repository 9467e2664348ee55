"""What was used is given back once it is quiet, and not before."""

from __future__ import annotations

import threading

from tts_daemon.service.idle import IdleCare


def test_memory_is_given_back_once_after_a_busy_time() -> None:
    used = iter([0.0, 2.0, 4.0, *[4.1] * 1000])
    looks: list[float] = []
    cared: list[int] = []
    is_over = threading.Event()

    def used_s() -> float:
        looks.append(next(used))
        if len(looks) > 40:
            is_over.set()
        return looks[-1]

    care = IdleCare(lambda: cared.append(len(looks)), used_s, quiet_s=0.001)
    care.start()
    assert is_over.wait(60)
    care.stop()
    assert cared == [4]
