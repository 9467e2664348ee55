"""Speech for a caller, where voices of different rates speak in one text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext

import numpy as np
import pytest
from fakes.playback_fakes import Diary, FakePresets, OneVoice, SilentSink
from numpy.typing import NDArray

from tts_daemon.clock import SystemClock
from tts_daemon.domain import AudioChunk, Clause, SpeakRequest, Style
from tts_daemon.playback import Journal, Player
from tts_daemon.playback._chunk_source import ChunkSource
from tts_daemon.playback._render import RenderSlots, RenderStream
from tts_daemon.ports import SoFar
from tts_daemon.sound.pcm import to_pcm


def two_voices() -> Iterator[AudioChunk]:
    """Half a second from each of two voices, then of the first again."""
    for clause, rate in enumerate((16000, 24000, 16000)):
        for piece in np.split(np.full(rate // 2, 0.5, dtype=np.float32), 5):
            yield AudioChunk(piece, rate, clause)


def test_a_caller_gets_one_rate_whoever_speaks() -> None:
    source = ChunkSource(two_voices(), nullcontext, SystemClock())
    slots = RenderSlots(1)
    slots.take()
    chunks = list(RenderStream(source, slots))
    assert {chunk.sample_rate for chunk in chunks} == {16000}
    samples = np.concatenate([chunk.samples for chunk in chunks])
    assert len(samples) == pytest.approx(24000, abs=2)
    assert samples[[4000, 12000, 20000]] == pytest.approx(0.5, abs=0.01)


class Loud(OneVoice):
    """A tone that the limiter has to turn down."""

    def stream(
        self,
        text: str,
        style: Style,
        *,
        keep: bool = False,
        warn: Callable[[str], None] = print,
        so_far: SoFar | None = None,
    ) -> Iterator[AudioChunk]:
        samples = np.sin(np.arange(8000) / 5).astype(np.float32)
        for piece in np.split(samples, 4):
            yield AudioChunk(piece, 16000, volume=95.0)

    def read(
        self, text: str, style: Style, warn: Callable[[str], None] = print
    ) -> Iterator[Clause]:
        return iter(())


class RecordingSink(SilentSink):
    """Keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.pcm: list[NDArray[np.int16]] = []

    def write(self, pcm: NDArray[np.int16], sample_rate: int) -> None:
        self.pcm.append(pcm)


def test_a_caller_gets_what_the_loudspeaker_would_play() -> None:
    sink, diary = RecordingSink(), Diary()
    player = Player(Loud(), sink, Journal(), FakePresets())
    player.subscribe(diary)
    player.start()
    rendered = [to_pcm(chunk.samples) for chunk in player.render(SpeakRequest("你好"))]
    player.submit(SpeakRequest("你好", id="aloud"))
    diary.wait_for(lambda: "finished" in diary.of("aloud"))
    player.stop()
    assert np.array_equal(np.concatenate(rendered), np.concatenate(sink.pcm))
    assert np.abs(rendered[1]).max() < 0.9 * 32767
