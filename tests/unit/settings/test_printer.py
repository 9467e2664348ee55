"""config/default.yaml, and what --print-config shows."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tts_daemon.settings import printer
from tts_daemon.settings.loader import load
from tts_daemon.settings.schema import Settings

CONFIG = Path(__file__).parents[3] / "config"


def test_default_yaml_is_the_schema_written_down() -> None:
    """`tts-daemon --print-defaults > config/default.yaml` writes it anew."""
    assert (CONFIG / "default.yaml").read_text(encoding="utf-8") == printer.defaults()


def test_default_yaml_loads_as_the_defaults() -> None:
    assert load(CONFIG / "default.yaml", {}).settings == Settings()


@pytest.mark.parametrize("name", ["pi4.yaml", "pi5.yaml"])
def test_a_board_file_only_holds_what_differs(name: str) -> None:
    loaded = load(CONFIG / name, {})
    assert loaded.origins
    for (section, key), _ in loaded.origins.items():
        default = getattr(getattr(Settings(), section), key)
        assert getattr(getattr(loaded.settings, section), key) != default


def test_effective_values_are_yaml_with_origins_and_without_secrets() -> None:
    variables = {"TTS_DAEMON__MQTT__PASSWORD": "hunter2", "TTS_DAEMON__PRESETS__SAD__SPEED": "0.9"}
    text = printer.effective(load(CONFIG / "default.yaml", variables))
    values = yaml.safe_load(text)
    assert "hunter2" not in text
    assert values["mqtt"]["password"] == "********"
    assert values["http"]["token"] is None
    assert "  port: 1883  # " in text
    assert "default.yaml:" in text
    assert "speed: 0.9}" in text
    assert "TTS_DAEMON__PRESETS__SAD__SPEED" in text


def test_secrets_are_not_in_the_settings_repr() -> None:
    loaded = load(CONFIG / "default.yaml", {"TTS_DAEMON__HTTP__TOKEN": "hunter2"})
    assert loaded.settings.http.token == "hunter2"
    assert "hunter2" not in repr(loaded.settings)
