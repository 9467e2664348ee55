"""Words to pinyin: lexicon, phrases, rules for polyphones, then the most frequent reading."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from tts_daemon.text import contexts, polyphones, proper_names, tables
from tts_daemon.text.reading import Syllable, Word

UNREADABLE = "yi1"
"""Stands for a character that no table knows."""

_SUFFIX_FROM = 2
_LONGEST_PIECE = 6
_SUFFIXES = {"曲": "qu3", "长": "zhang3", "乐": "yue4", "差": "cha1"}
"""Readings as a suffix of long words: 主题曲, 理事长, 摇滚乐, 标准差."""
_IN_FRONT = {"子": "zi3", "得": "de2"}
"""Readings at the head of words: 子公司, 得名."""
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
        proper_names.apply(words)
        contexts.apply(words)
        if self._model:
            self._ask(self._model, words)

    def _ask(self, model: PolyphoneModel, words: list[Word]) -> None:
        """Let the model decide what is only guessed, phrase by phrase."""
        phrase: list[Syllable] = []
        asked: list[Syllable] = []
        for word in [*words, Word("。", "x")]:
            phrase.extend(word.syllables)
            if self._is_open(word):
                asked.extend(item for item in word.syllables if _is_guess(model, item))
            if not word.syllables:
                if asked:
                    readings = model.readings("".join(item.chars for item in phrase))
                    _decide(phrase, readings, asked)
                phrase, asked = [], []

    def _is_open(self, word: Word) -> bool:
        """Whether no dictionary has the word; it is a single character, or a name."""
        return len(word.text) == 1 or word.pos[:2] in ("nr", "ns") or not self._is_word(word.text)

    def _read_latin(self, word: Word) -> None:
        reading = self.lexicon.get(word.text)
        if reading:
            word.syllables = [Syllable.parse("", item) for item in reading.split(" ")]
            word.pos = "nz"

    def _lookup(self, text: str) -> list[Syllable]:
        known = self._known(text)
        if known:
            return [Syllable.parse(*pair) for pair in zip(text, known, strict=True)]
        syllables: list[Syllable] = []
        pieces = self._pieces(text) if len(text) > _SUFFIX_FROM else list(text)
        for piece in pieces:
            if len(piece) > 1:
                syllables.extend(self._lookup(piece))
            else:
                reading = _IN_FRONT.get(piece) if not syllables and len(text) > 1 else None
                syllables.append(Syllable.parse(piece, reading or self._default(piece)))
                syllables[-1].guessed = reading is None
        suffix = _suffix(text, single=len(pieces[-1]) == 1)
        if suffix:
            syllables[-1] = Syllable.parse(text[-1], suffix)
        return syllables

    def _known(self, text: str) -> list[str]:
        reading = self.lexicon.get(text) or self._phrases.get(text)
        return reading.split(" ") if reading else []

    def _pieces(self, text: str) -> list[str]:
        """Take a long word apart into known words: 单亲|家庭, 感|兴趣, 大|都市."""
        best: list[tuple[float, list[str]]] = [(0.0, [])]
        for end in range(1, len(text) + 1):
            options = []
            # Of equal ways the one with the longer beginning: 干活|儿, 成长|期.
            for start in range(end - 1, max(-1, end - 1 - _LONGEST_PIECE), -1):
                cost, pieces = best[start]
                piece = text[start:end]
                if piece != text:
                    options.append((cost + self._cost(piece), [*pieces, piece]))
            best.append(min(options, key=lambda option: option[0]))
        return best[-1][1]

    def _cost(self, piece: str) -> float:
        if len(piece) == 1:
            return 2.0
        if piece in self.lexicon or piece in self._phrases:
            return 0.9
        return 1.0 if self._is_word(piece) else 10.0

    def _default(self, char: str) -> str:
        return self._characters.get(char) or UNREADABLE


def _is_guess(model: PolyphoneModel, syllable: Syllable) -> bool:
    ruled = syllable.chars in polyphones.RULES
    return syllable.guessed and not ruled and model.is_polyphone(syllable.chars)


def _decide(phrase: list[Syllable], readings: list[str], asked: list[Syllable]) -> None:
    for syllable, reading in zip(phrase, readings, strict=True):
        if reading and any(syllable is item for item in asked):
            syllable.base, syllable.tone = reading[:-1], int(reading[-1])


def _suffix(text: str, *, single: bool) -> str:
    """The reading of the last character as a suffix; empty when it is none.

    Args:
        text: A word that no dictionary reads as a whole.
        single: Whether its last character stands alone when the word is taken apart.
    """
    if len(text) > 1 and text[-2] in _COUNTING and text[-1] in _MEASURES:
        return _MEASURES[text[-1]]
    if len(text) == 2 and text[-1] == "倒":
        return "dao3"  # 砍倒, 压倒
    return _SUFFIXES.get(text[-1], "") if single and len(text) > _SUFFIX_FROM else ""
