"""The real player around a synthesizer that hums, for tests of what happens to utterances."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from fakes.fake_service import tone
from fakes.playback_fakes import OneVoice

from tts_daemon.domain import AudioChunk, Clause, Style
from tts_daemon.playback import Journal, Player, PlayerContext, PlayerSettings
from tts_daemon.ports import SoFar
from tts_daemon.settings.presets import Presets
from tts_daemon.settings.schema import Settings
from tts_daemon.sound.sink_factory import make_sink


class HummingSynthesizer(OneVoice):
    """Hums for `seconds_per_character`, and remembers the texts in the order of humming."""

    def __init__(self, seconds_per_character: float = 0.002) -> None:
        self._seconds_per_character = seconds_per_character
        self.texts: list[str] = []

    def stream(
        self,
        text: str,
        style: Style,
        *,
        keep: bool = False,
        warn: Callable[[str], None] = print,
        so_far: SoFar | None = None,
    ) -> Iterator[AudioChunk]:
        self.texts.append(text)
        yield tone(self._seconds_per_character * len(text))

    def read(
        self, text: str, style: Style, warn: Callable[[str], None] = print
    ) -> Iterator[Clause]:
        return iter(())


def make_player(
    synthesizer: HummingSynthesizer, journal: Path | None = None, *, limit: int = 32
) -> Player:
    """A player on the null device; nothing runs yet."""
    sink = make_sink("null", lead_in_s=0.0, release_after_s=1.0)
    presets = Presets(Settings())
    settings = PlayerSettings(limit=limit)
    return Player(
        synthesizer,
        sink,
        Journal(journal),
        presets,
        settings,
        PlayerContext(("tiny",), confirms=True),
    )
