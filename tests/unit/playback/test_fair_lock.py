"""The lock is given in the order in which it was asked for."""

from __future__ import annotations

import threading

from fakes.playback_fakes import PATIENCE_S

from tts_daemon.playback._fair_lock import FairLock


def test_those_who_wait_get_it_in_the_order_in_which_they_came() -> None:
    lock = FairLock()
    turns: list[int] = []

    def take(number: int) -> None:
        with lock:
            turns.append(number)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(5)]
    with lock:
        for number, thread in enumerate(threads):
            thread.start()
            while len(lock._line) <= number:
                assert thread.is_alive()
    # Whoever asks again now comes after them.
    with lock:
        turns.append(-1)
    for thread in threads:
        thread.join(PATIENCE_S)
    assert turns == [0, 1, 2, 3, 4, -1]


def test_it_excludes() -> None:
    lock = FairLock()
    inside = 0
    worst = 0

    def work() -> None:
        nonlocal inside, worst
        for _ in range(300):
            with lock:
                inside += 1
                worst = max(worst, inside)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert worst == 1
