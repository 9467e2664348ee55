"""What the player is given to work with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from tts_daemon.clock import Clock, SystemClock
from tts_daemon.domain import Style
from tts_daemon.playback.chimes import Chimes
from tts_daemon.settings.quiet_hours import local_minute
from tts_daemon.settings.schema import (
    AudioSettings,
    QueueSettings,
    QuietHoursSettings,
    TextSettings,
    VoiceSettings,
)


class PresetBook(Protocol):
    """What the player needs to know of presets."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names, in the order of the configuration."""
        ...

    def style(self, name: str, overrides: Mapping[str, str | float] | None = None) -> Style:
        """The preset with overrides. Raises InvalidRequestError that names the field."""
        ...


@dataclass(frozen=True, slots=True)
class PlayerSettings:
    """What the configuration says about the player.

    Attributes:
        limit: Utterances that may wait.
        interrupted: `again` or `drop`: the utterance that a crash cut off.
        max_characters: Longest text of one request.
        patience_s: A text that is still being written ends when nothing more came for so long.
        renders: Texts that may be rendered at one time, by all doors; each door takes a few.
        preset: Default preset.
        volume: At start, percent.
        quiet_hours: Until people set others.
    """

    limit: int = QueueSettings().limit
    interrupted: str = QueueSettings().interrupted
    max_characters: int = TextSettings().max_characters
    patience_s: float = TextSettings().stream_timeout_s
    renders: int = 16
    preset: str = VoiceSettings().preset
    volume: float = AudioSettings().volume
    quiet_hours: QuietHoursSettings = field(default_factory=QuietHoursSettings)


@dataclass(frozen=True, slots=True)
class PlayerContext:
    """What the player finds around it, for as long as it lives.

    Attributes:
        voices: Names of the installed voices, the default first; empty: any name is taken.
        emotions: Those of a voice by its name; empty: any name is taken.
        engine: What plays the default voice's vocoder, such as `native (neon)`; for people.
        minute_of_day: Tells the time for quiet hours, 0 to 1439.
        chimes: Sounds that a preset may name.
        confirms: Whether a door confirms the final events that it has passed on.
        heartbeat: Called by the worker while all is well, at least every 5 s.
        clock: Whose time it keeps.
    """

    voices: tuple[str, ...] = ()
    emotions: Callable[[str], tuple[str, ...]] = lambda voice: ()
    engine: str = ""
    minute_of_day: Callable[[], int] = local_minute
    chimes: Chimes = field(default_factory=Chimes)
    confirms: bool = False
    heartbeat: Callable[[], None] = lambda: None
    clock: Clock = field(default_factory=SystemClock)
