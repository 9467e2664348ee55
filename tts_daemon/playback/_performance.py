"""One utterance on its way from the synthesis to the sink."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tts_daemon.clock import Clock
from tts_daemon.domain import BOTH, AudioChunk
from tts_daemon.errors import AudioUnavailableError, TextError
from tts_daemon.playback._chunk_source import ChunkSource
from tts_daemon.playback._manner import Prepared
from tts_daemon.playback._start_policy import StartPolicy
from tts_daemon.ports import Sink
from tts_daemon.sound.levels import Levels
from tts_daemon.sound.pcm import to_pcm

_LOOK_S = 0.05
"""How often one looks whether the sound runs dry that is heard while the text is waited for."""


class Part(Protocol):
    """What a performance knows of the world: one utterance, and who cares for it."""

    @property
    def begin_s(self) -> float:
        """When its turn came, on the monotonic clock."""
        ...

    def is_wanted(self) -> bool:
        """False as soon as somebody has cancelled it."""
        ...

    def started(self) -> None:
        """The first sample was handed to the sink."""
        ...

    def goes_on(self) -> None:
        """Another chunk was made."""
        ...


@dataclass(frozen=True, slots=True)
class Stretch:
    """More of an utterance, whose text has come meanwhile.

    Attributes:
        chunks: Its sound.
        make_policy: Says when there is enough of it to begin, where all before was heard.
    """

    chunks: Iterator[AudioChunk]
    make_policy: Callable[[], StartPolicy]


class Script(Protocol):
    """The text of an utterance that goes on while it is spoken."""

    def next(self, timeout_s: float) -> Stretch | None:
        """What has come meanwhile; None when nothing did for `timeout_s`."""
        ...

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        ...


class Performance:
    """Owns one utterance's sound between the synthesis and an open sink.

    Args:
        source: The chunks.
        sink: Where they are heard.
        policy: Says when there is enough to begin.
        prepared: Its gain, and the chime that is heard together with its first chunk.
        part: The utterance.
        clock: Measures.
        script: Where the text goes on; None where it was whole from the start.
    """

    def __init__(
        self,
        source: ChunkSource,
        sink: Sink,
        policy: StartPolicy,
        prepared: Prepared,
        part: Part,
        clock: Clock,
        script: Script | None = None,
    ) -> None:
        self.policy = policy
        """That of the newest stretch that had to wait for its start."""
        self._source = source
        self._sink = sink
        self._script = script
        self._gain = prepared.gain
        self._part = part
        self._clock = clock
        self._levels: Levels | None = None
        self._held: list[tuple[NDArray[np.int16], int]] = []
        self._first_audio_ms: float | None = None
        self._speakers: set[str] = set()
        self._is_playing = False
        self._first_clause = self._last_clause = 0
        self._waited_s = 0.0
        self._heard_s = 0.0
        if prepared.prelude is not None:
            self._hold(prepared.prelude)
            self._hold_tail()

    @property
    def spoken_by(self) -> str:
        """Who has spoken so far; empty where only this machine could."""
        known = self._speakers - {""}
        return BOTH if len(known) > 1 else "".join(known)

    def play(self) -> dict[str, Any] | None:
        """Speak it to the end.

        Returns:
            The figures of the `finished` event; None when it was cancelled.

        Raises:
            AudioUnavailableError: The device is gone.
            TextError: There was nothing to speak.
            TtsError: The synthesis failed; what was made before was heard.
        """
        try:
            self._make_and_play()
            while self._go_on():
                self._make_and_play()
            if self._part.is_wanted() and not self._audio_s:
                raise TextError("nothing in this text can be spoken")
        except AudioUnavailableError:
            raise
        except Exception:
            if self._audio_s:
                self._play_out()
            else:
                # Without this the sink would wait for words, and keep the device.
                self._sink.stop_now()
            raise
        self._play_out()
        if self._script is not None and not self._part.is_wanted():
            # A stop that came while the sound began anew: without this it would wait for words.
            self._sink.stop_now()
        return self._figures() if self._part.is_wanted() else None

    @property
    def _audio_s(self) -> float:
        return self._heard_s + self.policy.audio_s

    def _make_and_play(self) -> None:
        for chunk in self._source:
            self._part.goes_on()
            self._speakers.add(chunk.spoken_by)
            if not self._part.is_wanted():
                return
            took_s = self._source.waited_s - self._waited_s
            clause = max(0, chunk.clause - self._first_clause)
            self.policy.arrived(chunk.duration_s, took_s, clause, recalled=chunk.recalled)
            self._waited_s = self._source.waited_s
            self._hold(chunk)
            self._last_clause = chunk.clause
            if self._is_playing:
                self._hand_over()
            elif (wait_s := self.policy.start_in_s()) is not None:
                self._hand_over(wait_s)

    def _go_on(self) -> bool:
        """Wait until the text goes on; False at its end. What was made is heard meanwhile."""
        script, timeout_s, is_dry = self._script, 0.0, False
        while script is not None and self._part.is_wanted():
            stretch = script.next(timeout_s)
            if stretch is not None:
                self._source.go_on(stretch.chunks)
                if is_dry:
                    self._begin_anew(stretch.make_policy())
                return True
            if script.is_over:
                return False
            self._part.goes_on()
            self._hand_over()
            if not is_dry and not self._sink.ahead_s():
                self._run_dry()
                is_dry = True
            timeout_s = _LOOK_S
        return False

    def _run_dry(self) -> None:
        """Everything that was made is heard; what comes later begins as an utterance does."""
        self._play_out()
        if self._part.is_wanted():
            self._sink.open(wait=False)

    def _begin_anew(self, policy: StartPolicy) -> None:
        self.policy.learn()
        self._heard_s += self.policy.audio_s
        self._first_clause = self._last_clause + 1
        self.policy, self._is_playing = policy, False

    def _hold(self, chunk: AudioChunk) -> None:
        if self._levels is None or self._levels.sample_rate != chunk.sample_rate:
            self._hold_tail()
            self._levels = Levels(chunk.sample_rate, self._gain)
        pcm = to_pcm(self._levels.process(chunk.samples, chunk.volume))
        self._held.append((pcm, chunk.sample_rate))

    def _hold_tail(self) -> None:
        if self._levels is not None:
            self._held.append((to_pcm(self._levels.finish()), self._levels.sample_rate))
            self._levels = None

    def _hand_over(self, wait_s: float = 0.0) -> None:
        """Give the sink what is held; `wait_s`: with so much silence before it."""
        for pcm, sample_rate in self._held:
            if wait_s and len(pcm):
                pcm = np.concatenate([np.zeros(round(wait_s * sample_rate), np.int16), pcm])
            self._sink.write(pcm, sample_rate)
            self._is_playing = self._is_playing or len(pcm) > 0
            if self._first_audio_ms is None and len(pcm) and self._part.is_wanted():
                waited_s = self._clock.monotonic_s() - self._part.begin_s
                self._first_audio_ms = (waited_s + wait_s) * 1000
                self._part.started()
            wait_s = 0.0 if len(pcm) else wait_s
        self._held.clear()

    def _play_out(self) -> None:
        if self._part.is_wanted():
            self._hold_tail()
            self._hand_over()
            self._sink.drain()

    def _figures(self) -> dict[str, Any]:
        audio_s = self._audio_s
        return {
            "first_audio_ms": self._first_audio_ms or 0.0,
            "audio_ms": audio_s * 1000,
            "real_time_factor": self._source.synthesis_s / audio_s,
            "spoken_by": self.spoken_by or None,
        }
