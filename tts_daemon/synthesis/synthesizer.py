"""From a text and a style to sound: the path of the data, on one page."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Protocol

import numpy as np

from tts_daemon.domain import INNER_PAUSES, AudioChunk, Clause, Style
from tts_daemon.runtime.engine import Floats
from tts_daemon.synthesis.edges import shape_edges, trailing_quiet
from tts_daemon.synthesis.phrase_cache import PhraseCache, phrase_key
from tts_daemon.synthesis.voice import Voice
from tts_daemon.synthesis.voice_pool import VoicePool
from tts_daemon.synthesis.wanted_styles import WantedStyles
from tts_daemon.text.symbols import VoiceTraits
from tts_daemon.vocoder.chunking import ChunkPlan

Warn = Callable[[str], None]

log = logging.getLogger(__name__)

_LONGEST_TAIL_S = 0.6
"""Silence that a sentence may end with, at a pause factor of 1; a clause inside of one ends with
its pause's floor."""
_SILENCE_CHUNK_S = 0.25


class Reader(Protocol):
    """The text front end."""

    def read(
        self, text: str, style: Style, traits: Callable[[Style], VoiceTraits], warn: Warn
    ) -> Iterator[Clause]:
        """Yield the clauses of a text, one by one; `traits` are what a style's voice can say."""
        ...


class Synthesizer:
    """Speaks texts. Streams may be interleaved and may run in different threads."""

    def __init__(
        self,
        reader: Reader,
        voices: VoicePool,
        plan: ChunkPlan | None = None,
        phrases: PhraseCache | None = None,
    ) -> None:
        """Put the path together.

        Args:
            reader: The text front end.
            voices: Gives out loaded voices.
            plan: How long the chunks are.
            phrases: Keeps what was spoken; None keeps nothing.
        """
        self._reader = reader
        self._voices = voices
        self._plan = plan or ChunkPlan()
        self._phrases = phrases or PhraseCache(0)
        self._reading = threading.Lock()

    @property
    def engine(self) -> str:
        """What plays the vocoder of the voice that was loaded last."""
        return self._voices.engine

    def emotions(self, voice: str = "") -> tuple[str, ...]:
        """What a voice was trained for. Raises VoiceError where it is not installed."""
        return self._voices.emotions(voice)

    def stream(
        self, text: str, style: Style, *, keep: bool = False, warn: Warn = log.warning
    ) -> Iterator[AudioChunk]:
        """Yield the speech chunk by chunk as it is made; closing the iterator stops it.

        Args:
            text: With or without markup.
            style: How it sounds where no markup says otherwise.
            keep: Its sound stays in the phrase cache.
            warn: Told of what the text asks for and cannot have; it is read around.

        Raises:
            VoiceError: The voice is not installed or cannot be played.
        """
        missing_s = 0.0  # of the pause after the clause before
        for index, clause in enumerate(self.read(text, style, warn)):
            yield from self._silence(missing_s, clause, max(0, index - 1))
            quiet_s = 0.0
            for chunk in self._speak(clause, index, keep):
                quiet = trailing_quiet(chunk.samples, round(quiet_s * chunk.sample_rate))
                quiet_s = quiet / chunk.sample_rate
                yield chunk
            missing_s = self._floor_s(clause) - quiet_s
            yield from self._silence(clause.pause_after_s, clause, index)

    def read(self, text: str, style: Style, warn: Warn = log.warning) -> Iterator[Clause]:
        """Yield the clauses that would be spoken, one by one. Raises as `stream` does."""
        styles = WantedStyles(self._voices, style, warn)

        def traits(wanted: Style) -> VoiceTraits:
            return self._voices.get(styles.met(wanted).voice).traits

        clauses = iter(self._reader.read(text, styles.outer, traits, warn))
        while True:
            # The front end serves one thread at a time.
            with self._reading:
                clause = next(clauses, None)
            if clause is None:
                return
            yield replace(clause, style=styles.met(clause.style))

    def _speak(self, clause: Clause, index: int, keep: bool) -> Iterator[AudioChunk]:
        if not clause.symbols:
            return
        style = clause.style
        voice = self._voices.get(style.voice)
        rate, key = voice.manifest.sample_rate, phrase_key(voice.fingerprint, clause)
        known = self._phrases.find(key, keep=keep)
        pieces: Iterable[Floats] = known or self._phrases.record(
            key, self._make(voice, clause, index), keep=keep
        )
        for samples in pieces:
            yield AudioChunk(samples, rate, index, style.volume, recalled=bool(known))

    def _make(self, voice: Voice, clause: Clause, index: int) -> Iterator[Floats]:
        style = clause.style
        plan = self._plan.later() if index else self._plan
        waveform = voice.speak(clause, plan)
        longest_tail_s = _LONGEST_TAIL_S * style.pause
        if INNER_PAUSES.intersection(clause.pauses[-1:]):
            longest_tail_s = self._floor_s(clause)
        return shape_edges(waveform, voice.manifest.sample_rate, longest_tail_s)

    def _floor_s(self, clause: Clause) -> float:
        """Least silence between this clause and the next."""
        manifest = self._voices.get(clause.style.voice).manifest
        floors = [manifest.pause_floors.of(kind) for kind in clause.pauses[-1:]]
        return sum(floors) * clause.style.pause / clause.style.speed

    def _silence(self, seconds: float, clause: Clause, index: int) -> Iterator[AudioChunk]:
        """Of any length, in chunks that a stream may be stopped between."""
        rate = self._voices.get(clause.style.voice).manifest.sample_rate
        left = round(seconds * rate)
        while left > 0:
            count = min(left, int(_SILENCE_CHUNK_S * rate))
            yield AudioChunk(np.zeros(count, np.float32), rate, index, clause.style.volume)
            left -= count
