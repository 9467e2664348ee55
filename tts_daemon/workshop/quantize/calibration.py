"""Real runs of the FP32 voice over many sentences, from which static quantisation learns ranges."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import numpy as np
import onnx

from tts_daemon.domain import Style
from tts_daemon.errors import CheckpointError
from tts_daemon.text.frontend import Frontend
from tts_daemon.text.symbols import VoiceTraits, encode
from tts_daemon.workshop.checkpoints.symbols import SYMBOL_FIELDS
from tts_daemon.workshop.measure.graph_player import Feeds, GraphPlayer, SentenceInputs
from tts_daemon.workshop.models.voice import TorchVoice

RUNS = {"decoder": 600, "duration": 300}
"""Most runs kept of the graphs that run once per step or symbol; others keep one per sentence."""
VOCODER_FRAMES = 48
"""The vocoder is given a piece of this length of every sentence: it is by far the slowest graph."""


def read_texts(path: Path | None = None) -> list[str]:
    """One text a line; lines that start with # are comments. Without a path: the shipped list.

    Raises:
        CheckpointError: The file cannot be read, or holds no text.
    """
    shipped = resources.files("tts_daemon.workshop") / "data" / "calibration.txt"
    try:
        content = (path or shipped).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    lines = [line.strip() for line in content.splitlines()]
    texts = [line for line in lines if line and not line.startswith("#")]
    if not texts:
        raise CheckpointError(f"{path}: holds no text; one sentence a line is expected")
    return texts


def sentences(voice: TorchVoice, texts: Sequence[str]) -> Iterator[SentenceInputs]:
    """Read the texts with the front end; emotions and speakers of the voice take turns."""
    frontend = Frontend()
    tables = {name: voice.tables[name] for name in SYMBOL_FIELDS}
    traits = VoiceTraits.of(tables, voice.notes.untrained)
    rows = voice.speaker_table.shape[0]
    for text, (row, emotion) in zip(texts, _turns(voice), strict=False):
        for clause in frontend.read(text, Style(), traits):
            ids = np.array(encode(clause.symbols, tables), dtype=np.int64).reshape(-1, 4)
            if not len(ids):
                continue
            breaks = np.array([symbol.sy.startswith("#") for symbol in clause.symbols])
            speaker = np.zeros((len(ids), rows), np.float32)
            speaker[:, row] = 1
            yield SentenceInputs(ids, _emotion_weights(voice, emotion, breaks), speaker)


def _turns(voice: TorchVoice) -> Iterator[tuple[int, str]]:
    """Speakers (rows of their table) and emotions for ever: soon each of them, then every pair."""
    speakers, emotions = _speakers(voice), voice.notes.emotions
    round_length = math.lcm(len(speakers), len(emotions))
    for number in itertools.count():
        # Without the shift, six speakers and six emotions would meet in six pairs only.
        shifted = number + number // round_length
        yield speakers[shifted % len(speakers)], emotions[number % len(emotions)]


def _speakers(voice: TorchVoice) -> list[int]:
    """Rows of the speaker table that a sentence may ask for."""
    if voice.has_speaker_embedding:
        return [0]
    return [row for row, name in enumerate(voice.tables["speaker_category"]) if name[0].isalnum()]


def _emotion_weights(
    voice: TorchVoice, emotion: str, breaks: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """One-hot rows [L, E]; the breaks have the voice's emotion for breaks."""
    names = voice.tables["emo_category"]
    of_break = voice.notes.break_emotion or emotion
    ids = np.where(breaks, names.index(f"emotion_{of_break}"), names.index(f"emotion_{emotion}"))
    weights = np.zeros((len(ids), len(names)), np.float32)
    weights[np.arange(len(ids)), ids] = 1
    return weights


@dataclass(slots=True)
class Recorder:
    """Keeps inputs of graphs, at most so many of each, spread over all sentences.

    Attributes:
        feeds: Graph name -> inputs of its runs.
    """

    expected: Mapping[str, float]
    feeds: dict[str, list[Feeds]] = field(default_factory=dict)
    _seen: dict[str, int] = field(default_factory=dict)

    def __call__(self, graph: str, feeds: Feeds) -> None:
        """Keep or drop the inputs of one run."""
        seen = self._seen.get(graph, 0)
        self._seen[graph] = seen + 1
        every = max(1, round(self.expected.get(graph, 0) / RUNS.get(graph, 1)))
        if graph != "vocoder" and (graph not in RUNS or seen % every == 0):
            self.feeds.setdefault(graph, []).append(dict(feeds))


def record(
    voice: TorchVoice, graphs: Mapping[str, onnx.ModelProto], spoken: Sequence[SentenceInputs]
) -> dict[str, list[Feeds]]:
    """Run the FP32 graphs over the sentences and keep what each graph was given.

    Returns:
        Graph name -> inputs of its runs.
    """
    symbols = sum(len(sentence.symbols) for sentence in spoken)
    # A symbol lasts five to eight frames in running speech.
    recorder = Recorder({"duration": symbols, "decoder": symbols * 2.5})
    player = GraphPlayer(voice, graphs, listener=recorder)
    random = np.random.default_rng(0)
    pieces = []
    for number, sentence in enumerate(spoken):
        frames = player.acoustic(sentence).frames
        if len(frames):
            latest = max(0, len(frames) - VOCODER_FRAMES)
            # Beginnings and ends are quiet, and a voice is heard there too.
            start = (0, latest, int(random.integers(0, latest + 1)))[number % 3]
            pieces.append(player.vocoder_feeds(frames[start : start + VOCODER_FRAMES]))
    return {**recorder.feeds, "vocoder": pieces}
