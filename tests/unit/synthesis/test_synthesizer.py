"""The path from a request to chunks, with a reader and a voice that are easy to see through."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

import numpy as np
import pytest
from fakes import toy_voice as toy

from tts_daemon.domain import AudioChunk, Clause, PauseKind, Style, Symbol
from tts_daemon.errors import TextError, UnknownVoiceError
from tts_daemon.ports import SoFar
from tts_daemon.runtime.engine import Floats, GraphOptions
from tts_daemon.synthesis.edges import trailing_quiet
from tts_daemon.synthesis.phrase_cache import PhraseCache
from tts_daemon.synthesis.synthesizer import Synthesizer
from tts_daemon.synthesis.voice_pool import VoicePool, estimated_mb, graph_options
from tts_daemon.text.symbols import VoiceTraits
from tts_daemon.vocoder.chunking import ChunkPlan
from tts_daemon.voices.manifest import Manifest
from tts_daemon.voices.pause_floors import PauseFloors
from tts_daemon.voices.store import VoiceStore

PHONES = (
    Symbol("b_c", "tone1", "s_begin", "word_begin"),
    Symbol("a_c", "tone1", "s_end", "word_end"),
    Symbol("#4", "tone_none", "s_none", "word_none"),
)
SMALL = ChunkPlan(first_frames=2, growth=2.0, largest_frames=4)


class Reader:
    """Every sentence of the text is a clause of three symbols; `-` is half a second of silence.

    `lan:` before a sentence switches the voice.
    """

    def __init__(self) -> None:
        """Remember the traits that it is given."""
        self.traits: list[VoiceTraits] = []
        self.clauses_read = 0

    def read(
        self,
        text: str,
        style: Style,
        traits: Callable[[Style], VoiceTraits],
        warn: Callable[[str], None],
        so_far: SoFar | None = None,
    ) -> Iterator[Clause]:
        """Yield the clauses."""
        for part in filter(None, text.split("。")):
            self.clauses_read += 1
            if ":" in part:
                style = replace(style, voice=part.split(":")[0])
            self.traits.append(traits(style))
            symbols = () if part == "-" else PHONES
            pause_s = 0.5 if part == "-" else 0.0
            yield Clause(part, part, (), (), (), symbols, style, pause_after_s=pause_s)


class ToyEngine:
    """Loads the toy's graphs by file name."""

    def __init__(self) -> None:
        """Nothing loaded yet."""
        self.loaded: list[Path] = []

    def load(self, path: Path, options: GraphOptions) -> toy.NumpyGraph:
        """One graph."""
        self.loaded.append(path)
        return toy.graphs()[path.stem]


def _pool(tmp_path: Path, *names: str, voices: int = 2) -> tuple[VoicePool, ToyEngine]:
    for name in names:
        (tmp_path / name).mkdir()
        values = json.dumps(toy.manifest_values(name=name))
        (tmp_path / name / "voice.json").write_text(values, encoding="utf-8")
    engine = ToyEngine()
    # The toy's graphs are next to nothing: what is left is what any voice takes.
    one = estimated_mb(Manifest.load(tmp_path / names[0]))
    store = VoiceStore([tmp_path], names[0])
    return VoicePool(store, engine, threads=1, memory_mb=one * voices + 1), engine


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., Synthesizer]:
    """Make a synthesizer over voices `mei` (default) and `lan`."""
    pool, _ = _pool(tmp_path, "mei", "lan")
    return lambda plan=SMALL, reader=None, phrases=None: Synthesizer(
        reader or Reader(), pool, plan, phrases
    )


def _joined(chunks: list[AudioChunk]) -> Floats:
    return np.concatenate([chunk.samples for chunk in chunks])


def test_clauses_come_in_order_with_their_rate_and_volume(
    build: Callable[..., Synthesizer],
) -> None:
    chunks = list(build().stream("一。二", Style(volume=40.0)))
    clauses = [chunk.clause for chunk in chunks]
    assert clauses == sorted(clauses)
    assert set(clauses) == {0, 1}
    assert {(chunk.sample_rate, chunk.volume) for chunk in chunks} == {(1000, 40.0)}
    assert all(chunk.samples.dtype == np.float32 for chunk in chunks)
    assert len(chunks) > 4


def test_the_chunks_make_no_difference(build: Callable[..., Synthesizer]) -> None:
    text = ("一。二", Style())
    whole = _joined(list(build(ChunkPlan(500, 1.0, 500)).stream(*text)))
    for plan in (SMALL, ChunkPlan(1, 1.0, 1), ChunkPlan(7, 1.5, 20)):
        np.testing.assert_allclose(_joined(list(build(plan).stream(*text))), whole, atol=1e-4)


def test_only_the_first_clause_begins_with_a_short_chunk(build: Callable[..., Synthesizer]) -> None:
    plan = ChunkPlan(first_frames=2, growth=1.0, largest_frames=9, later_frames=8)
    lengths: dict[int, list[int]] = {}
    for chunk in build(plan).stream("一。二。三", Style()):
        lengths.setdefault(chunk.clause, []).append(len(chunk.samples))
    assert len(lengths[0]) > len(lengths[1]) == len(lengths[2])
    assert sum(lengths[0]) == sum(lengths[1])


