"""Callers who render on a slow core do not starve the loudspeaker."""

from __future__ import annotations

import itertools
import threading

from fakes.playback_fakes import Diary, FakePresets, FakeSynthesizer

from tts_daemon.domain import Priority, SpeakRequest
from tts_daemon.playback import Journal, Player
from tts_daemon.sound.devices.null import NullDevice
from tts_daemon.sound.sink import BufferedSink

CHUNK_S = 0.2
FACTOR = 0.4
CALLERS = 4


class Callers:
    """Each has one text after the other made; `chunks` counts what they got."""

    def __init__(self, player: Player) -> None:
        self.chunks = 0
        self._player = player
        self._is_over = threading.Event()
        self._came = threading.Condition()
        self._threads = [threading.Thread(target=self._render, daemon=True) for _ in range(CALLERS)]
        for thread in self._threads:
            thread.start()

    def wait_for(self, more: int) -> None:
        with self._came:
            enough = self.chunks + more
            assert self._came.wait_for(lambda: self.chunks >= enough, timeout=30)

    def stop(self) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()

    def _render(self) -> None:
        while not self._is_over.is_set():
            stream = self._player.render(SpeakRequest("你好"))
            for _ in itertools.takewhile(lambda _: not self._is_over.is_set(), stream):
                with self._came:
                    self.chunks += 1
                    self._came.notify_all()
            stream.close()


def test_an_important_text_waits_for_one_chunk_and_never_runs_dry() -> None:
    sink = BufferedSink(NullDevice())
    player = Player(FakeSynthesizer((CHUNK_S,) * 8, factor=FACTOR), sink, Journal(), FakePresets())
    diary = Diary()
    player.subscribe(diary)
    player.warm_up("你好")
    player.start()
    callers = Callers(player)
    callers.wait_for(2 * CALLERS)
    player.submit(SpeakRequest("失火了。", id="fire", priority=Priority.IMPORTANT))
    diary.wait_for(lambda: "finished" in diary.of("fire"))
    finished = diary.last("fire")
    # The chunk that is being made, and its own first one; before, all others came in between.
    assert finished.first_audio_ms is not None
    assert finished.first_audio_ms < 1000 * CHUNK_S * FACTOR * (CALLERS - 0.5)
    assert sink.counters()["underruns"] == 0
    callers.wait_for(CALLERS)
    callers.stop()
    assert player.stop()
