"""The ALSA sink on real ALSA: the contract of every sink, and what only a sound card can do."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fakes.playback_fakes import Diary, FakePresets, FakeSynthesizer
from fakes.sink_contract import Case, SinkContract, loudest_hz, make_case, ramp, tone

from tts_daemon.domain import Event, PlayerState, SpeakRequest
from tts_daemon.errors import AudioUnavailableError
from tts_daemon.playback import Journal, Player
from tts_daemon.ports import Snapshot
from tts_daemon.sound.devices.alsa import AlsaDevice, device_names, rescan
from tts_daemon.sound.devices.default import DefaultDevice
from tts_daemon.sound.sink import BufferedSink
from tts_daemon.sound.sink_factory import make_sink


class TestAlsa(SinkContract):
    @pytest.fixture
    def case(self, alsa) -> Iterator[Case]:
        case = make_case(AlsaDevice("tofile"), alsa.heard, 16000)
        yield case
        case.sink.close()


def test_a_card_of_another_rate_gets_the_same_tone(alsa) -> None:
    device = AlsaDevice("tofile", rates=(44100,))
    sink = BufferedSink(device)
    sink.open()
    for part in np.array_split(tone(1000, 1.0, 16000), 9):
        sink.write(part, 16000)
    sink.drain()
    sink.close()
    heard = alsa.heard()
    assert len(heard) == pytest.approx(44100, abs=2)
    assert loudest_hz(heard, 44100) == pytest.approx(1000, abs=1.5)


def test_the_default_device_is_used_by_name(alsa) -> None:
    sink = make_sink("default", lead_in_s=0)
    sink.open()
    sink.write(ramp(500), 16000)
    sink.drain()
    sink.close()
    assert np.array_equal(alsa.heard(), ramp(500))


def test_the_default_device_is_waited_for_once_it_was_there(alsa) -> None:
    device = DefaultDevice()
    assert device.open() == 16000
    device.close()
    alsa.unplug()
    with pytest.raises(AudioUnavailableError, match="no sound device is there"):
        device.open()
    alsa.plug_in()
    assert device.open() == 16000
    device.close()


def test_a_wrong_name_is_refused_with_the_right_ones(alsa) -> None:
    with pytest.raises(AudioUnavailableError, match=r"kitchen.*one of: .*tofile"):
        AlsaDevice("kitchen").open()


def test_no_card_is_refused_with_what_to_check(alsa) -> None:
    alsa.unplug()
    rescan()
    assert device_names() == ()
    with pytest.raises(AudioUnavailableError, match=r"group audio"):
        AlsaDevice("default").open()


def test_a_card_that_comes_late_is_found_without_a_restart(alsa) -> None:
    alsa.unplug()
    rescan()
    device = AlsaDevice("tofile")
    with pytest.raises(AudioUnavailableError):
        device.open()
    alsa.plug_in()
    assert device.open() == 16000
    device.close()


class Reader(threading.Thread):
    """The other end of a FIFO: hears until it is told to hang up."""

    def __init__(self, fifo: Path) -> None:
        super().__init__(daemon=True)
        self._fifo = fifo
        self.heard = threading.Event()

    def run(self) -> None:
        source = os.open(self._fifo, os.O_RDONLY)
        os.read(source, 64)
        self.heard.set()
        os.close(source)


def test_a_card_that_is_pulled_out_in_mid_word_is_reported(alsa, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    alsa.plug_in(file=str(fifo))
    rescan()
    Reader(fifo).start()
    sink = BufferedSink(AlsaDevice("tofile"))
    sink.open()
    with pytest.raises(AudioUnavailableError, match="tofile"):  # noqa: PT012
        sink.write(tone(440, 10.0, 16000), 16000)  # more than fits into the FIFO
        sink.drain()
    alsa.plug_in()
    sink.open()
    sink.write(ramp(100), 16000)
    sink.drain()
    sink.close()
    assert np.array_equal(alsa.heard(), ramp(100))


def test_nothing_is_lost_while_the_card_is_away(alsa, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tts_daemon.playback._outage._FIRST_S", 0.05)
    alsa.unplug()
    rescan()
    diary = Diary()
    sink = make_sink("tofile", lead_in_s=0, release_after_s=3600)
    player = Player(FakeSynthesizer(), sink, Journal(), FakePresets())
    player.subscribe(diary)
    player.start()
    player.submit(SpeakRequest("你好", id="a"))
    diary.wait_for(lambda: "no_audio" in diary.states)
    player.submit(SpeakRequest("你好", id="b"))
    alsa.plug_in()
    diary.wait_for(lambda: "finished" in diary.of("b"))
    assert player.stop(20)
    assert diary.of("a") == diary.of("b") == ["queued", "started", "finished"]
    assert len(alsa.heard()) == 3200


def test_an_utterance_that_was_cut_off_is_spoken_from_its_start(
    alsa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tts_daemon.playback._outage._FIRST_S", 0.05)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    alsa.plug_in(file=str(fifo))
    rescan()
    Reader(fifo).start()
    diary = Diary()

    def unplug(news: Event | Snapshot) -> None:
        # The first time only, and before the device is looked for again.
        if isinstance(news, Snapshot) and news.state == PlayerState.NO_AUDIO:
            end()
            alsa.unplug()

    sink = make_sink("tofile", lead_in_s=0, release_after_s=3600)
    player = Player(FakeSynthesizer((1.0,) * 10), sink, Journal(), FakePresets())
    end = player.subscribe(unplug)
    player.subscribe(diary)
    player.start()
    player.submit(SpeakRequest("你好", id="a"))
    diary.wait_for(lambda: "no_audio" in diary.states)
    assert alsa.heard().size == 0
    alsa.plug_in()
    diary.wait_for(lambda: "finished" in diary.of("a"))
    assert player.stop(20)
    assert diary.of("a") == ["queued", "started", "finished"]
    assert len(alsa.heard()) == 10 * 16000