def test_a_clause_without_symbols_is_silence(build: Callable[..., Synthesizer]) -> None:
    chunks = list(build().stream("-", Style()))
    assert sum(len(chunk.samples) for chunk in chunks) == 500
    assert not _joined(chunks).any()
    assert all(chunk.duration_s <= 0.25 for chunk in chunks)


class MarkingReader(Reader):
    """Gives every clause the pause that is asked for."""

    def __init__(self, kind: PauseKind) -> None:
        """Take the kind."""
        super().__init__()
        self._kind = kind

    def read(
        self,
        text: str,
        style: Style,
        traits: Callable[[Style], VoiceTraits],
        warn: Callable[[str], None],
        so_far: SoFar | None = None,
    ) -> Iterator[Clause]:
        """As the other, with pauses."""
        for clause in super().read(text, style, traits, warn):
            yield replace(clause, pauses=(self._kind,))


@pytest.mark.parametrize("pause", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("kind", [PauseKind.COMMA, PauseKind.SENTENCE, PauseKind.PARAGRAPH])
def test_the_silence_between_clauses_has_a_floor(
    build: Callable[..., Synthesizer], kind: PauseKind, pause: float
) -> None:
    """Measured on the waveform; the last clause keeps the end that the voice gives it."""
    style = Style(pause=pause)
    synthesizer = build(reader=MarkingReader(kind), phrases=PhraseCache(1 << 20))
    for _ in range(2):  # made, and recalled
        first = _joined([c for c in synthesizer.stream("一。二", style) if c.clause == 0])
        alone = _joined(list(build(reader=MarkingReader(kind)).stream("一", style)))
        floor = round(PauseFloors().of(kind) * pause * 1000)
        assert trailing_quiet(first) == max(floor, trailing_quiet(alone))
        np.testing.assert_array_equal(first[: len(alone)], alone)


def test_no_clauses_make_no_chunks(build: Callable[..., Synthesizer]) -> None:
    assert list(build().stream("", Style())) == []


def test_the_front_end_reads_no_further_than_is_heard(build: Callable[..., Synthesizer]) -> None:
    reader = Reader()
    stream = build(reader=reader).stream("一。二。三", Style())
    next(stream)
    assert reader.clauses_read == 1
    stream.close()
    assert reader.clauses_read == 1
    assert list(stream) == []


def test_the_reader_is_told_what_the_voice_can_say(build: Callable[..., Synthesizer]) -> None:
    reader = Reader()
    list(build(reader=reader).stream("一", Style()))
    (traits,) = reader.traits
    assert traits.untrained == {"aa"}
    assert not traits.arpabet
    assert "b_c" in traits.tables["sy"]


def test_two_streams_interleaved_are_as_if_alone(build: Callable[..., Synthesizer]) -> None:
    synthesizer = build()
    wanted = [("一。二", Style()), ("三", Style(emotion="happy"))]
    alone = [_joined(list(synthesizer.stream(*each))) for each in wanted]
    streams = [synthesizer.stream(*each) for each in wanted]
    parts: list[list[AudioChunk]] = [[], []]
    for chunks in zip_longest(*streams):
        for part, chunk in zip(parts, chunks, strict=True):
            if chunk is not None:
                part.append(chunk)
    for part, expected in zip(parts, alone, strict=True):
        np.testing.assert_array_equal(_joined(part), expected)


def test_a_repeated_phrase_is_recalled_and_sounds_the_same(
    build: Callable[..., Synthesizer],
) -> None:
    synthesizer = build(phrases=PhraseCache(1_000_000))
    first, second = (list(synthesizer.stream("一", Style())) for _ in range(2))
    assert not any(chunk.recalled for chunk in first)
    assert all(chunk.recalled for chunk in second)
    np.testing.assert_array_equal(_joined(first), _joined(second))
    quiet = list(synthesizer.stream("一", Style(volume=20.0)))
    assert {(chunk.recalled, chunk.volume) for chunk in quiet} == {(True, 20.0)}
    faster = synthesizer.stream("一", Style(speed=1.5))
    assert not any(chunk.recalled for chunk in faster)


def test_a_phrase_to_be_kept_is_kept(build: Callable[..., Synthesizer]) -> None:
    synthesizer = build(phrases=PhraseCache(4_000))
    list(synthesizer.stream("一", Style(), keep=True))
    for speed in (0.6, 0.7, 0.8, 0.9):
        list(synthesizer.stream("二", Style(speed=speed)))
    assert all(chunk.recalled for chunk in synthesizer.stream("一", Style()))


def test_a_voice_that_is_not_there_is_an_error_of_the_first_chunk(
    build: Callable[..., Synthesizer],
) -> None:
    with pytest.raises(UnknownVoiceError):
        next(build().stream("一", Style(voice="mai")))


@pytest.mark.parametrize("wanted", ["hapy", "calm"], ids=["unknown", "untrained"])
def test_an_emotion_that_the_voice_lacks_is_neutral_and_said(
    build: Callable[..., Synthesizer], wanted: str
) -> None:
    warnings: list[str] = []
    stream = build().stream("一。二", Style(emotion=wanted), warn=warnings.append)
    made = _joined(list(stream))
    np.testing.assert_array_equal(made, _joined(list(build().stream("一。二", Style()))))
    (warning,) = warnings
    assert wanted in warning


def _clause(symbols: tuple[Symbol, ...], style: Style) -> Clause:
    return Clause("", "", (), (), (), symbols, style)


def test_a_symbol_that_the_voice_lacks_is_named(tmp_path: Path) -> None:
    pool, _ = _pool(tmp_path, "mei")
    strange = (Symbol("zz_c", "tone1", "s_begin", "word_begin"),)
    with pytest.raises(TextError, match="zz_c"):
        list(pool.get().speak(_clause(strange, Style())))


def test_one_symbol_and_any_style_can_be_spoken(tmp_path: Path) -> None:
    pool, _ = _pool(tmp_path, "mei")
    for symbol in PHONES:
        for style in (Style(), Style(speed=2, pause=0), Style(speed=0.5, pause=4, intensity=2)):
            for piece in pool.get().speak(_clause((symbol,), style)):
                assert np.isfinite(piece).all()


def test_voices_are_loaded_once_and_the_oldest_is_dropped(tmp_path: Path) -> None:
    pool, engine = _pool(tmp_path, "mei", "lan", "ju", voices=2)
    first = pool.get("mei")
    assert pool.get("") is first
    assert pool.get("lan") is not first
    assert pool.get("mei") is first
    assert len(engine.loaded) == 16
    pool.get("ju")  # drops lan
    assert pool.get("mei") is first
    pool.get("lan")
    assert len(engine.loaded) == 32


def test_voices_switch_in_mid_text_though_only_one_fits(tmp_path: Path) -> None:
    pool, engine = _pool(tmp_path, "mei", "lan", voices=1)
    values = json.dumps(toy.manifest_values(name="lan", untrained=["ao"]))
    (tmp_path / "lan" / "voice.json").write_text(values, encoding="utf-8")
    reader = Reader()
    synthesizer = Synthesizer(reader, pool, SMALL)
    mixed = list(synthesizer.stream("一。lan:二。mei:三", Style()))
    assert {chunk.clause for chunk in mixed} == {0, 1, 2}
    # Each is read for what its own voice can say, and spoken by it.
    assert [sorted(traits.untrained) for traits in reader.traits] == [["aa"], ["ao"], ["aa"]]
    loaded = [path.parent.name for path in engine.loaded[::8]]
    assert loaded == ["mei", "lan", "mei"]
    alone = list(synthesizer.stream("一", Style()))
    np.testing.assert_array_equal(_joined([c for c in mixed if c.clause == 2]), _joined(alone))


def test_what_cannot_be_had_in_mid_text_is_read_around(tmp_path: Path) -> None:
    pool, _ = _pool(tmp_path, "mei")
    warnings: list[str] = []
    synthesizer = Synthesizer(Reader(), pool, SMALL)
    mixed = synthesizer.stream("一。nobody:二。nobody:三", Style(speed=1.2), warn=warnings.append)
    plain = synthesizer.stream("一。二。三", Style(speed=1.2))
    np.testing.assert_array_equal(_joined(list(mixed)), _joined(list(plain)))
    assert len(warnings) == 1
    assert "'nobody' is not installed" in warnings[0]


def test_the_estimate_of_memory() -> None:
    small, large = toy.manifest(), toy.manifest()
    graphs = {name: replace(graph, bytes=2_500_000) for name, graph in large.graphs.items()}
    large = replace(large, graphs=graphs)
    # Measured: 46 MB for 20 MB of graphs.
    assert estimated_mb(large) == pytest.approx(45)
    assert estimated_mb(small) == pytest.approx(15, abs=0.1)


def test_the_default_voice_may_change_under_an_empty_name(tmp_path: Path) -> None:
    pool, _ = _pool(tmp_path, "mei", "lan")
    assert pool.get().manifest.name == "mei"
    assert pool.get("lan").manifest.name == "lan"


def test_graphs_of_a_loop_get_one_thread() -> None:
    threads = {name: item.threads for name, item in graph_options(toy.manifest(), 4).items()}
    assert (threads["decoder"], threads["duration"], threads["vocoder"]) == (1, 1, 4)
    at_once = graph_options(toy.manifest(autoregressive=False), 4)
    assert at_once["decoder"].threads == 4


@pytest.mark.parametrize(
    ("autoregressive", "steps"), [(True, {"decoder", "duration"}), (False, {"duration"})]
)
def test_memory_is_planned_for_the_shapes_of_a_step_only(
    autoregressive: bool, steps: set[str]
) -> None:
    options = graph_options(toy.manifest(autoregressive=autoregressive), 4)
    assert {name for name, item in options.items() if item.few_shapes} == steps
