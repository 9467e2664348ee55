"""What was spoken is heard again without being made again, within a number of bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace

import numpy as np
import pytest

from tts_daemon.domain import Clause, PauseKind, SentenceKind, Style, Symbol
from tts_daemon.runtime.engine import Floats
from tts_daemon.synthesis.phrase_cache import PhraseCache, phrase_key

SYMBOL = Symbol("b_c", "tone1", "s_begin", "word_begin")
CLAUSE = Clause("八", "八", ("八",), ("ba1",), (4,), (SYMBOL,), Style())
PIECE_BYTES = 4000
SILENT = {"voice": "lan", "volume": 40.0, "chime": "bell"}
"""Fields of a style that do not change the sound of a clause; the voice counts by fingerprint."""


def _pieces(value: float, count: int = 2) -> Iterator[Floats]:
    for _ in range(count):
        yield np.full(PIECE_BYTES // 4, value, np.float32)


def _record(cache: PhraseCache, key: bytes, *, keep: bool = False) -> None:
    for _ in cache.record(key, _pieces(key[0]), keep=keep):
        pass


def test_what_was_recorded_is_found_piece_by_piece() -> None:
    cache = PhraseCache(100_000)
    made = list(cache.record(b"a", _pieces(0.5)))
    found = cache.find(b"a")
    assert found is not None
    assert len(found) == len(made) == 2
    for piece, expected in zip(found, made, strict=True):
        np.testing.assert_array_equal(piece, expected)
    assert cache.find(b"b") is None


def test_nobody_can_change_it() -> None:
    cache = PhraseCache(100_000)
    for piece in cache.record(b"a", _pieces(0.5)):
        piece[:] = 0
    found = cache.find(b"a")
    assert found is not None
    assert found[0][0] == 0.5
    with pytest.raises(ValueError, match="read-only"):
        found[0][:] = 1


def test_what_was_cut_off_is_not_kept() -> None:
    cache = PhraseCache(100_000)
    stream = cache.record(b"a", _pieces(0.5))
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert cache.find(b"a") is None
    assert cache.size_bytes == 0


def test_the_least_recently_heard_goes_first_and_the_limit_holds() -> None:
    cache = PhraseCache(3 * 2 * PIECE_BYTES + 2000)
    for key in (b"a", b"b", b"c"):
        _record(cache, key)
    assert cache.find(b"a")
    _record(cache, b"d")
    assert [bool(cache.find(key)) for key in (b"a", b"b", b"c", b"d")] == [True, False, True, True]
    for number in range(20):
        _record(cache, bytes([number]))
        assert cache.size_bytes <= 3 * 2 * PIECE_BYTES + 2000


def test_a_clause_beyond_the_limit_is_spoken_and_not_kept() -> None:
    cache = PhraseCache(3 * PIECE_BYTES)
    assert len(list(cache.record(b"a", _pieces(1, count=5)))) == 5
    assert cache.find(b"a") is None
    assert not PhraseCache(0).find(b"a")


def test_kept_phrases_outlive_others_until_they_are_released() -> None:
    cache = PhraseCache(2 * 2 * PIECE_BYTES + 2000)
    _record(cache, b"k", keep=True)
    for key in (b"a", b"b", b"c"):
        _record(cache, key)
    assert cache.find(b"k")
    assert cache.find(b"c")
    cache.release()
    for key in (b"d", b"e"):
        _record(cache, key)
    assert cache.find(b"k") is None


def test_kept_phrases_stop_at_the_limit_too() -> None:
    cache = PhraseCache(2 * 2 * PIECE_BYTES + 2000)
    for key in (b"a", b"b", b"c"):
        _record(cache, key, keep=True)
    assert cache.size_bytes <= 2 * 2 * PIECE_BYTES + 2000
    assert cache.find(b"c") is None


def test_a_phrase_that_was_spoken_before_can_be_kept_later() -> None:
    cache = PhraseCache(2 * 2 * PIECE_BYTES + 2000)
    _record(cache, b"k")
    assert cache.find(b"k", keep=True)
    for key in (b"a", b"b", b"c"):
        _record(cache, key)
    assert cache.find(b"k")


@pytest.mark.parametrize("field", [item.name for item in fields(Style)])
def test_the_key_changes_with_all_that_is_heard(field: str) -> None:
    """Fields of `Style` that are added later are covered, too."""
    before = getattr(CLAUSE.style, field)
    after = SILENT.get(field, before + 0.5 if isinstance(before, float) else f"{before}x")
    changed = replace(CLAUSE, style=replace(CLAUSE.style, **{field: after}))
    same = phrase_key("v", CLAUSE) == phrase_key("v", changed)
    assert same == (field in SILENT)


def test_the_key_changes_with_pauses_inside_and_those_that_cut_the_end() -> None:
    def key(*pauses: PauseKind, **changes: object) -> bytes:
        return phrase_key("v", replace(CLAUSE, pauses=pauses, **changes))

    none, comma, sentence = PauseKind.NONE, PauseKind.COMMA, PauseKind.SENTENCE
    assert key(comma, sentence) != key(none, sentence)
    assert key(comma) != key(sentence)
    assert key(sentence) == key(none) == key(PauseKind.PARAGRAPH) == key()
    assert key(kind=SentenceKind.QUESTION) != key()


def test_the_key_changes_with_voice_and_symbols_not_with_the_spelling() -> None:
    key = phrase_key("v", CLAUSE)
    assert phrase_key("w", CLAUSE) != key
    other = replace(SYMBOL, tone="tone4")
    assert phrase_key("v", replace(CLAUSE, symbols=(other,))) != key
    assert phrase_key("v", replace(CLAUSE, text="8", spoken="捌")) == key
