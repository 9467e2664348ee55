"""What every sink promises, as one test class; each kind of device runs it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from tts_daemon.sound.sink import BufferedSink, Device

AHEAD_S = 0.5
PATIENCE_S = 20.0


@dataclass
class Case:
    """A sink over a device of `rate`, and a way to see what was heard on it (int16 [N])."""

    sink: BufferedSink
    heard: Callable[[], NDArray[np.int16]]
    rate: int


def make_case(device: Device, heard: Callable[[], NDArray[np.int16]], rate: int) -> Case:
    return Case(BufferedSink(device, ahead_s=AHEAD_S, release_after_s=3600), heard, rate)


def ramp(count: int, first: int = 1) -> NDArray[np.int16]:
    """Samples that are all different, so that a lost or swapped one shows."""
    return np.arange(first, first + count, dtype=np.int16)


def tone(hertz: float, seconds: float, rate: int) -> NDArray[np.int16]:
    return np.round(
        12000 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    ).astype(np.int16)


def loudest_hz(pcm: NDArray[np.int16], rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(pcm * np.hanning(len(pcm))))
    return float(np.argmax(spectrum) * rate / len(pcm))


def in_thread(action: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=action, daemon=True)
    thread.start()
    return thread


def ended(thread: threading.Thread) -> bool:
    thread.join(PATIENCE_S)
    return not thread.is_alive()


class SinkContract:
    """Inherit, and give a fixture `case`."""

    @pytest.fixture
    def case(self) -> Iterator[Case]:
        raise NotImplementedError

    def test_every_sample_is_heard_in_order(self, case: Case) -> None:
        case.sink.open()
        written = ramp(3001)
        for start in range(0, len(written), 700):
            case.sink.write(written[start : start + 700], case.rate)
        case.sink.drain()
        assert np.array_equal(case.heard(), written)

    def test_utterances_follow_each_other(self, case: Case) -> None:
        for first in (1, 5000):
            case.sink.open()
            case.sink.write(ramp(1000, first), case.rate)
            case.sink.drain()
        assert np.array_equal(case.heard(), np.concatenate([ramp(1000), ramp(1000, 5000)]))

    def test_an_utterance_without_samples_ends(self, case: Case) -> None:
        for _ in range(2):
            case.sink.open()
            case.sink.drain()
        assert len(case.heard()) == 0

    def test_nothing_is_heard_between_a_stop_and_the_next_open(self, case: Case) -> None:
        case.sink.open()
        case.sink.stop_now()
        case.sink.write(ramp(1000), case.rate)
        case.sink.drain()
        case.sink.open()
        case.sink.write(ramp(500, 2000), case.rate)
        case.sink.drain()
        assert np.array_equal(case.heard(), ramp(500, 2000))

    def test_a_stop_drops_what_is_queued_and_frees_the_writer(self, case: Case) -> None:
        case.sink.open()
        case.sink.pause()
        more_than_fits = np.ones(round(AHEAD_S * case.rate) + 1000, dtype=np.int16)
        writer = in_thread(lambda: case.sink.write(more_than_fits, case.rate))
        case.sink.stop_now()
        assert ended(writer)
        case.sink.resume()
        case.sink.open()
        case.sink.drain()
        assert len(case.heard()) == 0

    def test_a_stop_frees_the_one_who_drains(self, case: Case) -> None:
        case.sink.open()
        case.sink.pause()
        case.sink.write(ramp(1000), case.rate)
        drainer = in_thread(case.sink.drain)
        case.sink.stop_now()
        assert ended(drainer)

    def test_a_pause_loses_nothing(self, case: Case) -> None:
        case.sink.open()
        case.sink.write(ramp(1000), case.rate)
        case.sink.pause()
        case.sink.write(ramp(1000, 1001), case.rate)
        drainer = in_thread(case.sink.drain)
        case.sink.resume()
        assert ended(drainer)
        # Where it goes on the first 5 ms are faded in: compare lengths and the end.
        assert len(case.heard()) == 2000
        assert np.array_equal(case.heard()[-500:], ramp(500, 1501))

    def test_another_rate_is_resampled(self, case: Case) -> None:
        rate = 22050
        case.sink.open()
        for part in np.array_split(tone(440, 0.5, rate), 7):
            case.sink.write(part, rate)
        case.sink.drain()
        heard = case.heard()
        assert len(heard) == pytest.approx(0.5 * case.rate, abs=2)
        assert loudest_hz(heard, case.rate) == pytest.approx(440, abs=3)

    def test_the_gain_counts_at_once(self, case: Case) -> None:
        case.sink.set_gain(0.5)
        case.sink.open()
        case.sink.write(np.full(2000, 1000, dtype=np.int16), case.rate)
        case.sink.drain()
        assert np.all(case.heard()[-1000:] == 500)

    def test_it_opens_again_after_close(self, case: Case) -> None:
        case.sink.open()
        case.sink.close()
        case.sink.open()
        case.sink.write(ramp(800), case.rate)
        case.sink.drain()
        assert np.array_equal(case.heard()[-800:], ramp(800))
        assert case.sink.counters()["opened"] == 2
        assert case.sink.counters()["underruns"] == 0
