"""A stream is the whole: the waveform is the same however it is cut, and streams do not meet.

On a voice of the published architecture with small random weights (tests/data/tiny_voice).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import repeat, zip_longest
from pathlib import Path

import numpy as np
import pytest

from tts_daemon.domain import SpeakRequest, Style
from tts_daemon.runtime.engine import Array, Floats, Graph, GraphOptions
from tts_daemon.runtime.onnx_engine import OnnxEngine
from tts_daemon.synthesis.synthesizer import Synthesizer
from tts_daemon.synthesis.voice import Voice
from tts_daemon.synthesis.voice_pool import VoicePool
from tts_daemon.text.frontend import Frontend
from tts_daemon.text.symbols import encode
from tts_daemon.vocoder.chunking import ChunkPlan
from tts_daemon.voices.store import VoiceStore

MODELS = Path(__file__).parents[1] / "data"
TEXT = (
    "你好，今天天气怎么样？明天我们一起去公园，还是去散步呢？他们现在就走？今天的天气真的太好了！"
)
WHOLE = ChunkPlan(10_000, 1.0, 10_000)
PLANS = [ChunkPlan(), ChunkPlan(1, 1.0, 1), ChunkPlan(7, 1.0, 7), ChunkPlan(3, 3.0, 50)]


class CountedGraph:
    """A graph that counts its runs."""

    def __init__(self, graph: Graph, count: Callable[[], None]) -> None:
        """Wrap a graph."""
        self._graph = graph
        self._count = count

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Count and run."""
        self._count()
        return self._graph.run(inputs)

    def bind(self, inputs: Mapping[str, Array], outputs: Mapping[str, Array]) -> Callable[[], None]:
        """Count when the call is made."""
        call = self._graph.bind(inputs, outputs)

        def counted() -> None:
            self._count()
            call()

        return counted

    def empty_states(self) -> dict[str, Array]:
        """As the graph says."""
        return self._graph.empty_states()

    def width(self, name: str) -> int:
        """As the graph says."""
        return self._graph.width(name)


class CountingEngine(OnnxEngine):
    """ONNX Runtime, and how often any graph ran."""

    def __init__(self) -> None:
        """Nothing ran yet."""
        self.runs = 0

    def load(self, path: Path, options: GraphOptions) -> CountedGraph:  # type: ignore[override]
        """Load a graph that counts."""
        return CountedGraph(super().load(path, options), self._count)

    def _count(self) -> None:
        self.runs += 1


@pytest.fixture(scope="module")
def engine() -> CountingEngine:
    """ONNX Runtime with a counter."""
    return CountingEngine()


@pytest.fixture(scope="module")
def pool(engine: CountingEngine) -> VoicePool:
    """The tiny voice."""
    return VoicePool(VoiceStore([MODELS], "tiny_voice"), engine, threads=1)


@pytest.fixture(scope="module")
def voice(pool: VoicePool) -> Voice:
    """The tiny voice, loaded."""
    return pool.get()


@pytest.fixture(scope="module")
def frontend() -> Frontend:
    """The text front end."""
    return Frontend()


@pytest.fixture
def build(pool: VoicePool, frontend: Frontend) -> Callable[[ChunkPlan], Synthesizer]:
    """Make a synthesizer for a plan."""
    return lambda plan: Synthesizer(frontend, pool, plan)


def _style(request: SpeakRequest) -> Style:
    return Style(**request.overrides)  # type: ignore[arg-type]


def _joined(pieces: Iterator[Floats]) -> Floats:
    return np.concatenate(list(pieces))


@pytest.mark.parametrize("size", [1, 2, 3, 5, 17, 48])
def test_mel_in_chunks_is_the_mel(voice: Voice, frontend: Frontend, size: int) -> None:
    for clause in frontend.read(TEXT, Style(), voice.traits):
        ids = np.array(encode(clause.symbols, voice.manifest.symbols), np.int64)
        inputs = voice.acoustic.inputs.build(ids, Style())
        whole, pieces = (
            _joined(chunk.frames for chunk in voice.acoustic.stream(inputs, repeat(frames)))
            for frames in (10_000, size)
        )
        assert len(whole) > 50
        np.testing.assert_allclose(pieces, whole, atol=1e-5)


