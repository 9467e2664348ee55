"""The voice of another machine: whether it is there, and what it is asked to make."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tts_daemon.domain import Clause, Style, Symbol
from tts_daemon.errors import RemoteVoiceError
from tts_daemon.settings.schema import RemoteSettings
from tts_daemon.synthesis.remote.connection import ClauseRefusedError, Connections, Head
from tts_daemon.synthesis.remote.message import message_of
from tts_daemon.synthesis.remote.take import Patience, Take

log = logging.getLogger(__name__)

_PROBE_S = 5.0
"""What a probe may take: the other daemon may have to load the voice first."""
_PROBE = Clause(
    text="",
    spoken="",
    words=(),
    pinyin=(),
    breaks=(),
    symbols=(
        Symbol("ga", "tone4", "s_begin", "word_begin"),
        Symbol("a_c", "tone4", "s_end", "word_end"),
        Symbol("#4", "tone_none", "s_none", "word_none"),
    ),
    style=Style(),
)
"""A syllable that every voice has: who makes it can speak for us, in every respect."""


class RemoteVoice:
    """Owns what is known of the other daemon. For any thread.

    It is asked for nothing before it has answered a probe, and nothing more once it was late, until
    it has answered another: that costs those who speak nothing.

    Args:
        settings: Section `synthesis.remote`, with a url.

    Attributes:
        fingerprint, sample_rate: Of the voice that spoke last; empty and 0 before the first time.
    """

    def __init__(self, settings: RemoteSettings) -> None:
        self._settings = settings
        stall_s = settings.stall_ms / 1000
        self._patience = Patience(settings.patience_ms / 1000, stall_s)
        self._connections = Connections(settings, timeout_s=max(_PROBE_S, stall_s))
        self._lock = threading.Lock()
        self._report: Callable[[str], None] = lambda trouble: None
        self._trouble: str | None = None
        self._is_there = False
        self._was_heard = False
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self.fingerprint = ""
        self.sample_rate = 0

    @property
    def is_there(self) -> bool:
        """Whether it is worth asking."""
        return self._is_there

    def start(self, report: Callable[[str], None]) -> None:
        """Look for it in the background.

        Args:
            report: Told what is wrong with it; empty: nothing any more.
        """
        self._report = report
        self._thread = threading.Thread(target=self._watch, name="remote voice", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._ending.set()
        self._connections.close()

    @contextmanager
    def take(self, clause: Clause) -> Iterator[Take]:
        """Have a clause made; the first sound is there. Leaving the context ends it.

        Raises:
            RemoteVoiceError: It is not there, or was late; also from within, where that passes.
        """
        take = Take(self._connections, self._message(clause), self._patience)
        try:
            take.begin()
            self._knows(take.head)
            yield take
        except ClauseRefusedError as error:
            log.info("remote voice: makes this clause not: %s", error)
            raise
        except RemoteVoiceError as error:
            self._is_away(str(error))
            raise
        finally:
            take.close()

    def _message(self, clause: Clause) -> dict[str, object]:
        return message_of(clause, self._settings.voice or "")

    def _watch(self) -> None:
        while True:
            # Whoever was heard since the last look is there, and needs no probe.
            if not self._was_heard:
                self._probe()
            self._was_heard = False
            if self._ending.wait(self._settings.retry_s):
                return

    def _probe(self) -> None:
        take = Take(self._connections, self._message(_PROBE), Patience(_PROBE_S, _PROBE_S))
        try:
            take.begin()
            for _ in take.waveform():
                pass
        except RemoteVoiceError as error:
            self._is_away(str(error))
        else:
            self._knows(take.head)
        finally:
            take.close()

    def _knows(self, head: Head) -> None:
        self.fingerprint, self.sample_rate = head.fingerprint, head.sample_rate
        self._was_heard = True
        self._is_there = True
        self._tell("")

    def _is_away(self, why: str) -> None:
        self._is_there = self._was_heard = False
        self._connections.close()
        self._tell(f"{self._settings.url}: {why}; the own voice speaks")

    def _tell(self, trouble: str) -> None:
        with self._lock:
            if trouble == self._trouble or self._ending.is_set():
                return
            self._trouble = trouble
        if trouble:
            log.warning("remote voice: %s", trouble)
        else:
            log.info("remote voice: %s speaks", self._settings.url)
        self._report(trouble)
