"""From a text and a style to sound: the path of the data, on one page."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from tts_daemon.domain import LOCAL, REMOTE, AudioChunk, Clause, ClauseSound, Style
from tts_daemon.ports import SoFar
from tts_daemon.runtime.engine import Floats
from tts_daemon.synthesis.edges import shape_edges, trailing_quiet
from tts_daemon.synthesis.phrase_cache import PhraseCache, phrase_key
from tts_daemon.synthesis.silence import floor_s, longest_tail_s, silence
from tts_daemon.synthesis.voice import Voice
from tts_daemon.synthesis.voice_pool import VoicePool
from tts_daemon.synthesis.wanted_styles import WantedStyles
from tts_daemon.text.symbols import VoiceTraits
from tts_daemon.vocoder.chunking import ChunkPlan

if TYPE_CHECKING:
    from tts_daemon.synthesis.remote.relay import Relay

Warn = Callable[[str], None]

log = logging.getLogger(__name__)


class Reader(Protocol):
    """The text front end."""

    def read(
        self,
        text: str,
        style: Style,
        traits: Callable[[Style], VoiceTraits],
        warn: Warn,
        so_far: SoFar | None = None,
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
        relay: Relay | None = None,
    ) -> None:
        """Put the path together.

        Args:
            reader: The text front end.
            voices: Gives out loaded voices.
            plan: How long the chunks are.
            phrases: Keeps what was spoken; None keeps nothing.
            relay: Has another machine's voice stand in for the default one; None: there is none.
        """
        self._reader = reader
        self._voices = voices
        self._plan = plan or ChunkPlan()
        self._phrases = phrases or PhraseCache(0)
        self._relay = relay
        self._reading = threading.Lock()

    @property
    def engine(self) -> str:
        """What plays the vocoder of the voice that was loaded last."""
        return self._voices.engine

    def emotions(self, voice: str = "") -> tuple[str, ...]:
        """What a voice was trained for. Raises VoiceError where it is not installed."""
        return self._voices.emotions(voice)

    def stream(
        self,
        text: str,
        style: Style,
        *,
        keep: bool = False,
        warn: Warn = log.warning,
        so_far: SoFar | None = None,
    ) -> Iterator[AudioChunk]:
        """Yield the speech chunk by chunk as it is made; closing the iterator stops it.

        Args:
            text: With or without markup.
            style: How it sounds where no markup says otherwise.
            keep: Its sound stays in the phrase cache.
            warn: Told of what the text asks for and cannot have; it is read around.
            so_far: Where earlier stretches of the same text have left off; is brought up to date.

        Raises:
            VoiceError: The voice is not installed or cannot be played.
        """
        so_far = so_far or SoFar()
        for clause in self.read(text, style, warn, so_far):
            index = so_far.clauses
            so_far.clauses += 1
            manifest, volume = self._voices.get(clause.style.voice).manifest, clause.style.volume
            rate = manifest.sample_rate
            yield from silence(so_far.pause_s, rate, max(0, index - 1), volume)
            quiet_s = 0.0
            for chunk in self._speak(clause, index, keep):
                quiet = trailing_quiet(chunk.samples, round(quiet_s * chunk.sample_rate))
                quiet_s = quiet / chunk.sample_rate
                yield chunk
            so_far.pause_s = floor_s(manifest, clause) - quiet_s
            yield from silence(clause.pause_after_s, rate, index, volume)

    def make(self, clause: Clause) -> ClauseSound:
        """One clause that another daemon has read; its pauses and edges are left to that one.

        Raises:
            VoiceError: The voice is not installed or cannot be played.
            TextError: The voice does not know a symbol, or was not trained on it.
        """
        style = WantedStyles(self._voices, clause.style, log.info).outer
        return self._voices.get(style.voice).make(replace(clause, style=style), self._plan)

    def expects(self, voice: str) -> str:
        """Who would speak for a voice now: `AudioChunk.spoken_by`."""
        if self._relay is None:
            return ""
        return REMOTE if self._is_relayed(voice) and self._relay.is_there else LOCAL

    def read(
        self,
        text: str,
        style: Style,
        warn: Warn = log.warning,
        so_far: SoFar | None = None,
    ) -> Iterator[Clause]:
        """Yield the clauses that would be spoken, one by one. Raises as `stream` does."""
        styles = WantedStyles(self._voices, style, warn)

        def traits(wanted: Style) -> VoiceTraits:
            return self._voices.get(styles.met(wanted).voice).traits

        clauses = iter(self._reader.read(text, styles.outer, traits, warn, so_far))
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
        voice = self._voices.get(clause.style.voice)

        def own(clause: Clause) -> Iterator[AudioChunk]:
            return self._speak_ourselves(voice, clause, index, keep)

        if self._relay is not None and self._is_relayed(clause.style.voice):
            yield from self._relay.speak(voice, clause, index, own, keep=keep)
        else:
            yield from own(clause)

    def _is_relayed(self, voice: str) -> bool:
        """Whether another machine speaks for a voice: not for one that was asked for by name."""
        return self._voices.is_default(voice)

    def _speak_ourselves(
        self, voice: Voice, clause: Clause, index: int, keep: bool
    ) -> Iterator[AudioChunk]:
        rate, key = voice.manifest.sample_rate, phrase_key(voice.fingerprint, clause)
        known = self._phrases.find(key, keep=keep)
        pieces: Iterable[Floats] = known or self._phrases.record(
            key, self._make(voice, clause, index), keep=keep
        )
        volume, spoken_by = clause.style.volume, LOCAL if self._relay else ""
        for samples in pieces:
            yield AudioChunk(samples, rate, index, volume, bool(known), spoken_by)

    def _make(self, voice: Voice, clause: Clause, index: int) -> Iterator[Floats]:
        plan = self._plan.later() if index else self._plan
        waveform, manifest = voice.speak(clause, plan), voice.manifest
        return shape_edges(waveform, manifest.sample_rate, longest_tail_s(manifest, clause))
