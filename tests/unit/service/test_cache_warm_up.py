"""Configured phrases are made ready once, and again when they would sound different."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from tts_daemon.domain import AudioChunk, PlayerState, SpeakRequest
from tts_daemon.errors import QueueFullError
from tts_daemon.ports import Snapshot
from tts_daemon.service.cache_warm_up import CacheWarmUp

PATIENCE_S = 30.0
SNAPSHOT = Snapshot(PlayerState.IDLE, "", 0, 100, 1.0, "neutral", (), (), "", {}, None, None)


class Player:
    """Remembers what it rendered; raises `error` instead while that is set."""

    def __init__(self) -> None:
        self.rendered: queue.SimpleQueue[SpeakRequest] = queue.SimpleQueue()
        self.error: Exception | None = None

    def render(self, request: SpeakRequest) -> Iterator[AudioChunk]:
        self.rendered.put(request)
        if self.error is not None:
            raise self.error
        return iter([AudioChunk(np.zeros(10, np.float32), 16000)])

    def next_text(self) -> str:
        request = self.rendered.get(timeout=PATIENCE_S)
        assert request.keep
        return request.text


@pytest.fixture
def player() -> Player:
    return Player()


@pytest.fixture
def warm_up(player: Player) -> Iterator[CacheWarmUp]:
    made = CacheWarmUp(player, lambda: None)  # type: ignore[arg-type]
    made.start()
    yield made
    made.stop()


def test_phrases_are_rendered_to_be_kept(player: Player, warm_up: CacheWarmUp) -> None:
    warm_up.learn(("早上好", "门开了"))
    assert [player.next_text(), player.next_text()] == ["早上好", "门开了"]


def test_another_preset_or_speed_renders_them_again(player: Player, warm_up: CacheWarmUp) -> None:
    warm_up.heard(SNAPSHOT)
    warm_up.learn(("一",))
    assert player.next_text() == "一"
    warm_up.heard(replace(SNAPSHOT, state=PlayerState.SPEAKING))
    for changed in (replace(SNAPSHOT, preset="happy"), replace(SNAPSHOT, speed=1.2)):
        warm_up.heard(changed)
        assert player.next_text() == "一"


def test_a_phrase_that_fails_does_not_stop_the_others(
    player: Player, warm_up: CacheWarmUp, caplog: pytest.LogCaptureFixture
) -> None:
    player.error = QueueFullError("4 texts are being rendered already")
    warm_up.learn(("一", "二"))
    assert [player.next_text(), player.next_text()] == ["一", "二"]
    player.error = None
    warm_up.learn(("三",))
    assert player.next_text() == "三"
    assert "'一' cannot be made ready" in caplog.text
