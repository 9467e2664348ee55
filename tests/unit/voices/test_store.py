"""Voices are found by name in several directories."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes import toy_voice as toy

from tts_daemon.errors import UnknownVoiceError, VoiceError
from tts_daemon.voices.store import VoiceStore


def _install(directory: Path, name: str, title: str = "") -> None:
    (directory / name).mkdir(parents=True)
    values = toy.manifest_values(name=name, title=title)
    (directory / name / "voice.json").write_text(json.dumps(values), encoding="utf-8")


def test_the_earlier_directory_wins(tmp_path: Path) -> None:
    _install(tmp_path / "a", "mei", "first")
    _install(tmp_path / "b", "mei", "second")
    _install(tmp_path / "b", "lan")
    store = VoiceStore([tmp_path / "a", tmp_path / "nowhere", tmp_path / "b"])
    assert store.find("mei").manifest.title == "first"
    assert store.find("lan").directory == tmp_path / "b" / "lan"
    assert store.find("lan").path("vocoder") == tmp_path / "b" / "lan" / "vocoder.onnx"


def test_the_default_comes_first(tmp_path: Path) -> None:
    for name in ("bei", "an", "chen"):
        _install(tmp_path, name)
    store = VoiceStore([tmp_path], default="chen")
    assert store.names() == ("chen", "an", "bei")
    assert store.find().manifest.name == "chen"
    assert VoiceStore([tmp_path]).find().manifest.name == "an"


def test_a_voice_that_is_installed_later_is_found(tmp_path: Path) -> None:
    store = VoiceStore([tmp_path])
    assert store.names() == ()
    _install(tmp_path, "mei")
    assert store.names() == ("mei",)


def test_an_unknown_name_gets_the_nearest(tmp_path: Path) -> None:
    _install(tmp_path, "xiaoyu")
    _install(tmp_path, "zhibei")
    store = VoiceStore([tmp_path])
    with pytest.raises(UnknownVoiceError, match=r"'xiaoyi' is not installed.*did you mean xiaoyu"):
        store.find("xiaoyi")
    with pytest.raises(UnknownVoiceError, match="installed: xiaoyu, zhibei"):
        store.find("q")


def test_no_voice_at_all_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(UnknownVoiceError, match="tts-voices download"):
        VoiceStore([tmp_path]).find()
    with pytest.raises(UnknownVoiceError, match="no directory"):
        VoiceStore([]).find("mei")


def test_a_name_is_not_a_path(tmp_path: Path) -> None:
    _install(tmp_path / "models", "mei")
    _install(tmp_path, "secret")
    with pytest.raises(UnknownVoiceError):
        VoiceStore([tmp_path / "models"]).find("../secret")


def test_a_damaged_voice_does_not_hide_the_others(tmp_path: Path) -> None:
    _install(tmp_path, "mei")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "voice.json").write_text("no", encoding="utf-8")
    store = VoiceStore([tmp_path], default="mei")
    assert store.find().manifest.name == "mei"
    assert store.names() == ("mei", "bad")
    with pytest.raises(VoiceError, match=r"bad/voice.json: cannot be read"):
        store.find("bad")


def test_a_renamed_directory_is_reported(tmp_path: Path) -> None:
    _install(tmp_path, "mei")
    (tmp_path / "mei").rename(tmp_path / "lan")
    with pytest.raises(VoiceError, match="name is 'mei', but the directory is 'lan'"):
        VoiceStore([tmp_path]).find("lan")


def test_verify_compares_the_files(tmp_path: Path) -> None:
    _install(tmp_path, "mei")
    with pytest.raises(VoiceError, match=r"encoder\.onnx: cannot be read"):
        VoiceStore([tmp_path]).verify("mei")


def test_a_package_that_is_still_being_written_is_no_voice(tmp_path: Path) -> None:
    _install(tmp_path, ".mei-draft")
    assert VoiceStore([tmp_path]).names() == ()


def test_a_voice_is_found_by_its_former_name(tmp_path: Path) -> None:
    _install(tmp_path, "an")
    _install(tmp_path, "wuyin")
    store = VoiceStore([tmp_path], default="xiaoyu")
    assert store.names() == ("wuyin", "an")
    assert store.find().manifest.name == store.find("xiaoyu").manifest.name == "wuyin"
