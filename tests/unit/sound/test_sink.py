"""What the thread behind every sink does with a device that is slow, deep, or stuck."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest
from fakes.sink_contract import PATIENCE_S, ended, in_thread, ramp
from numpy.typing import NDArray

from tts_daemon.errors import AudioUnavailableError
from tts_daemon.sound import sink as buffered_sink
from tts_daemon.sound.levels import FADE_S
from tts_daemon.sound.sink import BufferedSink
from tts_daemon.sound.sink_machine import BLOCK_S

RATE = 16000
BLOCK = round(BLOCK_S * RATE)
EDGE = round(FADE_S * RATE)


class GatedDevice:
    """Plays a block only when the test gives a permit."""

    def __init__(self) -> None:
        self.permits = threading.Semaphore(0)
        self.playing = threading.Semaphore(0)
        self.halted = threading.Event()
        self.blocks: list[NDArray[np.int16]] = []

    def open(self) -> int:
        return RATE

    def play(self, block: NDArray[np.int16]) -> bool:
        self.playing.release()
        assert self.permits.acquire(timeout=PATIENCE_S)
        self.blocks.append(block)
        return False

    def rest_s(self) -> float:
        return 0.0

    def finish(self) -> None:
        self.halted.set()

    def abort(self) -> int:
        self.halted.set()
        return 0

    def close(self) -> None:
        pass


class DeepDevice(GatedDevice):
    """Takes everything at once, as a card with a big buffer does, and has played none of it."""

    def __init__(self) -> None:
        super().__init__()
        self.inside = 0
        self.closed = False

    def play(self, block: NDArray[np.int16]) -> bool:
        self.blocks.append(block)
        self.inside += len(block)
        self.playing.release()
        return False

    def rest_s(self) -> float:
        return self.inside / RATE

    def abort(self) -> int:
        inside, self.inside = self.inside, 0
        self.halted.set()
        return inside


def test_a_stop_lets_at_most_the_block_in_hand_and_a_fade_be_heard() -> None:
    device = GatedDevice()
    sink = BufferedSink(device)
    sink.open()
    sink.write(ramp(20 * BLOCK), RATE)
    device.permits.release(3)
    for _ in range(4):
        assert device.playing.acquire(timeout=PATIENCE_S)
    sink.stop_now()
    device.permits.release(100)
    assert device.halted.wait(PATIENCE_S)
    sink.close()
    assert [len(block) for block in device.blocks] == [BLOCK] * 4 + [EDGE]


@pytest.mark.parametrize("end", [BufferedSink.stop_now, BufferedSink.pause])
def test_an_end_in_mid_sound_does_not_click(end: Callable[[BufferedSink], None]) -> None:
    device = GatedDevice()
    sink = BufferedSink(device)
    sink.open()
    loud = np.full(10 * BLOCK, 20000, dtype=np.int16)
    sink.write(loud, RATE)
    device.permits.release(1)
    for _ in range(2):
        assert device.playing.acquire(timeout=PATIENCE_S)
    end(sink)
    device.permits.release(100)
    assert device.halted.wait(PATIENCE_S)
    sink.close()
    heard = np.append(np.concatenate(device.blocks), 0)
    assert np.abs(np.diff(heard.astype(int))).max() <= 20000 / (EDGE - 1) + 1
    assert len(heard) - 1 == 2 * BLOCK + EDGE


def test_a_pause_and_what_follows_it_lose_nothing_to_the_fades() -> None:
    device = GatedDevice()
    sink = BufferedSink(device)
    sink.open()
    sink.write(ramp(4 * BLOCK), RATE)
    assert device.playing.acquire(timeout=PATIENCE_S)
    sink.pause()
    device.permits.release(100)
    assert device.halted.wait(PATIENCE_S)
    sink.resume()
    sink.drain()
    sink.close()
    heard = np.concatenate(device.blocks)
    faded = slice(BLOCK, BLOCK + 2 * EDGE)
    whole = ramp(4 * BLOCK)
    assert np.array_equal(np.delete(heard, faded), np.delete(whole, faded))
    assert np.all(heard[faded] <= whole[faded])


def test_before_the_first_word_a_stop_lets_nothing_be_heard() -> None:
    device = GatedDevice()
    sink = BufferedSink(device, lead_in_s=1.0)
    sink.open()
    sink.write(ramp(BLOCK), RATE)
    assert device.playing.acquire(timeout=PATIENCE_S)
    sink.stop_now()
    device.permits.release(100)
    assert device.halted.wait(PATIENCE_S)
    sink.close()
    assert not np.concatenate(device.blocks).any()


def test_a_pause_takes_back_what_the_device_had_not_played() -> None:
    device = DeepDevice()
    sink = BufferedSink(device)
    sink.open()
    sink.write(ramp(10 * BLOCK), RATE)
    for _ in range(10):
        assert device.playing.acquire(timeout=PATIENCE_S)
    device.inside = 4 * BLOCK
    sink.pause()
    assert device.halted.wait(PATIENCE_S)
    sink.resume()
    sink.drain()
    sink.close()
    again = np.concatenate(device.blocks[10:])
    assert len(again) == 4 * BLOCK
    assert np.array_equal(again[-BLOCK:], ramp(BLOCK, 9 * BLOCK + 1))


def test_a_stop_after_a_pause_takes_nothing_back() -> None:
    device = DeepDevice()
    sink = BufferedSink(device)
    sink.open()
    sink.write(ramp(3 * BLOCK), RATE)
    for _ in range(3):
        assert device.playing.acquire(timeout=PATIENCE_S)
    sink.pause()
    sink.stop_now()
    sink.resume()
    sink.open()
    sink.write(ramp(BLOCK, 9000), RATE)
    sink.drain()
    sink.close()
    assert np.array_equal(np.concatenate(device.blocks[3:]), ramp(BLOCK, 9000))


def test_the_device_opens_while_the_first_chunk_is_being_made() -> None:
    class SlowToOpen(GatedDevice):
        ready = threading.Event()

        def open(self) -> int:
            assert self.ready.wait(PATIENCE_S)
            return RATE

    device = SlowToOpen()
    device.permits.release(100)
    sink = BufferedSink(device)
    sink.open(wait=False)
    writer = in_thread(lambda: sink.write(ramp(100), RATE))
    device.ready.set()
    assert ended(writer)
    sink.drain()
    sink.close()
    assert np.array_equal(np.concatenate(device.blocks), ramp(100))


def test_a_device_that_cannot_be_opened_reaches_the_writer() -> None:
    class Missing(GatedDevice):
        def open(self) -> int:
            raise AudioUnavailableError("gone")

    sink = BufferedSink(Missing())
    sink.open(wait=False)
    with pytest.raises(AudioUnavailableError, match="gone"):
        sink.write(ramp(100), RATE)
    with pytest.raises(AudioUnavailableError, match="gone"):
        sink.open()
    sink.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits little for a device that hangs."""
    monkeypatch.setattr(buffered_sink, "_BEAT_S", 0.01)
    monkeypatch.setattr(buffered_sink, "_HANGS_AFTER_S", 0.05)


