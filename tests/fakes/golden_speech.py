"""What a voice says, with all that another runtime needs to say exactly the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from tts_daemon.acoustic.intonation import intonation
from tts_daemon.domain import Clause, Style
from tts_daemon.inputs.http.symbols import clause_message
from tts_daemon.runtime.engine import Floats
from tts_daemon.runtime.onnx_engine import OnnxEngine
from tts_daemon.synthesis.synthesizer import Synthesizer
from tts_daemon.synthesis.voice import Voice
from tts_daemon.synthesis.voice_pool import VoicePool
from tts_daemon.text.frontend import Frontend
from tts_daemon.text.symbols import encode
from tts_daemon.voices.store import VoiceStore

MOST_FRAMES = 4000


def write_case(
    directory: Path,
    models: Path,
    voice: str,
    texts: Sequence[tuple[str, Style]],
    *,
    with_edges: bool = True,
) -> list[Floats]:
    """Write clauses, durations, noise and a link to the voice; what the runtime makes of them.

    Without edges every clause stands for itself, uncut: where it is cut hangs on single samples.

    Durations are given, since those of two engines may lie on both sides of a half: then the frames
    after that are others.
    """
    pool = VoicePool(VoiceStore([models]), OnnxEngine(), threads=1)
    reader = Synthesizer(Frontend(), pool)
    clauses = [
        clause for text, style in texts for clause in reader.read(text, replace(style, voice=voice))
    ]
    directory.mkdir()
    messages = [_message(clause, pool.get(voice)) for clause in clauses]
    case = {"clauses": messages, "with_edges": with_edges}
    (directory / "case.json").write_text(json.dumps(case), encoding="utf-8")
    (directory / "voice").symlink_to(models / voice)
    if excitation := pool.get(voice).vocoder._excitation:
        order = np.random.default_rng(20).integers(len(excitation._stock), size=MOST_FRAMES)
        excitation._stock.tofile(directory / "stock.f32")
        excitation._phases.tofile(directory / "phases.f32")
        order.astype(np.int32).tofile(directory / "order.i32")
    if with_edges:
        spoken = Synthesizer(_Read(clauses), pool).stream("", Style(voice=voice))
        return [np.concatenate([chunk.samples for chunk in spoken])]
    plain = [clause for clause in clauses if clause.symbols]
    return [np.concatenate(list(pool.get(voice).speak(clause))) for clause in plain]


def _message(clause: Clause, voice: Voice) -> dict[str, object]:
    ids = np.array(encode(clause.symbols, voice.manifest.symbols), np.int64).reshape(-1, 4)
    inputs = voice.acoustic.inputs.build(ids, clause.style, clause.pauses, intonation(clause))
    durations = voice.acoustic.durations(inputs).tolist() if len(ids) else []
    return {**clause_message(clause, voice.manifest), "durations": durations}


class _Read:
    """A reader that has read already."""

    def __init__(self, clauses: Sequence[Clause]) -> None:
        self._clauses = clauses

    def read(self, *_: object) -> Iterator[Clause]:
        return iter(self._clauses)
