"""Spoken text to prosodic words with surface pinyin and breaks: the second half of the pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tts_daemon.text import breaths, erhua, tables, tone_sandhi
from tts_daemon.text.g2p import GraphemeToPhoneme, PolyphoneModel
from tts_daemon.text.normalize import Pronunciation
from tts_daemon.text.prosody import ProsodyPredictor, RuleProsody
from tts_daemon.text.reading import ProsodicWord, Syllable, Word
from tts_daemon.text.segmenter import Segmenter

_PAUSES = frozenset("，、；：,;:。！？!?…—～~\n")
_INNER, _FINAL = 3, 4


class Phrasing:
    """Reads spoken text; holds the dictionaries."""

    def __init__(
        self, prosody: ProsodyPredictor | None = None, polyphones: PolyphoneModel | None = None
    ) -> None:
        """Load the dictionaries (0.2 s)."""
        self._segmenter = Segmenter((word, pos) for word, pos, _ in tables.words())
        self._g2p = GraphemeToPhoneme(self._segmenter.is_word, polyphones)
        self._prosody = prosody or RuleProsody(self._segmenter.is_word)

    def learn(self, words: Mapping[str, str]) -> None:
        """Take over the user's words with their readings, in the place of those learnt before."""
        for word in words:
            self._segmenter.add(word)
        self._g2p.lexicon = words

    def dictionary_words(self, spoken: str) -> list[Word]:
        """The words of spoken text with their lexical syllables, before any tone moves."""
        words = self._segmenter.words(spoken)
        self._g2p.read(words)
        return words

    def read(self, spoken: str, pronunciations: Sequence[Pronunciation] = ()) -> list[ProsodicWord]:
        """Words, pinyin, breaks and tones of spoken text.

        Args:
            spoken: What the normaliser gives out; any other text is read as well.
            pronunciations: Readings that the writer gave for stretches of `spoken`.
        """
        words = self.dictionary_words(spoken)
        _give(words, pronunciations)
        erhua.merge(words)
        tone_sandhi.neutral_tone(words)
        result: list[ProsodicWord] = []
        for phrase in _phrases(words):
            group = self._group(phrase)
            tone_sandhi.yi_bu(phrase)
            tone_sandhi.third_tone([item.syllables for item in group])
            breaths.breathe(group)
            group[-1].break_level = _INNER
            result.extend(group)
        if result:
            result[-1].break_level = _FINAL
        return result

    def _group(self, phrase: list[Word]) -> list[ProsodicWord]:
        names = self._prosody.prosodic_words([(word.text, word.pos) for word in phrase])
        return list(regroup(phrase, names))


def _give(words: list[Word], pronunciations: Sequence[Pronunciation]) -> None:
    """Put the writer's readings in the place of those found."""
    given = {
        start + place: syllable
        for start, _, syllables in pronunciations
        for place, syllable in enumerate(syllables)
    }
    if not given:
        return
    for word in words:
        for place, syllable in enumerate(word.syllables):
            written = given.get(word.start + place)
            if written:
                word.syllables[place] = Syllable.parse(syllable.chars, written)
                word.syllables[place].given = True


def _phrases(words: list[Word]) -> Iterator[list[Word]]:
    """The stretches between pauses; other marks (quotes, brackets) leave no trace."""
    phrase: list[Word] = []
    for word in words:
        if word.is_spoken:
            phrase.append(word)
        elif phrase and word.text in _PAUSES:
            yield phrase
            phrase = []
    if phrase:
        yield phrase


def regroup(phrase: list[Word], names: Sequence[str]) -> Iterator[ProsodicWord]:
    """Distribute the words of a phrase over prosodic words, which may cut words.

    Args:
        phrase: Words.
        names: Prosodic words; joined, they are the joined words.
    """
    rest = list(reversed(phrase))
    for name in names:
        taken: list[Word] = []
        missing = len(name)
        while missing > 0 and rest:
            word = rest.pop()
            if len(word.text) > missing:
                word, tail = word.cut(missing)
                rest.append(tail)
            taken.append(word)
            missing -= len(word.text)
        spoken = [word for word in taken if word.is_spoken]
        if spoken:
            yield ProsodicWord(spoken)