@pytest.mark.parametrize("plan", PLANS, ids=str)
def test_the_waveform_in_chunks_is_the_waveform(
    voice: Voice, frontend: Frontend, plan: ChunkPlan
) -> None:
    for clause in frontend.read(TEXT, Style(), voice.traits):
        whole = _joined(voice.speak(clause, WHOLE))
        streamed = _joined(voice.speak(clause, plan))
        assert np.abs(whole).max() > 0.1
        np.testing.assert_allclose(streamed, whole, atol=1e-4)


@pytest.mark.parametrize("plan", PLANS, ids=str)
def test_an_utterance_in_chunks_is_the_utterance(
    build: Callable[[ChunkPlan], Synthesizer], plan: ChunkPlan
) -> None:
    style = Style(emotion="happy", speed=0.9)
    whole = _joined(chunk.samples for chunk in build(WHOLE).stream(TEXT, style))
    streamed = _joined(chunk.samples for chunk in build(plan).stream(TEXT, style))
    np.testing.assert_allclose(streamed, whole, atol=1e-4)


def test_interleaved_streams_are_as_if_alone(
    build: Callable[[ChunkPlan], Synthesizer],
) -> None:
    synthesizer = build(ChunkPlan(5, 1.0, 5))
    wanted = [(TEXT, Style()), ("你好。", Style(emotion="sad")), (TEXT, Style(speed=1.5))]
    alone = [_joined(chunk.samples for chunk in synthesizer.stream(*each)) for each in wanted]
    parts: list[list[Floats]] = [[] for _ in wanted]
    for chunks in zip_longest(*(synthesizer.stream(*each) for each in wanted)):
        for part, chunk in zip(parts, chunks, strict=True):
            if chunk is not None:
                part.append(chunk.samples)
    for part, expected in zip(parts, alone, strict=True):
        np.testing.assert_array_equal(np.concatenate(part), expected)


def test_a_closed_stream_computes_no_more(
    build: Callable[[ChunkPlan], Synthesizer], engine: CountingEngine
) -> None:
    synthesizer = build(ChunkPlan(5, 1.0, 5))
    before = engine.runs
    list(synthesizer.stream(TEXT, Style()))
    whole = engine.runs - before
    stream = synthesizer.stream(TEXT, Style())
    next(stream)
    at_first_sound = engine.runs - before - whole
    stream.close()
    assert engine.runs - before - whole == at_first_sound
    assert at_first_sound < whole / 2


def test_the_same_request_sounds_the_same_twice(
    build: Callable[[ChunkPlan], Synthesizer],
) -> None:
    synthesizer = build(ChunkPlan())
    first, second = (
        _joined(chunk.samples for chunk in synthesizer.stream(TEXT, Style())) for _ in "12"
    )
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("text", ["", " ", "😀", "，。", "。" * 50, "\x07", "a"])
def test_odd_texts_do_no_harm(build: Callable[[ChunkPlan], Synthesizer], text: str) -> None:
    for chunk in build(ChunkPlan()).stream(text, Style()):
        assert np.isfinite(chunk.samples).all()


@pytest.mark.parametrize(
    "style",
    [
        Style(speed=2.0, pause=0.0),
        Style(speed=0.5, pause=4.0),
        Style(emotion="angry", intensity=2.0),
        Style(pitch=12.0, energy=-2.0),
    ],
)
def test_every_symbol_alone_can_be_spoken_in_any_style(voice: Voice, style: Style) -> None:
    names = voice.manifest.symbols["sy"]
    for index in range(0, len(names), 7):
        inputs = voice.acoustic.inputs.build(np.array([[index, 0, 0, 0]], np.int64), style)
        for piece in voice.stream(inputs, ChunkPlan()):
            assert np.isfinite(piece).all()
