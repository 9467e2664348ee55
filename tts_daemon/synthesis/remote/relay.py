"""Speaks with the other machine's voice where it is in time, and with our own where it is not.

A clause is handed on in whole prosodic words. So whatever has been heard when the other daemon dies
or stalls ends at a word, and our own voice goes on with the next: no word is heard twice, none is
cut. Waiting for whole clauses would make the seam a pause, but every first sound later: see
docs/integrations.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from tts_daemon.domain import REMOTE, AudioChunk, Clause
from tts_daemon.errors import RemoteVoiceError
from tts_daemon.runtime.engine import Floats
from tts_daemon.synthesis.edges import shape_edges, trailing_quiet
from tts_daemon.synthesis.pauses import gaps, widen
from tts_daemon.synthesis.phrase_cache import PhraseCache, phrase_key
from tts_daemon.synthesis.remote.take import Take
from tts_daemon.synthesis.remote.voice import RemoteVoice
from tts_daemon.synthesis.remote.words import WholeWords
from tts_daemon.synthesis.silence import floor_s, longest_tail_s, silence
from tts_daemon.synthesis.voice import Voice

Own = Callable[[Clause], Iterator[AudioChunk]]


class Relay:
    """Speaks clauses; interleaved and from different threads, if need be.

    Args:
        remote: The other machine's voice.
        phrases: Keeps what it has spoken.
    """

    def __init__(self, remote: RemoteVoice, phrases: PhraseCache) -> None:
        self._remote = remote
        self._phrases = phrases

    @property
    def is_there(self) -> bool:
        """Whether the next clause will be asked of the other machine."""
        return self._remote.is_there

    def speak(
        self, voice: Voice, clause: Clause, index: int, own: Own, *, keep: bool
    ) -> Iterator[AudioChunk]:
        """Yield one clause of at least one symbol.

        Args:
            voice: Our own, which it stands in for.
            clause: What to speak.
            index: Its place in the text.
            own: Speaks a clause, or the rest of one, with our own voice.
            keep: As for `PhraseCache.find`.
        """
        volume = clause.style.volume
        if known := self._phrases.find(phrase_key(self._remote.fingerprint, clause), keep=keep):
            for samples in known:
                rate = self._remote.sample_rate
                yield AudioChunk(samples, rate, index, volume, recalled=True, spoken_by=REMOTE)
            return
        if not self._remote.is_there:
            yield from own(clause)
            return
        words, quiet = WholeWords(clause), 0
        try:
            with self._remote.take(clause) as take:
                rate = take.head.sample_rate
                pieces = _shaped(voice, clause, take, words)
                key = phrase_key(take.head.fingerprint, clause)
                for samples in self._phrases.record(key, pieces, keep=keep):
                    quiet = trailing_quiet(samples, quiet)
                    yield AudioChunk(samples, rate, index, volume, spoken_by=REMOTE)
        except RemoteVoiceError:
            yield from _go_on(voice, words, index, own, quiet_s=quiet / rate if quiet else 0.0)


def _shaped(voice: Voice, clause: Clause, take: Take, words: WholeWords) -> Iterator[Floats]:
    """The words of a take, with the pauses and the edges that our own voice would have.

    Raises:
        RemoteVoiceError: After the last whole word.
    """
    head, manifest = take.head, voice.manifest
    words.lie_at(head.frames, head.hop_length)
    waveform = words.of(take.waveform(words.first_end))
    floors_s = voice.inputs(clause).floors_s
    if floors_s is not None:
        counts = np.array(head.frames, np.int64)
        wanted = gaps(counts, floors_s, head.hop_length, head.sample_rate)
        waveform = widen(waveform, wanted, head.sample_rate)
    yield from shape_edges(waveform, head.sample_rate, longest_tail_s(manifest, clause))
    if words.failure is not None:
        raise words.failure


def _go_on(
    voice: Voice, words: WholeWords, index: int, own: Own, *, quiet_s: float
) -> Iterator[AudioChunk]:
    """The rest of a clause, after as much silence as its place asks for."""
    spoken, rest = words.spoken(), words.rest()
    if not rest.symbols:
        return
    manifest = voice.manifest
    missing_s = floor_s(manifest, spoken) - quiet_s if spoken.symbols else 0.0
    yield from silence(missing_s, manifest.sample_rate, index, rest.style.volume)
    yield from own(rest)
