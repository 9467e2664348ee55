"""A preset's name and a request's wishes become one style."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tts_daemon.domain import Style
from tts_daemon.errors import InvalidRequestError, SettingsError
from tts_daemon.settings.presets import Presets, check
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


def checked(default: str = "neutral", **presets: PresetSettings) -> None:
    usual = Settings()
    check(replace(usual, presets=presets, voice=replace(usual.voice, preset=default)))


def test_names_come_in_the_order_of_the_configuration() -> None:
    presets = presets_of(late=PresetSettings(), early=PresetSettings(extends="late"))
    assert presets.names == ("late", "early")


def test_a_chain_of_presets_is_followed_to_its_end() -> None:
    presets = presets_of(
        third=PresetSettings(extends="second", speed=1.2),
        second=PresetSettings(extends="first", emotion="sad", speed=0.9),
        first=PresetSettings(emotion="happy", pitch=2, chime="bell"),
    )
    assert presets.style("third") == Style(emotion="sad", speed=1.2, pitch=2, chime="bell")
    checked("third", third=PresetSettings(extends="second"), second=PresetSettings())


def test_the_usual_configuration_is_in_order() -> None:
    check(Settings())


def test_an_unknown_default_names_the_nearest() -> None:
    with pytest.raises(SettingsError, match=r"voice\.preset: .*'netral'; did you mean 'neutral'"):
        checked("netral", neutral=PresetSettings())


def test_what_extends_nothing_known_is_named_with_the_nearest() -> None:
    with pytest.raises(SettingsError) as refused:
        checked(neutral=PresetSettings(), night=PresetSettings(extends="neutrl"))
    assert str(refused.value) == (
        "presets.night.extends: no preset is called 'neutrl'; did you mean 'neutral'?"
    )


def test_the_preset_that_leads_nowhere_is_named_not_the_one_before() -> None:
    with pytest.raises(SettingsError, match=r"presets\.b\.extends: no preset is called 'c'"):
        checked(neutral=PresetSettings(extends="b"), b=PresetSettings(extends="c"))


def test_a_circle_is_shown_whole() -> None:
    with pytest.raises(SettingsError, match=r"presets\.a\.extends: a -> b -> a is a circle"):
        checked("a", a=PresetSettings(extends="b"), b=PresetSettings(extends="a"))


def test_a_former_name_of_a_voice_means_the_voice() -> None:
    presets = presets_of(base=PresetSettings(voice="xiaoyu"))
    assert presets.style("base").voice == "wuyin"
    assert presets.style("base", {"voice": "xiaoyu"}).voice == "wuyin"
