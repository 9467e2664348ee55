"""Spoken text to words with parts of speech: the doorway to rjieba."""

from __future__ import annotations

import re
from collections.abc import Iterable

import rjieba

from tts_daemon.text.reading import Word

HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_TOKEN = re.compile(rf"[{HAN}]+|[A-Za-z]+(?:['’][A-Za-z]+)*|[^{HAN}A-Za-z\s]")
_IS_HAN = re.compile(f"[{HAN}]")


class Segmenter:
    """Cuts text into words. Home words and the user's lexicon are added to jieba's own dictionary."""

    def __init__(self, words: Iterable[tuple[str, str]] = ()) -> None:
        """Load the dictionary (0.12 s, 33 MB) and add words with their parts of speech."""
        self._jieba = rjieba.Jieba()
        for word, pos in words:
            self.add(word, pos)

    def add(self, word: str, pos: str = "n") -> None:
        """Make `word` one word wherever it stands."""
        self._jieba.add_word(word, self._jieba.suggest_freq(word), pos)

    def words(self, spoken: str) -> list[Word]:
        """Words, Latin words and single punctuation marks of `spoken`, in order; white space only separates."""
        words: list[Word] = []
        for token in _TOKEN.findall(spoken):
            if _IS_HAN.match(token):
                words.extend(Word(text, pos) for text, pos in self._jieba.tag(token))
            elif token.isalpha() or len(token) > 1:
                words.append(Word(token, "eng"))
            else:
                words.append(Word(token, "x"))
        return words
