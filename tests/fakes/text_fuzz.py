"""Strings that a front end may meet: pieces of real texts in any order, cut, and noise."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import cycle
from pathlib import Path
from random import Random

from tts_daemon.domain import Style
from tts_daemon.text.frontend import Frontend
from tts_daemon.text.symbols import ARPABET, FIELDS, VoiceTraits, encode
from tts_daemon.workshop.checkpoints.symbols import published_tables

_SEEDS = Path(__file__).parents[1] / "data" / "text_seeds.txt"
_PLAIN = "的一不了着过得地长重行数儿们子，。！？、；：…0123456789.:-/%℃￥aAbBzZ'[]=<> \n"
_LONGEST_PIECES = 6


@cache
def seeds() -> tuple[str, ...]:
    """The pieces; what cannot stand in a file is escaped there."""
    lines = _SEEDS.read_text(encoding="utf-8").splitlines()
    return tuple(_unescaped(line) if line.startswith("\\") else line for line in lines if line)


def _unescaped(line: str) -> str:
    return line.encode("ascii").decode("unicode_escape")


def strings(seed: int) -> Iterator[str]:
    """Endless, the same for the same `seed`."""
    random = Random(seed)
    while True:
        count = random.randint(1, _LONGEST_PIECES)
        yield "".join(_piece(random) for _ in range(count))


def _piece(random: Random) -> str:
    kind = random.random()
    if kind < 0.5:
        return random.choice(seeds())
    if kind < 0.7:
        seed = random.choice(seeds())
        start = random.randrange(len(seed))
        return seed[start : start + random.randint(1, 8)]
    if kind < 0.85:
        return "".join(random.choices(_PLAIN, k=random.randint(1, 6)))
    return _character(random) * random.choice((1, 1, 1, 2, 9))


def _character(random: Random) -> str:
    low, high = random.choice(((0x4E00, 0x9FFF), (0x20, 0x7E), (0, 0xFFFF), (0, 0x10FFFF)))
    return chr(random.randint(low, high))


class Checker:
    """Reads texts for two voices in turn, and looks at what comes out."""

    def __init__(self) -> None:
        """Load a front end and the tables of the published voices."""
        tables = published_tables(["F7"])
        chinese = {**tables, "sy": [name for name in tables["sy"] if name not in ARPABET]}
        self._frontend = Frontend(resolve_preset={"calm": Style(emotion="sad")}.__getitem__)
        self._voices = cycle([VoiceTraits.of(kinds, ()) for kinds in (tables, chinese)])

    def check(self, text: str) -> None:
        """Read one text; AssertionError or TextError for a clause that a voice cannot say."""
        traits = next(self._voices)
        for clause in self._frontend.read(text, traits=traits, warn=lambda message: None):
            ids = encode(clause.symbols, traits.tables)
            assert all(len(row) == len(FIELDS) for row in ids)
            assert len(clause.breaks) == len(clause.words)
            assert set(clause.breaks) <= {1, 3, 4}
            if clause.symbols:
                assert clause.symbols[-1].sy == "#4"
            else:
                assert clause.pause_after_s > 0
