"""Kana by their sound: `カラオケ` -> 卡拉哦凯; between Chinese words の is 的."""

from __future__ import annotations

import re
from functools import cache

from tts_daemon.text import tables
from tts_daemon.text.normalize.rule import HAN, Change

_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fc]+")
_POSSESSIVE = re.compile(f"(?<=[{HAN}])の(?=[{HAN}])")
_TO_HIRAGANA = {code: code - 0x60 for code in range(0x30A1, 0x30F5)}


@cache
def _sounds() -> tuple[re.Pattern[str], dict[str, str]]:
    # A kana that only lengthens or doubles has no character.
    rows = (line.partition("\t") for line in tables.data_lines("kana.tsv"))
    table = {kana: spoken.strip() for kana, _, spoken in rows}
    return re.compile("|".join(sorted(table, key=len, reverse=True))), table


def _spoken(match: re.Match[str]) -> str:
    pattern, table = _sounds()
    return pattern.sub(lambda kana: table[kana[0]], match[0].translate(_TO_HIRAGANA))


def read(text: str) -> str:
    """Every kana that the table has."""
    if text.isascii():
        return text
    return _KANA.sub(_spoken, _POSSESSIVE.sub("的", text))


# カラオケ -> 卡拉哦凯; 鲜の每日 -> 鲜的每日
RULES = (Change("kana", read),)
