"""Spoken text to words with parts of speech: the doorway to rjieba."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

import rjieba

from tts_daemon.text import tables
from tts_daemon.text.proper_names import TITLES
from tts_daemon.text.reading import Word

HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_DIGIT = "[零〇一二三四五六七八九幺]"
# 千 and 百 before a unit belong to it: 四十五点六|千瓦时, 一千零一十三|百帕.
_UNIT = "千[瓦克米帕焦伏安赫卡字比欧牛]|百帕"
_NUMERAL = f"(?:(?!{_UNIT})[零〇一二三四五六七八九十百千万亿两幺])"
# 二十六点五, 百分之四十五; 十点一刻 and 十点三十分 are times.
_POINT = rf"点(?!{_NUMERAL}+(?:刻|分(?![贝米之])))"
_NUMBER = (
    rf"{_DIGIT}{{4,}}|{_DIGIT}*幺{_DIGIT}+|百分之{_NUMERAL}+(?:{_POINT}{_NUMERAL}+)?"
    rf"|{_NUMERAL}+(?:{_POINT}{_NUMERAL}+|(?={_UNIT}))"
)
_TOKEN = re.compile(
    rf"{_NUMBER}|(?:(?!{_NUMBER})[{HAN}])+|[A-Za-z]+(?:['’][A-Za-z]+)*|[^{HAN}A-Za-z\s]"
)
_IS_NUMBER = re.compile(_NUMBER)
_IS_HAN = re.compile(f"[{HAN}]")
_FUNCTION = frozenset(
    "的地得着了过会要没说在是把被和与为我你他她它您这那就都也还不很太更有去来到能上下中前后里几一二三四五"
    "六七八九十百千两个只才再又最已将正应可想让给向从所著"
)
_VERBS = frozenset("解查任单盖应过数教看算画定买卖找")
"""Verbs that look like surnames before a noun."""
# Entries of the dictionary that are no words in running text: 今天|天气, 把|门|关好, 从|一|数到|十.
_ACCIDENTS = (
    "今天天气",
    "把门",
    "一数",
    "花种",
    "植物种",
    "数十秒",
    "铺地板",
    "还给",
    "大喝",
    "磨磨",
    "干一行",
)


# Words that are never cut, whatever follows: 乒乓球拍|卖完了.
_WHOLE = ("乒乓球拍", "羽毛球拍", "网球拍", "发展中国家")
_FREQUENT = 10**6

_LONGEST = 5
"""Characters of a word that is put together from pieces."""

Piece = tuple[str, str]


class Segmenter:
    """Cuts text into words by jieba's dictionary and the words added to it.

    The dictionary (33 MB) is the one that rjieba loads when it is imported: instances share it.
    """

    def __init__(self, words: Iterable[tuple[str, str]] = ()) -> None:
        """Add words with their parts of speech."""
        for word in _ACCIDENTS:
            rjieba.add_word(word, 0, "n")
        for word, pos in words:
            self.add(word, pos)
        for word in _WHOLE:
            rjieba.add_word(word, _FREQUENT, "n")

    def add(self, word: str, pos: str = "n") -> None:
        """Make `word` one word wherever it stands."""
        rjieba.add_word(word, rjieba.suggest_freq(word), pos)

    def is_word(self, text: str) -> bool:
        """Whether the dictionary has `text`."""
        return bool(rjieba.has_word(text))

    def _is_object(self, text: str) -> bool:
        """Whether a noun or a verb follows, no given name: 解|方程, 查|字典."""
        titled = text in TITLES
        tagged = rjieba.tag(text, hmm=False) if len(text) > 1 and not titled else []
        return len(tagged) == 1 and tagged[0][1] in ("n", "v", "vn", "l", "t", "s", "eng")

    def _is_known(self, text: str) -> bool:
        return self.is_word(text) or text in tables.phrases()

    def words(self, spoken: str) -> list[Word]:
        """Words, Latin words and single punctuation marks, in order; white space only separates."""
        words: list[Word] = []
        for match in _TOKEN.finditer(spoken):
            token = match[0]
            if _IS_NUMBER.fullmatch(token):
                words.append(Word(token, "m", match.start()))
            elif _IS_HAN.match(token):
                words.extend(self._cut(token, match.start()))
            elif token.isalpha() or len(token) > 1:
                words.append(Word(token, "eng", match.start()))
            else:
                words.append(Word(token, "x", match.start()))
        return words

    def _cut(self, text: str, start: int) -> Iterator[Word]:
        for word, pos in joined(text, list(self._pieces(text))):
            # The dictionary tags what it does not know like punctuation: 燚, 骉.
            yield Word(word, pos if pos != "x" else "n", start)
            start += len(word)

    def _pieces(self, text: str) -> Iterator[Piece]:
        for word, pos in rjieba.tag(text):
            if _is_invented(word, pos) and not self._is_known(word):
                yield from rjieba.tag(word, hmm=False)
            elif pos == "nr" and word[0] in _VERBS and self._is_object(word[1:]):
                # 解|方程, but 解小姐 is a person.
                yield from ((word[0], "v"), *rjieba.tag(word[1:], hmm=False))
            else:
                yield word, pos


def joined(text: str, pieces: list[Piece]) -> list[Piece]:
    """Put words together that the tables of readings know and the segmenter does not.

    Two single characters are joined unless one of them is a word of grammar: 出|了|事 stays. What
    stands alone between two pauses is taken for the word that it looks like.
    """
    phrases = tables.phrases()
    if len(pieces) > 1 and len(text) <= _LONGEST and text in phrases:
        return [(text, pieces[-1][1])]
    words: list[Piece] = []
    index = 0
    while index < len(pieces):
        count = _known_run(pieces, index, phrases)
        whole = "".join(word for word, _ in pieces[index : index + count])
        words.append((whole, pieces[index + count - 1][1]))
        index += count
    return words


def _known_run(pieces: list[Piece], index: int, phrases: Mapping[str, str]) -> int:
    """How many pieces from `index` on make one listed word; 1 for none."""
    whole = pieces[index][0]
    best = 1
    for count, (word, _) in enumerate(pieces[index + 1 : index + _LONGEST], start=2):
        whole += word
        if len(whole) > _LONGEST:
            break
        grammar = len(whole) == 2 and not _FUNCTION.isdisjoint(whole)
        if whole in phrases and not grammar:
            best = count
    return best


def _is_invented(word: str, pos: str) -> bool:
    """Whether the model for new names went too far: 地去, 他会, 草长, 倒点, 说燚字."""
    unlikely = (len(word) == 2 and pos != "nr") or pos == "x"
    return len(word) > 1 and (unlikely or bool(_FUNCTION & set(word)))
