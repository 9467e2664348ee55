"""From a preset's name and a request's own wishes to one complete `Style`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tts_daemon.domain import Style, voice_name
from tts_daemon.errors import InvalidRequestError, SettingsError
from tts_daemon.requests import STYLE_FIELDS, nearest
from tts_daemon.settings.schema import PresetSettings, Settings


def check(settings: Settings) -> None:
    """Raise SettingsError for an unknown default preset, or an `extends` that leads nowhere."""
    presets = settings.presets
    for name in presets:
        _chain(name, presets)
    if settings.voice.preset not in presets:
        hint = nearest(settings.voice.preset, presets)
        raise SettingsError(f"voice.preset: no preset is called {settings.voice.preset!r}{hint}")


def _chain(name: str, presets: Mapping[str, PresetSettings]) -> list[PresetSettings]:
    """The preset and those it extends, the nearest first."""
    seen: list[str] = []
    current: str | None = name
    while current is not None:
        if current in seen:
            raise SettingsError(
                f"presets.{name}.extends: {' -> '.join([*seen, current])} is a circle"
            )
        if current not in presets:
            hint = nearest(current, presets)
            raise SettingsError(
                f"presets.{seen[-1]}.extends: no preset is called {current!r}{hint}"
            )
        seen.append(current)
        current = presets[current].extends
    return [presets[item] for item in seen]


class Presets:
    """The presets of one configuration, with `extends` resolved."""

    def __init__(self, settings: Settings) -> None:
        self._styles = {name: _fields(name, settings.presets) for name in settings.presets}

    @property
    def names(self) -> tuple[str, ...]:
        """Names that a request may use, in the order of the configuration."""
        return tuple(self._styles)

    def check_name(self, name: str) -> None:
        """Raise InvalidRequestError for an unknown preset; names the nearest."""
        if name not in self._styles:
            hint = nearest(name, self._styles)
            raise InvalidRequestError(f"preset: no preset is called {name!r}{hint}")

    def style(self, name: str, overrides: Mapping[str, str | float] | None = None) -> Style:
        """How an utterance sounds.

        Args:
            name: A preset.
            overrides: Checked fields of `Style` that win over the preset.

        Raises:
            InvalidRequestError: Unknown preset.
        """
        self.check_name(name)
        style = Style(**{**self._styles[name], **(overrides or {})})  # type: ignore[arg-type]
        return replace(style, voice=voice_name(style.voice))


def _fields(name: str, presets: Mapping[str, PresetSettings]) -> dict[str, str | float]:
    chain = _chain(name, presets)
    found = {}
    for field_name in STYLE_FIELDS:
        values = (getattr(preset, field_name) for preset in chain)
        value = next((value for value in values if value is not None), None)
        if value is not None:
            found[field_name] = value
    return found
