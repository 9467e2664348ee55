"""Our corrections to the pinyin dictionary are well formed and do not contradict each other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("pypinyin", reason="pypinyin is not installed")

from tts_daemon.workshop.dictionary.pinyin_tables import CORRECTIONS, corrected, readable


def _entries() -> Iterator[tuple[str, str, str]]:
    for line in CORRECTIONS.read_text(encoding="utf-8").splitlines():
        if line[:1] != "#":
            char, syllable, *words = line.split()
            yield from ((char, syllable, word) for word in words)


def test_every_word_has_its_character() -> None:
    assert [entry for entry in _entries() if entry[0] not in entry[2] or len(entry[2]) < 2] == []
    assert all(readable(syllable) for _, syllable, _ in _entries())


def test_no_character_has_two_readings_in_one_word() -> None:
    found: dict[tuple[str, str], set[str]] = {}
    for char, syllable, word in _entries():
        found.setdefault((word, char), set()).add(syllable)
    assert [key for key, readings in found.items() if len(readings) > 1] == []


def test_corrections_win_over_the_dictionary() -> None:
    phrases = {"肚子": ["du3", "zi5"], "天气": ["tian1", "qi4"]}
    readings = dict(corrected(phrases, {"豆": "dou4", "干": "gan1"}))
    assert readings["肚子"] == ["du4", "zi5"]
    assert readings["天气"] == ["tian1", "qi4"]
    assert readings["骨干"][1] == "gan4"
