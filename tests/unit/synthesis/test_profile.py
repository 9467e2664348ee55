"""The tuned profile: read where it was made, and followed while it fits."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import toy_voice as toy

from tts_daemon.runtime.engine import GraphOptions
from tts_daemon.runtime.machine import Machine
from tts_daemon.synthesis import profile
from tts_daemon.synthesis.profile import Choice, Profile
from tts_daemon.synthesis.voice_pool import VoicePool
from tts_daemon.voices.manifest import GRAPHS, Manifest
from tts_daemon.voices.store import VoiceStore

HERE = Machine("aarch64", "Raspberry Pi 4 Model B", 4)


class RecordingEngine:
    """Remembers from where each graph was loaded, and with how many threads."""

    def __init__(self) -> None:
        self.loaded: dict[str, tuple[str, int]] = {}

    def load(self, path: Path, options: GraphOptions) -> toy.NumpyGraph:
        self.loaded[path.stem] = (path.parent.name, options.threads)
        return toy.graphs()[path.stem]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A voice, and its twin in another precision."""
    for name in ("mei", "mei-fp32"):
        (tmp_path / name).mkdir()
        values = json.dumps(toy.manifest_values(name=name))
        (tmp_path / name / "voice.json").write_text(values, encoding="utf-8")
    return tmp_path


def _profile(models: Path, **changes: str) -> Profile:
    files = Manifest.load(models / "mei").graphs
    choices = {graph: Choice("mei", files[graph].sha256, 1) for graph in GRAPHS}
    choices["vocoder"] = replace(choices["vocoder"], voice="mei-fp32", threads=3, **changes)
    return Profile(HERE, {"mei": choices})


def _load(models: Path, tuned: Profile, threads: int = 0) -> dict[str, tuple[str, int]]:
    engine = RecordingEngine()
    VoicePool(VoiceStore([models], "mei"), engine, threads, profile=tuned).get()
    return engine.loaded


def test_graphs_are_loaded_as_they_were_tuned(models: Path) -> None:
    loaded = _load(models, _profile(models))
    assert loaded["vocoder"] == ("mei-fp32", 3)
    assert loaded["encoder"] == ("mei", 1)


def test_threads_of_the_configuration_come_first(models: Path) -> None:
    assert _load(models, _profile(models), threads=2)["vocoder"] == ("mei-fp32", 2)


@pytest.mark.parametrize("changes", [{"sha256": "other"}, {"voice": "gone"}])
def test_a_voice_that_has_changed_is_loaded_as_usual(
    models: Path, changes: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    tuned = _profile(models)
    choices = dict(tuned.voices["mei"])
    choices["vocoder"] = replace(choices["vocoder"], **changes)
    loaded = _load(models, Profile(HERE, {"mei": choices}), threads=0)
    assert {source for source, _ in loaded.values()} == {"mei"}
    assert "--tune" in caplog.text


def test_it_is_read_as_it_was_written(models: Path, tmp_path: Path) -> None:
    path = tmp_path / "state" / "tuned.json"
    profile.write(_profile(models), path)
    assert profile.read(path, HERE) == _profile(models)


def test_one_of_another_machine_is_not_followed(
    models: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "tuned.json"
    profile.write(_profile(models), path)
    elsewhere = replace(HERE, cores=2)
    assert profile.read(path, elsewhere) == Profile(elsewhere)
    assert "Raspberry Pi 4 Model B" in caplog.text


@pytest.mark.parametrize(
    "text", ["", "{}", '{"format": 2}', '{"format": 1, "machine": {}, "voices": {}}', "[]"]
)
def test_a_damaged_one_is_said_and_not_followed(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "tuned.json"
    path.write_text(text, encoding="utf-8")
    assert profile.read(path, HERE) == Profile(HERE)
    assert "tuned.json" in caplog.text


def test_none_is_no_mistake(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert profile.read(tmp_path / "tuned.json", HERE) == Profile(HERE)
    assert not caplog.text