@pytest.mark.usefixtures("impatient")
def test_a_device_that_hangs_is_given_up_until_it_comes_back() -> None:
    device = GatedDevice()
    sink = BufferedSink(device)
    sink.open()
    sink.write(ramp(100), RATE)
    with pytest.raises(AudioUnavailableError, match="taken nothing"):
        sink.drain()
    for wait in (True, False):
        with pytest.raises(AudioUnavailableError, match="taken nothing"):
            sink.open(wait=wait)
    assert sink.counters()["audio_errors"] == 1
    device.blocks.clear()
    device.permits.release(100)
    open_in_time(sink)
    sink.write(ramp(100, 1000), RATE)
    sink.drain()
    sink.close()
    assert np.array_equal(device.blocks[-1], ramp(100, 1000))
    assert sink.counters()["opened"] == 2


def open_in_time(sink: BufferedSink) -> None:
    """Open it as soon as its device takes something again."""
    deadline_s = time.monotonic() + 60
    while True:
        try:
            return sink.open()
        except AudioUnavailableError:
            assert time.monotonic() < deadline_s, "it is not opened again"
            time.sleep(0.01)


@pytest.mark.usefixtures("impatient")
def test_a_device_that_hangs_is_noticed_by_who_does_not_wait() -> None:
    device = GatedDevice()
    sink = BufferedSink(device)
    sink.open()

    def write_on() -> None:
        deadline_s = time.monotonic() + 60
        while time.monotonic() < deadline_s:
            sink.write(ramp(1), RATE)
            sink.stop_now()
            sink.open()

    with pytest.raises(AudioUnavailableError, match="taken nothing"):
        write_on()
    device.permits.release(100)
    sink.close()


def test_a_device_that_hangs_is_left_behind_at_the_end(caplog: pytest.LogCaptureFixture) -> None:
    device = GatedDevice()
    sink = BufferedSink(device)
    sink.open()
    sink.write(ramp(100), RATE)
    assert device.playing.acquire(timeout=PATIENCE_S)
    sink.close(timeout_s=0.01)
    assert "hangs" in caplog.text
    device.permits.release(100)


def test_a_failure_while_the_rest_is_awaited_ends_the_utterance_not_the_thread() -> None:
    class Torn(GatedDevice):
        torn = True

        def rest_s(self) -> float:
            if self.torn:
                raise AudioUnavailableError("torn out")
            return 0.0

    device = Torn()
    device.permits.release(100)
    sink = BufferedSink(device)
    sink.open()
    with pytest.raises(AudioUnavailableError, match="torn out"):
        sink.drain()
    device.torn = False
    sink.open()
    sink.write(ramp(10), RATE)
    sink.drain()
    sink.close()
    assert np.array_equal(device.blocks[-1], ramp(10))


def test_an_unknown_failure_of_the_device_is_an_audio_error() -> None:
    class Odd(GatedDevice):
        def play(self, block: NDArray[np.int16]) -> bool:
            raise RuntimeError("what?")

    sink = BufferedSink(Odd())
    sink.open()
    sink.write(ramp(100), RATE)
    with pytest.raises(AudioUnavailableError, match="what"):
        sink.drain()
    sink.close()


def test_underruns_are_counted_but_not_at_the_start() -> None:
    class Dry(GatedDevice):
        def play(self, block: NDArray[np.int16]) -> bool:
            return True

    sink = BufferedSink(Dry())
    for _ in range(2):
        sink.open()
        sink.write(ramp(3 * BLOCK), RATE)
        sink.drain()
    sink.close()
    assert sink.counters()["underruns"] == 4
