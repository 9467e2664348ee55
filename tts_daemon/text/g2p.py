"""Words to pinyin: lexicon, phrases, rules for polyphones, then the most frequent reading."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from tts_daemon.text import polyphones, tables
from tts_daemon.text.reading import Syllable, Word

UNREADABLE = "yi1"
"""Stands for a character that no table knows."""

_SUFFIX_FROM = 2
_SUFFIXES = {"曲": "qu3", "长": "zhang3", "乐": "yue4", "差": "cha1"}
"""Readings as a suffix of long words: 主题曲, 理事长, 摇滚乐, 标准差."""
_COUNTING = frozenset("零一二三四五六七八九十百千万亿两几半数多第这那哪每某")
_MEASURES = {"行": "hang2", "只": "zhi1", "场": "chang3", "种": "zhong3", "重": "chong2"}
"""Readings as a measure word: 第三行, 两只."""


class PolyphoneModel(Protocol):
    """A trained model that knows more polyphones than the rules."""

    def is_polyphone(self, char: str) -> bool:
        """Whether it is worth asking for this character."""
        ...

    def readings(self, text: str) -> list[str]:
        """One syllable with tone digit for each character of `text`; empty where it has none."""
        ...


class GraphemeToPhoneme:
    """Gives every word its lexical syllables, one a character, before tone sandhi."""

    def __init__(self, is_word: Callable[[str], bool], model: PolyphoneModel | None = None) -> None:
        """Load the tables.

        Args:
            is_word: Whether a dictionary has a text; decides how long words are taken apart.
            model: Asked for polyphones that neither a dictionary nor a rule decides.
        """
        self.lexicon: Mapping[str, str] = {}
        """Word -> syllables, the user's; wins over everything."""
        self._is_word = is_word
        self._model = model
        self._characters = tables.characters()
        self._phrases = tables.phrases()

    def read(self, words: list[Word]) -> None:
        """Fill in `syllables` of all words."""
        for word in words:
            if word.is_latin:
                self._read_latin(word)
            elif word.pos != "x":
                word.syllables = self._lookup(word.text)
        polyphones.apply(words)
        if self._model:
            self._ask(self._model, words)

    def _ask(self, model: PolyphoneModel, words: list[Word]) -> None:
        """Let the model decide what is only guessed, phrase by phrase."""
        phrase: list[Syllable] = []
        for word in [*words, Word("。", "x")]:
            phrase.extend(word.syllables)
            if not word.syllables:
                if any(item.guessed and model.is_polyphone(item.chars) for item in phrase):
                    self._decide(phrase, model.readings("".join(item.chars for item in phrase)))
                phrase = []

    def _decide(self, phrase: list[Syllable], readings: list[str]) -> None:
        for syllable, reading in zip(phrase, readings, strict=True):
            if syllable.guessed and reading and syllable.chars not in polyphones.RULES:
                syllable.base, syllable.tone = reading[:-1], int(reading[-1])

    def _read_latin(self, word: Word) -> None:
        reading = self.lexicon.get(word.text)
        if reading:
            word.syllables = [Syllable.parse("", item) for item in reading.split(" ")]
            word.pos = "nz"

    def _lookup(self, text: str) -> list[Syllable]:
        syllables: list[Syllable] = []
        start = end = 0
        while end < len(text):
            start = end
            end, reading = self._longest(text, start)
            for char, item in zip(text[start:end], reading, strict=True):
                syllables.append(Syllable.parse(char, item))
                syllables[-1].guessed = end - start == 1
        suffix = self._suffix(text) if end - start == 1 else ""
        if suffix:
            syllables[-1] = Syllable.parse(text[-1], suffix)
        return syllables

    def _suffix(self, text: str) -> str:
        if text[0] in _COUNTING and len(text) > 1:
            return _MEASURES.get(text[-1], "")
        return _SUFFIXES.get(text[-1], "") if len(text) > _SUFFIX_FROM else ""

    def _longest(self, text: str, start: int) -> tuple[int, list[str]]:
        for end in range(len(text), start + 1, -1):
            piece = text[start:end]
            reading = self.lexicon.get(piece) or self._phrases.get(piece)
            if reading:
                return end, reading.split(" ")
            if end - start < len(text) and self._is_word(piece):
                return end, [self._default(char) for char in piece]
        return start + 1, [self._default(text[start])]

    def _default(self, char: str) -> str:
        return self._characters.get(char) or UNREADABLE
