"""The styles that a text asks for, as far as its voices can meet them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from tts_daemon.domain import Style
from tts_daemon.errors import VoiceError
from tts_daemon.voices.manifest import Manifest

_NEUTRAL = "neutral"


class Voiced(Protocol):
    """A voice, as far as styles are concerned."""

    @property
    def manifest(self) -> Manifest:
        """What it can do."""
        ...


class Voices(Protocol):
    """Those that are here."""

    def get(self, name: str = "") -> Voiced:
        """The voice of that name. Raises VoiceError where it cannot be had."""
        ...


class WantedStyles:
    """Reads around what no voice here can do: the style of the whole text is kept, and it is said.

    Args:
        voices: Gives out loaded voices.
        outer: The style of the whole text.
        warn: Called once for each wish that cannot be met.

    Raises:
        VoiceError: The outer voice is not installed, or cannot be played.
    """

    def __init__(self, voices: Voices, outer: Style, warn: Callable[[str], None]) -> None:
        self._voices = voices
        self._warn = warn
        self._warned: set[str] = set()
        voices.get(outer.voice)
        self._outer = outer
        self._outer = self.met(outer)

    @property
    def outer(self) -> Style:
        """The style of the whole text."""
        return self._outer

    def met(self, wanted: Style) -> Style:
        """The style itself, or the nearest one that can be spoken."""
        wanted = self._with_voice(wanted)
        manifest = self._voices.get(wanted.voice).manifest
        if wanted.emotion in manifest.emotions:
            return wanted
        kept = self._outer.emotion if self._outer.emotion in manifest.emotions else _NEUTRAL
        kept = kept if kept in manifest.emotions else manifest.emotions[0]
        self._say(f"emotion {wanted.emotion!r:.40}: {manifest.name} was not trained for it: {kept}")
        return replace(wanted, emotion=kept, intensity=self._outer.intensity)

    def _with_voice(self, wanted: Style) -> Style:
        try:
            self._voices.get(wanted.voice)
        except VoiceError as error:
            if wanted.voice == self._outer.voice:
                raise
            self._say(f"voice {wanted.voice!r:.40}: {error}")
            return replace(wanted, voice=self._outer.voice)
        return wanted

    def _say(self, warning: str) -> None:
        if warning not in self._warned:
            self._warned.add(warning)
            self._warn(warning)
