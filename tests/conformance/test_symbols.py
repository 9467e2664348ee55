"""Syllables, words and breaks become the symbols that the published models were trained on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tts_daemon.domain import Symbol
from tts_daemon.text.english import symbols_of_phones
from tts_daemon.text.frontend import Frontend
from tts_daemon.text.reading import Syllable
from tts_daemon.text.sentences import Limits
from tts_daemon.text.symbols import (
    KNOWN,
    VoiceTraits,
    break_symbol,
    encode,
    mark_word,
    split_syllable,
    syllable_symbols,
)

CASES = Path(__file__).parent / "cases" / "symbols"
FIELDS = ("sy", "tone", "syllable_flag", "word_segment")


def _map() -> list[tuple[str, tuple[str, str]]]:
    lines = (CASES / "pinyin_phones.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [(syllable, (phones.split()[0], phones.split()[1])) for syllable, phones in rows]


def test_map_is_whole() -> None:
    assert len(_map()) == 661


@pytest.mark.parametrize(("syllable", "phones"), _map(), ids=lambda item: str(item))
def test_syllable_to_phones(syllable: str, phones: tuple[str, str]) -> None:
    parsed = Syllable.parse("", syllable + "1")
    assert split_syllable(parsed.base, parsed.erhua) == phones
    assert set(phones) <= KNOWN


def _published() -> Iterator[tuple[str, str, list[Symbol]]]:
    """Labelled text, its syllables, and the symbols that the reference made of it."""
    labelled = (CASES / "prosody.txt").read_text(encoding="utf-8").splitlines()
    lines = (CASES / "raw_metafile.txt").read_text(encoding="utf-8").splitlines()
    for text, syllables, line in zip(labelled[::2], labelled[1::2], lines, strict=True):
        symbols = [Symbol(*item.split("$")[:4]) for item in re.findall(r"{([^}]*)}", line)]
        yield text.split("\t")[1], syllables.strip(), symbols


def _symbols(labelled: str, syllables: str) -> list[Symbol]:
    """What our functions make of the reference's words, breaks and syllables."""
    rest = iter(re.sub(r"/ ([^/]*) /", _joined, syllables).split())
    result: list[Symbol] = []
    for word, level in re.findall(r"([^#]+)#(\d)", labelled):
        word = word.strip("，。")
        phones: list[Symbol] = []
        if word.isascii():
            for group in next(rest).split("."):
                phones.extend(symbols_of_phones(tuple(group.strip("_").lower().split("_"))))
        else:
            missing = len(word)
            while missing > 0:
                syllable = Syllable.parse("", next(rest))
                phones.extend(syllable_symbols(syllable, VoiceTraits()))
                missing -= 2 if syllable.erhua else 1
        result += [*mark_word(phones), break_symbol(int(level))]
    return result


def _joined(match: re.Match[str]) -> str:
    return match[1].strip().replace(" . ", ".").replace(" ", "_")


@pytest.mark.parametrize(("labelled", "syllables", "expected"), list(_published()))
def test_line_equals_the_published(labelled: str, syllables: str, expected: list[Symbol]) -> None:
    assert _symbols(labelled, syllables) == expected


GOLDEN = json.loads((CASES / "encoded.json").read_text(encoding="utf-8"))
TABLES = {name: [item.lstrip("@") for item in GOLDEN["vocab"][name]] for name in FIELDS}
ENCODED = [(name, rows) for name, rows in GOLDEN["encoded"].items() if name.isdigit()]


@pytest.mark.parametrize(
    ("symbols", "expected"),
    [(symbols, rows) for (_, _, symbols), (_, rows) in zip(_published(), ENCODED, strict=True)],
)
def test_ids_equal_the_published(symbols: list[Symbol], expected: list[list[int]]) -> None:
    ids = encode(symbols, TABLES)
    # The reference ends every line with its end symbol.
    assert [list(column) for column in zip(*ids, strict=True)] == [row[:-1] for row in expected[:4]]


# What the published front end was given; its answers are the lines `ttsfrd0` to `ttsfrd7`.
SENTENCES = [
    "北京今天天气怎么样。",
    "今天是个好日子，我们一起去公园散步吧。",
    "人工智能正在改变我们的生活方式。",
    "欢迎使用爱芯元智语音合成系统。",
    "科技的发展日新月异，我们要不断学习新的知识。",
    "窗外的小鸟在枝头歌唱，阳光洒满了整个房间。",
    "千里之行始于足下，坚持就是胜利。",
    "让我们携手共创美好的未来。",
]


@pytest.fixture(scope="module")
def frontend(tmp_path_factory: pytest.TempPathFactory) -> Frontend:
    lexicon = tmp_path_factory.mktemp("lexicon") / "lexicon.yaml"
    # A company's name, which no dictionary has.
    lexicon.write_text("爱芯元智: ai4 xin1 yuan2 zhi4\n", encoding="utf-8")
    return Frontend(lexicon, limits=Limits(first=0))


@pytest.mark.parametrize("number", range(8))
def test_text_becomes_the_ids_of_the_published_front_end(frontend: Frontend, number: int) -> None:
    (clause,) = frontend.read(SENTENCES[number], traits=VoiceTraits.of(TABLES))
    ids = encode(clause.symbols, TABLES)
    expected = [row[:-1] for row in GOLDEN["encoded"][f"ttsfrd{number}"][:4]]
    assert [list(column) for column in zip(*ids, strict=True)] == expected
