"""Makes configured phrases ready in the background, so that they are heard at once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from tts_daemon.domain import Event, SpeakRequest
from tts_daemon.errors import TtsError
from tts_daemon.ports import Snapshot, SpeechService

log = logging.getLogger(__name__)


class CacheWarmUp:
    """Renders the phrases once, and again when preset or speed of the player change.

    Rendering takes turns with what people want to hear, and fills the phrase cache.
    """

    def __init__(self, player: SpeechService, release: Callable[[], None]) -> None:
        """Take the player, and what lets the cache drop phrases that are no longer wanted."""
        self._player = player
        self._release = release
        self._phrases: tuple[str, ...] = ()
        self._manner: tuple[str, float] | None = None
        self._due = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="cache-warm-up", daemon=True)

    def start(self) -> None:
        """Begin to work in the background."""
        self._thread.start()

    def stop(self) -> None:
        """End within one chunk."""
        self._ended = True
        self._due.set()
        self._thread.join()

    def learn(self, phrases: tuple[str, ...]) -> None:
        """Take these phrases instead of those before."""
        self._phrases = phrases
        self._due.set()

    def heard(self, item: Event | Snapshot) -> None:
        """Listen to the player: another default preset sounds different."""
        if isinstance(item, Snapshot) and self._manner != (item.preset, item.speed):
            self._manner = (item.preset, item.speed)
            self._due.set()

    def _run(self) -> None:
        while self._due.wait() and not self._ended:
            self._due.clear()
            self._release()
            for phrase in self._phrases:
                if self._due.is_set():
                    break
                self._warm_up(phrase)

    def _warm_up(self, phrase: str) -> None:
        try:
            stream = self._player.render(SpeakRequest(phrase, keep=True))
            for _ in stream:
                if self._ended:
                    return
        except TtsError as error:
            log.warning("synthesis.phrases: %r cannot be made ready: %s", phrase, error)
