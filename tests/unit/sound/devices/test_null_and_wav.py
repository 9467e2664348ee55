"""The null and the WAV sink keep the contract, and their own promises."""

from __future__ import annotations

import time
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fakes.fake_clock import FakeClock
from fakes.sink_contract import Case, SinkContract, make_case, ramp
from numpy.typing import NDArray

from tts_daemon.errors import AudioUnavailableError
from tts_daemon.sound import sink as buffered_sink
from tts_daemon.sound.devices.null import NullDevice
from tts_daemon.sound.devices.wav import WavDevice
from tts_daemon.sound.sink import BufferedSink
from tts_daemon.sound.sink_factory import make_sink


class ListeningNull(NullDevice):
    """A null device that remembers what it was given."""

    def __init__(self, sample_rate: int = 16000) -> None:
        super().__init__(sample_rate, clock=FakeClock())
        self.blocks: list[NDArray[np.int16]] = []

    def play(self, block: NDArray[np.int16]) -> bool:
        self.blocks.append(block)
        return super().play(block)

    def heard(self) -> NDArray[np.int16]:
        return np.concatenate([np.zeros(0, dtype=np.int16), *self.blocks])


def samples_of(path: Path) -> NDArray[np.int16]:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")


class TestNull(SinkContract):
    @pytest.fixture
    def case(self) -> Iterator[Case]:
        device = ListeningNull()
        case = make_case(device, device.heard, 16000)
        yield case
        case.sink.close()


class TestNullAt48000(SinkContract):
    @pytest.fixture
    def case(self) -> Iterator[Case]:
        device = ListeningNull(48000)
        case = make_case(device, device.heard, 48000)
        yield case
        case.sink.close()


class TestWav(SinkContract):
    @pytest.fixture
    def case(self, tmp_path: Path) -> Iterator[Case]:
        path = tmp_path / "heard.wav"
        device = WavDevice(path, clock=FakeClock())
        case = make_case(device, lambda: samples_of(path), 16000)
        yield case
        case.sink.close()


def test_null_takes_as_long_as_a_sound_card() -> None:
    clock = FakeClock()
    device = NullDevice(16000, clock=clock)
    before_s = clock.now_s
    for _ in range(100):
        device.play(ramp(160))
    assert clock.now_s - before_s == pytest.approx(1.0)


def test_null_tells_that_it_ran_dry() -> None:
    clock = FakeClock()
    device = NullDevice(16000, clock=clock)
    assert not device.play(ramp(320))
    clock.now_s += 0.1
    assert not device.play(ramp(320))
    clock.now_s += 0.5
    assert device.play(ramp(320))
    device.finish()
    clock.now_s += 0.5
    assert not device.play(ramp(320))


def test_wav_appends_to_the_file_of_an_earlier_run(tmp_path: Path) -> None:
    path = tmp_path / "heard.wav"
    for first in (1, 1001):
        sink = BufferedSink(WavDevice(path, paced=False))
        sink.open()
        sink.write(ramp(1000, first), 16000)
        sink.drain()
        sink.close()
    assert np.array_equal(samples_of(path), ramp(2000))


def test_wav_keeps_the_rate_of_an_existing_file(tmp_path: Path) -> None:
    path = tmp_path / "heard.wav"
    WavDevice(path, 8000).open()
    device = WavDevice(path, 16000)
    assert device.open() == 8000
    device.close()


def test_wav_does_not_touch_a_file_that_is_something_else(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("dear reader, this is no sound at all, and it is long enough for a header")
    with pytest.raises(AudioUnavailableError, match=r"letter\.txt"):
        make_sink(f"wav:{path}").open()
    assert path.read_text().startswith("dear reader")


def test_wav_into_a_missing_directory_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(AudioUnavailableError, match=r"audio\.device"):
        make_sink(f"wav:{tmp_path / 'none' / 'x.wav'}").open()


def test_a_device_that_fails_while_playing_reaches_the_writer_and_opens_again() -> None:
    class Breaking(ListeningNull):
        broken = True

        def play(self, block: NDArray[np.int16]) -> bool:
            if self.broken:
                raise AudioUnavailableError("unplugged")
            return super().play(block)

    device = Breaking()
    sink = BufferedSink(device)
    sink.open()
    sink.write(ramp(100), 16000)
    with pytest.raises(AudioUnavailableError, match="unplugged"):
        sink.drain()
    device.broken = False
    sink.open()
    sink.write(ramp(100), 16000)
    sink.drain()
    sink.close()
    assert np.array_equal(device.heard(), ramp(100))
    assert sink.counters()["audio_errors"] == 1


def test_lead_in_comes_after_a_rest_only() -> None:
    device = ListeningNull()
    sink = BufferedSink(device, lead_in_s=0.3)
    for _ in range(2):
        sink.open()
        sink.write(ramp(1000), 16000)
        sink.drain()
    sink.close()
    assert np.array_equal(
        device.heard(), np.concatenate([np.zeros(4800, dtype=np.int16), ramp(1000), ramp(1000)])
    )


def test_lead_in_comes_again_after_a_rest_of_an_open_device(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(buffered_sink, "_REST_S", 0.0)
    device = ListeningNull()
    sink = BufferedSink(device, lead_in_s=0.1, release_after_s=3600)
    for _ in range(2):
        sink.open()
        sink.write(ramp(1000), 16000)
        sink.drain()
    sink.close()
    silence = np.zeros(1600, dtype=np.int16)
    assert np.array_equal(
        device.heard(), np.concatenate([silence, ramp(1000), silence, ramp(1000)])
    )
    assert sink.counters()["opened"] == 1


def test_an_idle_device_is_given_back() -> None:
    import threading

    class Closing(ListeningNull):
        closed = threading.Event()

        def close(self) -> None:
            self.closed.set()

    device = Closing()
    sink = BufferedSink(device, release_after_s=0.0)
    sink.open()
    sink.write(ramp(100), 16000)
    sink.drain()
    assert device.closed.wait(20)
    sink.close()


def test_a_waiting_writer_shows_that_it_lives() -> None:
    import threading

    beaten = threading.Event()
    sink = BufferedSink(ListeningNull(), ahead_s=0.1)
    sink.while_waiting = beaten.set
    sink.open()
    sink.pause()
    threading.Thread(target=lambda: sink.write(ramp(5000), 16000), daemon=True).start()
    assert beaten.wait(20)
    sink.close()


def test_a_writer_woken_by_every_block_still_shows_that_it_lives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(buffered_sink, "_BEAT_S", 0.1)
    beats: list[float] = []
    sink = BufferedSink(NullDevice(), ahead_s=0.1)
    sink.while_waiting = lambda: beats.append(time.monotonic())
    sink.open()
    begin_s = time.monotonic()
    # Blocks are shorter than a beat: no single wait lasts until one is due.
    sink.write(ramp(16000), 16000)
    sink.drain()
    end_s = time.monotonic()
    sink.close()
    gaps = np.diff([begin_s, *beats, end_s])
    assert len(beats) >= 3
    assert gaps.max() <= (end_s - begin_s) / 3
