"""A voice whose engine is slower than speech: it is heard late, and never runs dry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from fakes.fake_clock import FakeClock
from fakes.playback_fakes import FakePart, SilentSink
from numpy.typing import NDArray

from tts_daemon.playback._chunk_source import ChunkSource
from tts_daemon.playback._manner import Prepared
from tts_daemon.playback._performance import Performance
from tts_daemon.playback._start_policy import Outline, Pace, StartPolicy, outline_of
from tts_daemon.runtime.engine import Array, Graph, GraphOptions
from tts_daemon.runtime.onnx_engine import OnnxEngine
from tts_daemon.synthesis.synthesizer import Synthesizer
from tts_daemon.synthesis.voice_pool import VoicePool
from tts_daemon.text.frontend import Frontend
from tts_daemon.voices.store import VoiceStore

MODELS = Path(__file__).parents[2] / "data"
RATE = 16000
TEXTS = (
    "你好。",
    "今天天气晴朗，气温二十六度，适合出门散步；下午可能下雨，请记得带伞。",
    "晚上八点放电影，别忘了。明天上午九点开会，地点在三楼会议室，请大家准时参加。" * 2,
)


class SlowEngine:
    """Takes `factor` seconds of a clock for every second that the vocoder makes."""

    def __init__(self, clock: FakeClock) -> None:
        self.factor = 1.0
        self._engine = OnnxEngine()
        self._clock = clock

    def load(self, path: Path, options: GraphOptions) -> Graph:
        graph = self._engine.load(path, options)
        if path.stem == "vocoder":
            graph.run = self._slow(graph.run)  # type: ignore[method-assign]
        return graph

    def _slow(
        self, run: Callable[[Mapping[str, Array]], dict[str, Array]]
    ) -> Callable[[Mapping[str, Array]], dict[str, Array]]:
        def slow(inputs: Mapping[str, Array]) -> dict[str, Array]:
            made = run(inputs)
            self._clock.sleep_s(self.factor * made["waveform"].shape[1] / RATE)
            return made

        return slow


class Card(SilentSink):
    """Plays on the clock; remembers when it began and for how long it ran dry."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self.began_s: float | None = None
        self.dry_s = 0.0
        self._clock = clock
        self._until_s = 0.0

    def write(self, pcm: NDArray[np.int16], sample_rate: int) -> None:
        if not len(pcm):
            return
        now_s = self._clock.now_s
        if self.began_s is None:
            self.began_s = self._until_s = now_s
        self.dry_s += max(0.0, now_s - self._until_s)
        self._until_s = max(now_s, self._until_s) + len(pcm) / sample_rate


class Stage:
    """Speaks texts one after the other; what one teaches the next ones know."""

    def __init__(self, models: Path = MODELS, voice: str = "tiny_voice") -> None:
        self.clock = FakeClock()
        self.engine = SlowEngine(self.clock)
        pool = VoicePool(VoiceStore([models], voice), self.engine, threads=1)
        self._style = pool.get().usual_style
        self._synthesizer = Synthesizer(Frontend(), pool)
        self._pace = Pace()

    def record(self, text: str) -> Recording:
        """The chunks of a text, each with its length, the time that it took, and its clause."""
        chunks, before_s = [], self.clock.now_s
        for chunk in self._synthesizer.stream(text, self._style):
            chunks.append((chunk.duration_s, self.clock.now_s - before_s, chunk.clause))
            before_s = self.clock.now_s
        read = self._synthesizer.read(text, self._style)
        return Recording(chunks, [outline_of(clause) for clause in read])

    def speak(self, text: str) -> tuple[Card, float]:
        """The card, and how long it took until it began."""
        card, begin_s = Card(self.clock), self.clock.now_s
        outlines = [outline_of(clause) for clause in self._synthesizer.read(text, self._style)]
        policy = StartPolicy(self._pace, outlines, most_s=60)
        chunks = self._synthesizer.stream(text, self._style)
        source = ChunkSource(chunks, nullcontext, self.clock)
        part, prepared = FakePart(begin_s), Prepared(self._style)
        Performance(source, card, policy, prepared, part, self.clock).play()
        policy.learn()
        assert card.began_s is not None
        return card, card.began_s - begin_s


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.mark.parametrize("factor", [1.2, 2.0, 4.0])
def test_slower_than_speech_it_starts_late_and_never_runs_dry(stage: Stage, factor: float) -> None:
    stage.engine.factor = factor
    for text in TEXTS:
        card, _ = stage.speak(text)
        assert card.dry_s < 0.006, text


def test_faster_than_speech_it_starts_at_the_first_chunk(stage: Stage) -> None:
    stage.engine.factor = 0.3
    for text in TEXTS:
        card, waited_s = stage.speak(text)
        assert waited_s < 0.3 * 0.2, text  # the first chunk is shorter than 0.2 s
        assert card.dry_s < 0.006, text


MEASURED = "你好。今天天气晴朗，最高气温二十六度。"
SENTENCES = (
    *TEXTS,
    "好的，客厅的灯已经打开了。",
    "现在是北京时间上午十点三十分，室内温度26.5℃，湿度百分之四十五。",
    "洗衣机洗好了。",
    "注意！厨房烟雾报警，请立刻检查。",
)


@dataclass
class Recording:
    """What the embedded voice makes of a text: the chunks, and the clauses that were foreseen."""

    chunks: list[tuple[float, float, int]]
    outlines: list[Outline]

    def replay(self, factor: float, pace: Pace) -> tuple[float, float]:
        """When it begins, and the earliest moment at which it could, in seconds."""
        policy = StartPolicy(pace, self.outlines, most_s=60)
        now_s = made_s = least_s = 0.0
        begin_s: float | None = None
        for audio_s, cost_s, clause in self.chunks:
            now_s += factor * cost_s
            least_s = max(least_s, now_s - made_s)
            made_s += audio_s
            policy.arrived(audio_s, factor * cost_s, clause)
            if begin_s is None and (wait_s := policy.start_in_s()) is not None:
                begin_s = now_s + wait_s
        policy.learn()
        return now_s if begin_s is None else begin_s, least_s


@pytest.fixture(scope="module")
def recordings() -> dict[str, Recording]:
    """The time is that of a machine which takes a second for a second of the vocoder's sound."""
    stage = Stage(Path(__file__).parents[3] / "models", "wuyin")
    return {text: stage.record(text) for text in (MEASURED, *SENTENCES)}


@pytest.mark.parametrize("factor", [0.6, 0.7, 0.8, 0.9, 0.95, 1.1, 1.5, 2.0])
def test_first_sentences_on_a_measured_machine_have_no_hole(
    recordings: dict[str, Recording], factor: float
) -> None:
    begins: list[tuple[float, float]] = []
    for text in SENTENCES:
        pace = Pace()
        recordings[MEASURED].replay(factor, pace)
        begins.append(recordings[text].replay(factor, pace))
    assert max(least_s - begin_s for begin_s, least_s in begins) < 0.03
    longest = max(begins, key=lambda begin: begin[1])
    # Slower than speech most of it is the length of the text; else it is a matter of one pause.
    assert longest[0] < (1.25 * longest[1] if factor >= 1.5 else longest[1] + 0.9)


@pytest.mark.parametrize("factor", [0.1, 0.3])
def test_a_fast_machine_begins_with_the_first_chunk(
    recordings: dict[str, Recording], factor: float
) -> None:
    for text in SENTENCES:
        begin_s, _ = recordings[text].replay(factor, Pace())
        assert begin_s == pytest.approx(factor * recordings[text].chunks[0][1])
