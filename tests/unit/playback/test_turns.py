"""The loudspeaker comes first, callers in the order in which they came, and nobody together."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest
from fakes.playback_fakes import PATIENCE_S

from tts_daemon.domain import AudioChunk
from tts_daemon.playback._turns import ENOUGH_AHEAD_S, Turns

CHUNK = AudioChunk(np.zeros(1, dtype=np.float32), 16000)


class Loudspeaker:
    """Has so much sound ahead as a test says."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.turns = Turns(lambda: self.ahead)
        self.order: list[str] = []
        self.threads: list[threading.Thread] = []

    def ask(self, name: str, *, loud: bool = False) -> threading.Thread:
        """Ask for a turn in a thread, and return when it stands in line, or had its turn."""

        def take() -> None:
            with self.turns.for_loudspeaker() if loud else self.turns.for_caller():
                self.order.append(name)

        before = len(self.turns._line) + self.turns._wants
        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        self.threads.append(thread)
        while thread.is_alive() and len(self.turns._line) + self.turns._wants == before:
            pass
        return thread

    def join(self) -> list[str]:
        for thread in self.threads:
            thread.join(PATIENCE_S)
            assert not thread.is_alive()
        return self.order


@pytest.fixture
def loudspeaker() -> Loudspeaker:
    return Loudspeaker()


def test_callers_get_it_in_the_order_in_which_they_came(loudspeaker: Loudspeaker) -> None:
    with loudspeaker.turns.for_caller():
        for number in range(5):
            loudspeaker.ask(str(number))
    assert loudspeaker.join() == ["0", "1", "2", "3", "4"]


def test_the_loudspeaker_overtakes_every_caller(loudspeaker: Loudspeaker) -> None:
    with loudspeaker.turns.for_caller():
        loudspeaker.ask("first")
        loudspeaker.ask("second")
        loudspeaker.ask("loud", loud=True)
    assert loudspeaker.join() == ["loud", "first", "second"]


def _kept(loudspeaker: Loudspeaker) -> Callable[[], None]:
    chunks = loudspeaker.turns.kept_for(iter([CHUNK, CHUNK]))
    next(chunks)
    return chunks.close  # type: ignore[attr-defined,no-any-return]


def _due(loudspeaker: Loudspeaker) -> Callable[[], None]:
    loudspeaker.turns.expect(is_due=True)
    return lambda: loudspeaker.turns.expect(is_due=False)


@pytest.mark.parametrize("need", [_kept, _due])
def test_callers_wait_while_the_loudspeaker_needs_every_turn(
    loudspeaker: Loudspeaker, need: Callable[[Loudspeaker], Callable[[], None]]
) -> None:
    end = need(loudspeaker)
    loudspeaker.ask("caller")
    with loudspeaker.turns.for_loudspeaker():
        loudspeaker.order.append("loud")
    assert loudspeaker.order == ["loud"]
    end()
    assert loudspeaker.join() == ["loud", "caller"]


@pytest.mark.parametrize("need", [_kept, _due])
def test_a_loudspeaker_with_enough_ahead_spares_turns(
    loudspeaker: Loudspeaker, need: Callable[[Loudspeaker], Callable[[], None]]
) -> None:
    need(loudspeaker)
    loudspeaker.ask("caller")
    loudspeaker.ahead = ENOUGH_AHEAD_S
    assert loudspeaker.join() == ["caller"]


def test_after_its_last_chunk_an_utterance_needs_no_turns(loudspeaker: Loudspeaker) -> None:
    assert list(loudspeaker.turns.kept_for(iter([CHUNK]))) == [CHUNK]
    loudspeaker.ask("caller")
    assert loudspeaker.join() == ["caller"]


def test_it_excludes(loudspeaker: Loudspeaker) -> None:
    inside = 0
    worst = 0

    def work(turn: Callable[[], object]) -> None:
        nonlocal inside, worst
        for _ in range(200):
            with turn():  # type: ignore[attr-defined]
                inside += 1
                worst = max(worst, inside)
                inside -= 1

    turns = loudspeaker.turns
    kinds = [turns.for_caller, turns.for_loudspeaker] * 2
    threads = [threading.Thread(target=work, args=(kind,)) for kind in kinds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert worst == 1
