"""One utterance from the synthesis to the sink, on a clock that only moves when somebody works."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

import numpy as np
import pytest
from fakes.fake_clock import FakeClock
from fakes.playback_fakes import RATE, UNPLUGGED, FakePart, FakeSynthesizer, SilentSink
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tts_daemon.domain import Style
from tts_daemon.errors import AudioUnavailableError, TextError, VoiceError
from tts_daemon.playback._chunk_source import ChunkSource
from tts_daemon.playback._manner import Prepared
from tts_daemon.playback._performance import Performance
from tts_daemon.playback._start_policy import Outline, Pace, StartPolicy

TEXT = "字" * 40
"""Expected to be at most 12 s long."""


class CardSink(SilentSink):
    """Plays on the fake clock; remembers when it began and how often it ran dry."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock
        self.began_s: float | None = None
        self.dry_s = 0.0
        self._until_s = 0.0
        self.heard: list[NDArray[np.int16]] = []

    def write(self, pcm: NDArray[np.int16], sample_rate: int) -> None:
        if not len(pcm):
            return
        now_s = self._clock.now_s
        if self.began_s is None:
            self.began_s = self._until_s = now_s
        self.dry_s += max(0.0, now_s - self._until_s)
        self._until_s = max(now_s, self._until_s) + len(pcm) / sample_rate
        self.heard.append(pcm)


class Stage:
    """Everything around one performance."""

    def __init__(self, synthesizer: FakeSynthesizer, clock: FakeClock) -> None:
        self.clock = clock
        self.synthesizer = synthesizer
        self.sink: SilentSink = CardSink(clock)
        self.pace = Pace()
        self.part_of: Callable[[float], FakePart] = FakePart
        self.part = FakePart(clock.now_s)

    def perform(self, text: str = TEXT, gain: float = 1.0) -> dict[str, float] | None:
        source = ChunkSource(self.synthesizer.stream(text, Style()), nullcontext, self.clock)
        policy = StartPolicy(self.pace, [Outline(len(text))], most_s=60)
        self.part = self.part_of(self.clock.now_s)
        prepared = Prepared(Style(), gain)
        figures = Performance(source, self.sink, policy, prepared, self.part, self.clock).play()
        policy.learn()
        return figures


@pytest.fixture
def stage_of() -> Callable[..., Stage]:
    def build(chunks_s: tuple[float, ...], factor: float) -> Stage:
        clock = FakeClock()
        return Stage(FakeSynthesizer(chunks_s, factor=factor, clock=clock), clock)

    return build


@pytest.mark.parametrize("factor", [0.05, 0.5, 0.95])
def test_faster_than_speech_starts_at_the_first_chunk(stage_of, factor: float) -> None:
    stage = stage_of((0.5,) * 20, factor)
    figures = stage.perform()
    assert stage.sink.began_s - stage.part.begin_s == pytest.approx(0.5 * factor)
    assert stage.sink.dry_s == pytest.approx(0, abs=0.006)
    assert figures["first_audio_ms"] == pytest.approx(500 * factor)
    assert figures["audio_ms"] == pytest.approx(10_000)
    assert figures["real_time_factor"] == pytest.approx(factor)


@pytest.mark.parametrize("factor", [1.05, 1.5, 3.0])
def test_slower_than_speech_never_runs_dry_and_does_not_wait_for_the_end(
    stage_of, factor: float
) -> None:
    stage = stage_of((0.5,) * 20, factor)
    stage.perform()
    whole_s = 10 * factor
    waited_s = stage.sink.began_s - stage.part.begin_s
    assert stage.sink.dry_s == 0
    assert waited_s >= whole_s - 10
    assert waited_s < whole_s


@settings(max_examples=40, deadline=None)
@given(
    chunks_s=st.lists(st.sampled_from([0.2, 0.4, 0.8, 1.2]), min_size=1, max_size=9),
    factor=st.floats(1.01, 4),
)
def test_no_mix_of_chunks_runs_dry_when_slower_than_speech(
    chunks_s: list[float], factor: float
) -> None:
    clock = FakeClock()
    stage = Stage(FakeSynthesizer(tuple(chunks_s), factor=factor, clock=clock), clock)
    # A pace that has seen the longest chunk: the policy cannot foresee one that is longer still.
    longest = (max(chunks_s), *chunks_s)
    stage.synthesizer.chunks_s = longest
    stage.perform()
    assert stage.sink.dry_s < 0.006


