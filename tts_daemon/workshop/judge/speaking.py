"""Lets a voice package speak, by the runtime itself, for the judges."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tts_daemon.domain import Style, Symbol
from tts_daemon.runtime.engines import Engines
from tts_daemon.synthesis.synthesizer import Synthesizer
from tts_daemon.synthesis.voice import Voice
from tts_daemon.synthesis.voice_pool import VoicePool
from tts_daemon.text.frontend import Frontend
from tts_daemon.text.symbols import encode
from tts_daemon.voices.store import VoiceStore

Floats = NDArray[np.float32]


class PackageSpeaker:
    """Front end and one voice, warm."""

    def __init__(self, package: Path, threads: int = 1) -> None:
        """Load a package.

        Raises:
            VoiceError: There is none, or it is damaged.
        """
        store = VoiceStore([package.parent], package.name)
        self._pool = VoicePool(store, Engines(), threads)
        self._voice = self._pool.get(package.name)
        self._frontend = Frontend()

    @property
    def emotions(self) -> tuple[str, ...]:
        """Those that the voice was trained on."""
        return tuple(self._voice.manifest.emotions)

    def chunks(self, text: str, style: Style) -> list[Floats]:
        """The waveform of a text, chunk by chunk, as the daemon plays it."""
        synthesizer = Synthesizer(self._frontend, self._pool)
        return [chunk.samples for chunk in synthesizer.stream(text, style)]

    def speak(self, text: str, style: Style | None = None) -> Floats:
        """The waveform of a text [N]."""
        chunks = self.chunks(text, style or Style())
        return np.concatenate(chunks) if chunks else np.zeros(0, np.float32)

    def syllable_seconds(self, text: str) -> Floats:
        """Length of every syllable of a text, as the duration predictor has it."""
        style = Style()
        lengths: list[float] = []
        for clause in self._frontend.read(text, style, self._voice.traits):
            if clause.symbols:
                lengths += self._syllables(self._voice, clause.symbols, style)
        return np.array(lengths, np.float32)

    @staticmethod
    def _syllables(voice: Voice, symbols: tuple[Symbol, ...], style: Style) -> list[float]:
        ids = np.array(encode(symbols, voice.manifest.symbols), np.int64)
        frames = np.floor(voice.acoustic.durations(voice.acoustic.inputs.build(ids, style)) + 0.5)
        hop_s = voice.manifest.hop_length / voice.manifest.sample_rate
        seconds = frames / voice.manifest.pace * hop_s
        lengths: list[float] = []
        for symbol, length in zip(symbols, seconds, strict=True):
            if symbol.syllable_flag in ("s_begin", "s_both"):
                lengths.append(float(length))
            elif symbol.syllable_flag in ("s_middle", "s_end"):
                lengths[-1] += float(length)
        return lengths
