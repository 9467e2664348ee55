"""What a configuration asks for and the machine does not have is found before the daemon starts."""

from __future__ import annotations

import builtins
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tts_daemon.service.config_check import problems
from tts_daemon.settings.loader import load
from tts_daemon.settings.schema import Settings


def found(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return list(problems(load(path, {}).settings))


def test_the_defaults_are_right() -> None:
    assert list(problems(Settings())) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("presets: {a: {emotion: hapy}}", "presets.a.emotion: the voice has no 'hapy'; did you"),
        ("presets: {a: {chime: dingdon}}", "presets.a.chime: no sound is called 'dingdon'; did"),
        ("presets: {a: {voice: nobody}}", "presets.a.voice: voice 'nobody' is not installed in"),
        ("presets: {happy: {emotion: joyful}}", "presets.happy.emotion: the voice has no 'joyful'"),
        ("http: {voices: {alloy: hapy}}", "http.voices.alloy: 'hapy' is no voice and no preset"),
        ("voice: {default: nobody}", "voice.default: voice 'nobody' is not installed in"),
        ("mqtt: {tls: {cert_file: /etc/c.pem}}", "mqtt.tls.key_file: is missing"),
        ("mqtt: {tls: {key_file: /etc/k.pem}}", "mqtt.tls.cert_file: is missing"),
        ("queue: {journal: mine.db}", "queue.journal: mine.db is relative"),
        ("voice: {models: [/var/lib/x, mine]}", "voice.models: mine is relative"),
        ("metrics: {textfile: /var/lib/x/t.txt}", "metrics.textfile: /var/lib/x/t.txt must end"),
        ("queue: {journal: /etc/passwd}", "queue.journal: /etc/passwd"),
    ],
    ids=lambda value: value if value[0] in "pvmq" and ": {" in value else "",
)  # fmt: skip
def test_each_names_its_key(tmp_path: Path, text: str, problem: str) -> None:
    (only,) = found(tmp_path, text)
    assert only.startswith(problem)


@pytest.mark.parametrize("door", ["http", "wyoming"])
def test_a_door_whose_library_is_missing(monkeypatch: pytest.MonkeyPatch, door: str) -> None:
    real = builtins.__import__

    def without(name: str, *others: Any, **named: Any) -> Any:
        if name == f"tts_daemon.inputs.{door}.door":
            raise ModuleNotFoundError("gone", name="its_library")
        return real(name, *others, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    settings = Settings()
    section = replace(getattr(settings, door), enabled=True)
    (only,) = problems(replace(settings, **{door: section}))
    assert only.startswith(f"{door}.enabled: its_library is missing: ")
    assert f"[{door}]" in only
