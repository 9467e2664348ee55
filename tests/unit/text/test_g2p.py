"""Words to lexical syllables: which source of a reading wins."""

from __future__ import annotations

import pytest

from tts_daemon.text.g2p import GraphemeToPhoneme
from tts_daemon.text.reading import Word

WORDS = {"单亲", "家庭", "兴趣", "感兴"}


class Model:
    """Reads every character as xx4, and says what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def is_polyphone(self, char: str) -> bool:
        return char in "肖骁"

    def readings(self, text: str) -> list[str]:
        self.asked.append(text)
        return ["xue4" for _ in text]


def _read(g2p: GraphemeToPhoneme, *words: Word) -> str:
    g2p.read(list(words))
    return " ".join(str(syllable) for word in words for syllable in word.syllables)


@pytest.fixture
def g2p() -> GraphemeToPhoneme:
    return GraphemeToPhoneme(WORDS.__contains__)


@pytest.mark.parametrize(
    ("word", "reading"),
    [
        ("银行", "yin2 hang2"),  # phrases.txt
        ("长按", "chang2 an4"),  # words.txt
        ("客厅", "ke4 ting1"),  # characters
        ("单亲家庭", "dan1 qin1 jia1 ting2"),  # not 单|亲家|庭
        ("感兴趣", "gan3 xing4 qu4"),  # not 感兴|趣
        ("第三行", "di4 san1 hang2"),  # a measure word
        ("摇滚曲", "yao2 gun3 qu3"),  # a suffix
    ],
)
def test_word(g2p: GraphemeToPhoneme, word: str, reading: str) -> None:
    assert _read(g2p, Word(word, "n")) == reading


def test_lexicon_wins(g2p: GraphemeToPhoneme) -> None:
    g2p.lexicon = {"银行": "yin2 xing2", "GPT": "ji1 pi4 ti4"}
    assert _read(g2p, Word("银行", "n"), Word("GPT", "eng")) == "yin2 xing2 ji1 pi4 ti4"


def test_punctuation_and_latin_words_have_no_syllables(g2p: GraphemeToPhoneme) -> None:
    assert _read(g2p, Word("，", "x"), Word("iPhone", "eng")) == ""


def test_model_decides_only_what_is_guessed() -> None:
    model = Model()
    g2p = GraphemeToPhoneme(WORDS.__contains__, model)
    # 银行 is known, 得 has a rule; the guess 肖 is what the model is asked about.
    words = [
        Word("肖", "nr"),
        Word("银行", "n"),
        Word("跑", "v"),
        Word("得", "ud"),
        Word("快", "a"),
    ]
    assert _read(g2p, *words) == "xue4 yin2 hang2 pao3 de5 kuai4"
    assert model.asked == ["肖银行跑得快"]


def test_model_is_not_asked_without_need() -> None:
    model = Model()
    _read(GraphemeToPhoneme(WORDS.__contains__, model), Word("银行", "n"), Word("好", "a"))
    assert model.asked == []


def test_unknown_character_is_read_as_something(g2p: GraphemeToPhoneme) -> None:
    assert _read(g2p, Word("\U00032000", "n"))
