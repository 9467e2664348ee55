"""What the teacher reads beside ordinary sentences: what these have too little of.

Lone syllables in all tones, words of two syllables, questions, English in a home, erhua, numbers,
tongue twisters. Every lesson is in an order that leaves a good half wherever it is broken off.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from tts_daemon.text import tables
from tts_daemon.text.normalize import normalize
from tts_daemon.text.phrasing import Phrasing

DATA = Path(__file__).parents[2] / "data"
WORDS = DATA / "curriculum.yaml"
SIZES = {
    "words": 600, "lone": 1200, "questions": 400, "english": 900, "erhua": 260, "numbers": 200,
    "twisters": 23,
}  # fmt: skip
"""Utterances of each lesson."""
_SEED = 22
_PLACE = re.compile(r"{(\w)}")
_DIGITS = "零一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class Prompt:
    """One utterance to be read.

    Attributes:
        text: As it is written.
        reading: Pinyin of its characters (`ma1`), where the front end is not asked.
    """

    text: str
    reading: tuple[str, ...] = ()


def curriculum(sentences: Iterable[str], phrasing: Phrasing) -> list[Prompt]:
    """All lessons, mixed so that every part of the list has its share of each.

    Args:
        sentences: Ordinary sentences, whose words are read alone.
        phrasing: Finds them.
    """
    lessons = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    chance = random.Random(_SEED)  # noqa: S311  (texts, no secrets)
    made = {
        "words": pairs(sentences, phrasing, SIZES["words"]),
        "lone": lone_syllables(chance),
        "questions": questions(lessons["questions"], chance),
        "english": filled(lessons["english"], SIZES["english"], chance),
        "erhua": filled(lessons["erhua"], SIZES["erhua"], chance),
        "numbers": filled(lessons["numbers"], SIZES["numbers"], chance),
        "twisters": [Prompt(text) for text in lessons["twisters"].split()],
    }
    return mixed({name: tasks[: SIZES[name]] for name, tasks in made.items()})


def judged_texts() -> frozenset[str]:
    """What voices are judged by, and so never trained on."""
    files = DATA.glob("judge_*.txt")
    return frozenset(
        line.strip() for file in files for line in file.read_text(encoding="utf-8").splitlines()
    )


def mixed(lessons: dict[str, list[Prompt]]) -> list[Prompt]:
    """Every lesson spread evenly over the whole; a text once."""
    placed = [
        ((place + 0.5) / len(tasks), task)
        for tasks in lessons.values()
        for place, task in enumerate(tasks)
    ]
    ordered = (task for _, task in sorted(placed, key=lambda pair: pair[0]))
    return list(dict.fromkeys(ordered))


def lone_syllables(chance: random.Random) -> list[Prompt]:
    """Every syllable with a tone that some character has; all tones of a syllable together."""
    readings: dict[str, dict[str, str]] = defaultdict(dict)
    for line in tables.data_lines("characters.txt"):
        reading, characters = line.split(" ")
        common = sorted(filter(_gb2312, characters), key=_gb2312)
        if common and reading[-1] in "1234":
            readings[reading[:-1]][reading] = common[0]
    bases = sorted(readings)
    chance.shuffle(bases)
    bases.sort(key=lambda base: -len(readings[base]))  # minimal pairs first
    return [
        Prompt(f"{character}。", (reading,))
        for base in bases
        for reading, character in sorted(readings[base].items())
    ]


def _gb2312(character: str) -> bytes:
    """Its place in GB 2312, where the common characters come first; nothing for rare ones."""
    return character.encode("gb2312", errors="ignore")


def pairs(sentences: Iterable[str], phrasing: Phrasing, count: int) -> list[Prompt]:
    """Words of two syllables, every pair of tones as often as any other."""
    frequency: Counter[str] = Counter()
    tones: dict[str, str] = {}
    for sentence in sentences:
        for word in phrasing.dictionary_words(normalize(sentence).text):
            if len(word.text) == len(word.syllables) == 2:
                frequency[word.text] += 1
                tones[word.text] = "".join(str(s.tone) for s in word.syllables)
    by_tones: dict[str, list[str]] = defaultdict(list)
    for text, _ in frequency.most_common():
        by_tones[tones[text]].append(text)
    turns = range(max(map(len, by_tones.values()), default=0))
    in_turn = (texts[turn] for turn in turns for texts in by_tones.values() if turn < len(texts))
    return [Prompt(f"{text}。") for text in islice(in_turn, count)]


def questions(lesson: dict[str, Any], chance: random.Random) -> list[Prompt]:
    """Statements that are asked in all ways, beside the statements themselves."""
    found = [
        statement + ending
        for statement in lesson["statements"].split()
        for ending in ("。", *dict.fromkeys(lesson["endings"]))
    ]
    found += lesson["others"].split()
    chance.shuffle(found)
    return [Prompt(text) for text in found]


def filled(lesson: dict[str, Any], count: int, chance: random.Random) -> list[Prompt]:
    """Sentences with words in their braces, each word as often as any other."""
    sources = {
        "e": _endless(lesson.get("words", ""), chance),
        "r": _endless(lesson.get("words", ""), chance),
        "l": _endless(lesson.get("letters", ""), chance),
        "d": (chance.choice(_DIGITS) for _ in iter(int, 1)),
        "n": (normalize(str(chance.randint(1, 99))).text for _ in iter(int, 1)),
        "h": (normalize(str(chance.randint(1, 12))).text for _ in iter(int, 1)),
        "m": (normalize(str(chance.randint(10, 59))).text for _ in iter(int, 1)),
        "o": (normalize(str(chance.randint(1, 12))).text for _ in iter(int, 1)),
    }
    patterns = lesson["sentences"]
    return [
        Prompt(_PLACE.sub(lambda match: next(sources[match[1]]), patterns[number % len(patterns)]))
        for number in range(count)
    ]


def _endless(words: str, chance: random.Random) -> Iterator[str]:
    listed = words.split()
    while listed:
        chance.shuffle(listed)
        yield from listed
