"""Speech for a caller, where voices of different rates speak in one text."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from tts_daemon.clock import SystemClock
from tts_daemon.domain import AudioChunk, SpeakRequest
from tts_daemon.playback.chunk_source import ChunkSource
from tts_daemon.playback.fair_lock import FairLock
from tts_daemon.playback.render import RenderSlots, RenderStream


class Voices:
    """Half a second from each of two voices, then of the first again."""

    def stream(self, request: SpeakRequest) -> Iterator[AudioChunk]:
        for clause, rate in enumerate((16000, 24000, 16000)):
            for piece in np.split(np.full(rate // 2, 0.5, dtype=np.float32), 5):
                yield AudioChunk(piece, rate, clause)


def test_a_caller_gets_one_rate_whoever_speaks() -> None:
    source = ChunkSource(Voices(), SpeakRequest("你好"), FairLock(), SystemClock())
    slots = RenderSlots(1)
    slots.take()
    chunks = list(RenderStream(source, slots))
    assert {chunk.sample_rate for chunk in chunks} == {16000}
    samples = np.concatenate([chunk.samples for chunk in chunks])
    assert len(samples) == pytest.approx(24000, abs=2)
    assert samples[[4000, 12000, 20000]] == pytest.approx(0.5, abs=0.01)