def test_long_chunks_are_learnt_from(stage_of) -> None:
    stage = stage_of((0.1, 1.0, 1.0), 0.5)
    stage.perform()
    assert stage.sink.dry_s > 0
    stage.sink = CardSink(stage.clock)
    stage.perform()
    assert stage.sink.dry_s == pytest.approx(0, abs=0.006)


def test_who_has_to_wait_less_than_a_chunk_hears_silence_before_it(stage_of) -> None:
    """Growing chunks at 0.9: each takes longer than the one before it lasts."""
    stage = stage_of((0.075, 0.12, 0.19, 0.3, 0.5, 0.5, 0.5, 0.5), 0.9)
    for _ in range(2):
        stage.sink = CardSink(stage.clock)
        figures = stage.perform()
        assert stage.sink.dry_s == pytest.approx(0, abs=0.01)
    heard = np.concatenate(stage.sink.heard)
    silence = int(np.flatnonzero(heard)[0])
    began_ms = (stage.sink.began_s - stage.part.begin_s) * 1000
    assert silence > 0.02 * RATE
    assert figures["first_audio_ms"] == pytest.approx(began_ms + 1000 * silence / RATE, abs=2)


def test_a_measured_slowness_delays_the_next_start(stage_of) -> None:
    stage = stage_of((0.5,) * 20, 2.0)
    stage.perform()
    stage.synthesizer.factor = 0.2
    stage.sink = CardSink(stage.clock)
    stage.perform()
    assert stage.sink.began_s - stage.part.begin_s > 0.5 * 0.2


def test_recalled_phrases_start_at_once_and_teach_nothing(stage_of) -> None:
    stage = stage_of((0.5,) * 20, 2.0)
    stage.perform()
    slow = list(stage.pace.factors)
    stage.synthesizer.recalled = True
    for _ in range(4):
        figures = stage.perform()
        assert figures["first_audio_ms"] == 0
    assert list(stage.pace.factors) == slow
    stage.synthesizer.recalled = False
    stage.sink = CardSink(stage.clock)
    stage.perform()
    assert stage.sink.dry_s == 0


def test_every_sample_is_heard_and_the_edges_are_soft(stage_of) -> None:
    stage = stage_of((0.1, 0.2, 0.3), 0.1)
    stage.perform()
    heard = np.concatenate(stage.sink.heard)
    assert len(heard) == round(0.6 * RATE)
    assert heard[0] == heard[-1] == 0
    assert np.all(heard[200:-200] == round(0.5 * 32767))


def test_volume_and_gain_are_heard(stage_of) -> None:
    stage = stage_of((0.1, 0.1), 0.1)
    stage.synthesizer.volume = 50
    stage.perform(gain=0.5)
    heard = np.concatenate(stage.sink.heard)
    assert heard[1000] == pytest.approx(0.125 * 32767, abs=1)


def test_it_starts_once(stage_of) -> None:
    stage = stage_of((0.1, 0.1, 0.1), 0.1)
    stage.perform()
    assert stage.part.starts == 1


def test_nobody_wants_it_any_more(stage_of) -> None:
    stage = stage_of((0.1,) * 10, 0.1)

    class Unwanted(FakePart):
        """Cancelled as soon as it has begun."""

        def started(self) -> None:
            self.wanted = False

    stage.part_of = Unwanted
    assert stage.perform() is None
    # The chunk at which it was noticed was the last one made.
    assert stage.clock.now_s - stage.part.begin_s < 0.03 + 1e-9


def test_nothing_to_speak_is_an_error(stage_of) -> None:
    stage = stage_of((), 0.1)
    with pytest.raises(TextError, match="nothing"):
        stage.perform()
    assert stage.sink.stops == 1


def test_what_was_made_before_a_failure_is_heard(stage_of) -> None:
    stage = stage_of((0.1, 0.1), 0.1)
    stage.synthesizer.error = VoiceError("no weights")
    with pytest.raises(VoiceError, match="no weights"):
        stage.perform()
    assert len(np.concatenate(stage.sink.heard)) == round(0.2 * RATE)


def test_a_lost_device_is_reported(stage_of) -> None:
    stage = stage_of((0.1, 0.1), 0.1)

    def unplugged(pcm: NDArray[np.int16], sample_rate: int) -> None:
        raise UNPLUGGED

    stage.sink.write = unplugged  # type: ignore[method-assign]
    with pytest.raises(AudioUnavailableError):
        stage.perform()
