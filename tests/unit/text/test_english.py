"""English words and letters, with English phones and without."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_daemon.text import english, english_by_chinese, tables
from tts_daemon.text.symbols import KNOWN, split_syllable


@pytest.mark.parametrize(
    ("token", "parts"),
    [
        ("iPhone", [("iphone", True)]),
        ("HomeKit", [("homekit", True)]),
        ("SmartHome", [("smart", True), ("home", True)]),
        ("smarthome", [("smart", True), ("home", True)]),
        ("USB", [("usb", False)]),
        ("HELLO", [("hello", True)]),
        ("NASA", [("nasa", False)]),
        ("don't", [("don't", True)]),
        ("Tom's", [("tom's", True)]),
        ("A", [("a", False)]),
        ("xqzzt", [("xqzzt", False)]),
    ],
)
def test_parts(token: str, parts: list[tuple[str, bool]]) -> None:
    assert list(english.parts(token)) == parts


def test_possessive() -> None:
    assert english.lookup("tom's")[-1] == "z"
    assert english.lookup("xqzzt's") == ()


@pytest.mark.parametrize(
    ("word", "syllables"),
    [
        ("iphone", ["ay1", "f ow2 n"]),
        ("computer", ["k ah0 m", "p y uw1", "t er0"]),
        ("strength", ["s t r eh1 ng k th"]),
        ("bringing", ["b r ih1 ng", "ih0 ng"]),
    ],
)
def test_syllabify(word: str, syllables: list[str]) -> None:
    assert [" ".join(group) for group in english.syllabify(english.lookup(word))] == syllables


def test_syllable_flags() -> None:
    symbols = english.word_symbols("iPhone")
    assert [(symbol.sy, symbol.tone, symbol.syllable_flag) for symbol in symbols] == [
        ("ay", "tone1", "s_both"),
        ("f", "tone0", "s_begin"),
        ("ow", "tone0", "s_middle"),
        ("n", "tone0", "s_end"),
    ]


@pytest.mark.parametrize(
    ("token", "reading"),
    [
        ("iPhone", "ai1 feng4"),
        ("hello", "he5 lou4"),
        ("WiFi", "wai1 fei4"),
        ("USB", "you1 ai2 si5 bi4"),
        ("OK", "ou1 kei4"),
    ],
)
def test_by_chinese(token: str, reading: str) -> None:
    assert " ".join(map(str, english_by_chinese.syllables(token))) == reading


def test_every_word_of_the_dictionary_can_be_said() -> None:
    bases = tables.characters().bases
    for line in tables.data_lines("english.txt") + tables.data_lines("english_home.txt"):
        word = line.split(" ", 1)[0]
        syllables = english_by_chinese.syllables(word)
        assert syllables, word
        assert {syllable.base for syllable in syllables} <= bases, word
        assert {symbol.sy for symbol in english.word_symbols(word)} <= KNOWN, word


@given(st.from_regex(r"[A-Za-z]+(['’][A-Za-z]+)*", fullmatch=True))
def test_no_letter_is_dropped(token: str) -> None:
    letters = "".join(part for part, _ in english.parts(token))
    assert letters.replace("'", "") == token.lower().replace("’", "").replace("'", "")
    assert {symbol.sy for symbol in english.word_symbols(token)} <= KNOWN
    for syllable in english_by_chinese.syllables(token):
        assert set(split_syllable(syllable.base)) <= KNOWN
