"""The pass over everything: text to clauses that the acoustic model can read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tts_daemon.domain import Clause, Style, Symbol
from tts_daemon.text import english, erhua, tables, tone_sandhi
from tts_daemon.text.g2p import GraphemeToPhoneme
from tts_daemon.text.prosody import ProsodyPredictor, RuleProsody
from tts_daemon.text.reading import Syllable, Word
from tts_daemon.text.segmenter import Segmenter
from tts_daemon.text.symbols import VoiceTraits, break_symbol, mark_word, syllable_symbols

_PAUSES = frozenset("，、；：,;:。！？!?…—")


@dataclass(slots=True)
class ProsodicWord:
    """What stands between two breaks: words of the text and the level of the break after them."""

    words: list[Word]
    break_level: int = 1

    @property
    def text(self) -> str:
        """Its characters."""
        return "".join(word.text for word in self.words)

    @property
    def syllables(self) -> list[Syllable]:
        """Its Chinese syllables."""
        return [syllable for word in self.words for syllable in word.syllables]


class Frontend:
    """Reads Chinese text. One instance serves all voices; `read` may be called from one thread at a time."""

    def __init__(self, prosody: ProsodyPredictor | None = None) -> None:
        """Load the dictionaries."""
        self._segmenter = Segmenter((word, pos) for word, pos, _ in tables.words())
        self._g2p = GraphemeToPhoneme(self._segmenter.is_word)
        self._prosody = prosody or RuleProsody(self._segmenter.is_word)

    def read(
        self, text: str, style: Style | None = None, traits: VoiceTraits | None = None
    ) -> Iterator[Clause]:
        """Yield the clauses of `text` one by one."""
        yield self.clause(text, text, style or Style(), traits or VoiceTraits())

    def clause(self, text: str, spoken: str, style: Style, traits: VoiceTraits) -> Clause:
        """Read one clause whose spoken form is known."""
        group = self.prosodic_words(spoken)
        return Clause(
            text=text,
            spoken=spoken,
            words=tuple(item.text for item in group),
            pinyin=tuple(_pinyin(group)),
            breaks=tuple(item.break_level for item in group),
            symbols=tuple(_symbols(group, traits)),
            style=style,
        )

    def words_and_breaks(self, spoken: str) -> list[tuple[str, int]]:
        """Prosodic words of spoken text with the level of the break after each."""
        return [(item.text, item.break_level) for item in self.prosodic_words(spoken)]

    def prosodic_words(self, spoken: str) -> list[ProsodicWord]:
        """Words, pinyin, breaks and tones of spoken text."""
        words = self._segmenter.words(spoken)
        self._g2p.read(words)
        erhua.merge(words)
        tone_sandhi.neutral_tone(words)
        result: list[ProsodicWord] = []
        for phrase in _phrases(words):
            group = self._group(phrase)
            syllables = [item.syllables for item in group]
            tone_sandhi.yi_bu(phrase)
            tone_sandhi.third_tone(syllables)
            group[-1].break_level = 3
            result.extend(group)
        if result:
            result[-1].break_level = 4
        return result

    def _group(self, phrase: list[Word]) -> list[ProsodicWord]:
        names = self._prosody.prosodic_words([(word.text, word.pos) for word in phrase])
        return regroup(phrase, names)


def _phrases(words: list[Word]) -> Iterator[list[Word]]:
    phrase: list[Word] = []
    for word in words:
        if word.is_spoken:
            phrase.append(word)
        elif phrase and word.text in _PAUSES:
            yield phrase
            phrase = []
    if phrase:
        yield phrase


def regroup(phrase: list[Word], names: list[str]) -> list[ProsodicWord]:
    """Distribute the words of a phrase over prosodic words given as text; cuts words where these cut."""
    group: list[ProsodicWord] = []
    rest = list(phrase)
    for name in names:
        taken: list[Word] = []
        missing = len(name)
        while missing > 0 and rest:
            word = rest.pop(0)
            if len(word.text) > missing:
                word, tail = _cut(word, missing)
                rest.insert(0, tail)
            taken.append(word)
            missing -= len(word.text)
        if taken:
            group.append(ProsodicWord(taken))
    if rest:
        group.append(ProsodicWord(rest))
    return group


def _cut(word: Word, length: int) -> tuple[Word, Word]:
    head, tail = word.syllables[:length], word.syllables[length:]
    return (
        Word(word.text[:length], word.pos, head),
        Word(word.text[length:], word.pos, tail),
    )


def _pinyin(group: list[ProsodicWord]) -> Iterator[str]:
    for item in group:
        for word in item.words:
            if word.is_latin:
                yield word.text.upper()
            yield from map(str, word.syllables)


def _symbols(group: list[ProsodicWord], traits: VoiceTraits) -> Iterator[Symbol]:
    for item in group:
        phones: list[Symbol] = []
        for word in item.words:
            for syllable in word.syllables:
                phones.extend(syllable_symbols(syllable, traits))
            if word.is_latin:
                phones.extend(english.word_symbols(word.text, traits))
        yield from mark_word(phones)
        yield break_symbol(item.break_level)
