"""Symbols for voices that lack something."""

from __future__ import annotations

import pytest

from tts_daemon.domain import Symbol
from tts_daemon.errors import TextError
from tts_daemon.text.reading import Syllable
from tts_daemon.text.symbols import (
    ARPABET,
    KNOWN,
    VoiceTraits,
    break_symbol,
    encode,
    mark_word,
    syllable_symbols,
    symbol_line,
)


def _phones(syllable: Syllable, traits: VoiceTraits) -> list[str]:
    return [symbol.sy for symbol in syllable_symbols(syllable, traits)]


def test_untrained_erhua_loses_its_r() -> None:
    syllable = Syllable("玩儿", "wan", 2, erhua=True)
    assert _phones(syllable, VoiceTraits()) == ["w_c", "anr_c"]
    assert _phones(syllable, VoiceTraits(untrained=frozenset({"anr_c"}))) == ["w_c", "an_c"]


def test_erhua_outside_the_tables_loses_its_r() -> None:
    syllable = Syllable("玩儿", "wan", 2, erhua=True)
    traits = VoiceTraits(tables={"sy": ("w_c", "an_c")})
    assert _phones(syllable, traits) == ["w_c", "an_c"]


def test_traits_from_tables() -> None:
    tables = {"sy": sorted(KNOWN)}
    assert VoiceTraits.of(tables).arpabet
    assert not VoiceTraits.of(tables, untrained=["aa"]).arpabet
    assert not VoiceTraits.of({"sy": sorted(KNOWN - ARPABET)}).arpabet


@pytest.mark.parametrize(
    ("count", "flags"),
    [
        (0, []),
        (1, ["word_both"]),
        (2, ["word_begin", "word_end"]),
        (3, ["word_begin", "word_middle", "word_end"]),
    ],
)
def test_word_flags(count: int, flags: list[str]) -> None:
    phones = [Symbol("a_c", "tone1", "s_end", "word_middle")] * count
    assert [phone.word_segment for phone in mark_word(phones)] == flags


def test_breaks_carry_no_emotion() -> None:
    line = symbol_line(
        [Symbol("ga", "tone4", "s_begin", "word_begin"), break_symbol(4)], "sad", "F7"
    )
    assert line == (
        "{ga$tone4$s_begin$word_begin$emotion_sad$F7} "
        "{#4$tone_none$s_none$word_none$emotion_none$F7}"
    )


def test_unknown_symbol_is_refused_by_name() -> None:
    tables = {
        "sy": ["a_c"],
        "tone": ["tone1"],
        "syllable_flag": ["s_end"],
        "word_segment": ["word_end"],
    }
    assert encode([Symbol("a_c", "tone1", "s_end", "word_end")], tables) == [[0, 0, 0, 0]]
    with pytest.raises(TextError, match="'b_c'"):
        encode([Symbol("b_c", "tone1", "s_end", "word_end")], tables)
