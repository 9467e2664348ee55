"""How everything is spoken: what people have set, presets, quiet hours and chimes."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from tts_daemon.domain import STYLE_RANGES, AudioChunk, SpeakRequest, Style
from tts_daemon.errors import InvalidRequestError
from tts_daemon.playback._context import PlayerContext, PlayerSettings, PresetBook
from tts_daemon.playback.journal import Journal
from tts_daemon.requests import nearest, style_number
from tts_daemon.settings.quiet_hours import QuietHours, changed_hours


@dataclass(frozen=True, slots=True)
class Prepared:
    """One utterance, ready to be synthesised.

    Attributes:
        style: How it sounds: preset, the request's own wishes, and the player's speed.
        gain: Amplitude factor (quiet hours); 0: not to be spoken.
        prelude: Heard before it; None for nothing.
    """

    style: Style
    gain: float = 1.0
    prelude: AudioChunk | None = None


class Manner:
    """Owns what people may set, which the journal keeps: preset, volume, speed, quiet hours.

    For any thread.

    Args:
        presets: The presets of the configuration.
        settings: What the configuration says: default preset, volume, quiet hours.
        journal: Keeps what people set, until the configuration changes.
        context: Voices, chimes and the time of day.
    """

    def __init__(
        self,
        presets: PresetBook,
        settings: PlayerSettings,
        journal: Journal,
        context: PlayerContext,
    ) -> None:
        self._presets = presets
        self._configured = settings
        self._journal = journal
        self._context = context
        self.preset = settings.preset
        self.volume = settings.volume
        self.speed = 1.0
        self._quiet_hours = settings.quiet_hours

    def told(self) -> dict[str, object]:
        """What a snapshot shows of it."""
        names = self._presets.names
        return {
            "volume": self.volume,
            "speed": self.speed,
            "preset": self.preset,
            "presets": names,
            "voices": self._context.voices,
            "engine": self._context.engine,
            "chimes": self._context.chimes.names,
            "quiet_hours": asdict(self._quiet_hours),
        }

    # -- what people set ------------------------------------------------------------------------

    def recall(self) -> None:
        """Go on with what people had set, unless the configuration was changed since."""
        configured = self._configured
        self.volume = self._recalled("volume", configured.volume)
        self.speed = self._recalled("speed", 1.0)
        preset = self._journal.recall("preset")
        if preset in [[configured.preset, name] for name in self._presets.names]:
            self.preset = preset[1]
        match self._journal.recall("quiet_hours"):
            case [before, dict(kept)] if before == asdict(configured.quiet_hours):
                with contextlib.suppress(InvalidRequestError):
                    self._quiet_hours = changed_hours(configured.quiet_hours, kept)

    def reload(self, presets: PresetBook, settings: PlayerSettings) -> None:
        """Take over a new configuration; what people set stays, where it still exists."""
        if settings.quiet_hours != self._configured.quiet_hours:
            self._quiet_hours = settings.quiet_hours
        self._presets, self._configured = presets, settings
        if self.preset not in presets.names:
            self.preset = settings.preset

    def set_volume(self, percent: float) -> None:
        """Raises InvalidRequestError outside of 0 to 100."""
        self.volume = style_number("volume", percent)
        self._remember("volume", self.volume, self._configured.volume)

    def set_speed(self, factor: float) -> None:
        """Raises InvalidRequestError outside of 0.5 to 2."""
        self.speed = style_number("speed", factor)
        self._remember("speed", self.speed, 1.0)

    def set_preset(self, name: str) -> None:
        """Raises InvalidRequestError for an unknown one."""
        self._presets.style(name)
        self.preset = name
        self._remember("preset", name, self._configured.preset)

    def set_quiet_hours(self, hours: Mapping[str, Any]) -> None:
        """Raises InvalidRequestError that names the field."""
        self._quiet_hours = changed_hours(self._quiet_hours, hours)
        configured = asdict(self._configured.quiet_hours)
        self._remember("quiet_hours", asdict(self._quiet_hours), configured)

    # -- what becomes of a request --------------------------------------------------------------

    def checked(self, request: SpeakRequest) -> SpeakRequest:
        """The request with its preset named. Raises InvalidRequestError that names the field."""
        if request.preset is None:
            request = replace(request, preset=self.preset)
        style = self.style(request)
        self._context.chimes.check_name(style.chime)
        voices = self._context.voices
        if voices and style.voice and style.voice not in voices:
            known = ", ".join(voices)
            raise InvalidRequestError(f"voice: no voice is called {style.voice!r}; known: {known}")
        if "emotion" in request.overrides:
            known_emotions = self._context.emotions(style.voice)
            if known_emotions and style.emotion not in known_emotions:
                meant = nearest(style.emotion, known_emotions)
                raise InvalidRequestError(f"emotion: the voice has no {style.emotion!r}{meant}")
        return request

    def style(self, request: SpeakRequest) -> Style:
        """Every choice made: the preset, what the request asks for, and the speed of all speech."""
        style = self._presets.style(request.preset or self.preset, request.overrides)
        return replace(style, speed=STYLE_RANGES["speed"].clamp(style.speed * self.speed))

    def prepare(self, request: SpeakRequest) -> Prepared:
        """How a request is spoken, now that its turn has come."""
        style = self.style(request)
        quiet = QuietHours(self._quiet_hours, self._context.minute_of_day)
        return Prepared(style, quiet.gain(request.priority), self._prelude(style))

    def _prelude(self, style: Style) -> AudioChunk | None:
        if not style.chime:
            return None
        return replace(self._context.chimes.sound(style.chime), volume=style.volume)

    def _remember(self, name: str, value: object, configured: object) -> None:
        self._journal.remember(name, [configured, value])

    def _recalled(self, name: str, configured: float) -> float:
        """What was kept of a number; a damaged file may hold anything."""
        kept = self._journal.recall(name)
        if not isinstance(kept, list) or len(kept) != 2 or kept[0] != configured:
            return configured
        try:
            return style_number(name, kept[1])
        except InvalidRequestError:
            return configured
