"""A preset's name and a request's wishes become one style."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tts_daemon.domain import Style
from tts_daemon.errors import InvalidRequestError
from tts_daemon.settings.presets import Presets
from tts_daemon.settings.schema import PresetSettings, Settings


def presets_of(**presets: PresetSettings) -> Presets:
    return Presets(replace(Settings(), presets=presets))


def test_what_a_preset_leaves_out_comes_from_the_one_it_extends() -> None:
    presets = presets_of(
        base=PresetSettings(emotion="gentle", speed=0.8, volume=40),
        night=PresetSettings(extends="base", volume=20),
    )
    assert presets.style("night") == Style(emotion="gentle", speed=0.8, volume=20)


def test_a_request_wins_over_its_preset() -> None:
    presets = presets_of(base=PresetSettings(emotion="sad", speed=0.8))
    style = presets.style("base", {"speed": 1.5, "voice": "x"})
    assert style == Style(emotion="sad", speed=1.5, voice="x")


def test_zero_is_a_value_not_an_absence() -> None:
    presets = presets_of(
        base=PresetSettings(volume=50), off=PresetSettings(extends="base", volume=0)
    )
    assert presets.style("off").volume == 0


def test_an_unknown_preset_names_the_nearest() -> None:
    with pytest.raises(InvalidRequestError, match="'hapy'; did you mean 'happy'"):
        Presets(Settings()).style("hapy")
