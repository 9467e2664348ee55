"""Readings that the writer asks for: the values of SSML's `say-as`."""

from __future__ import annotations

import re
from collections.abc import Callable

from tts_daemon.text.normalize import dates
from tts_daemon.text.normalize.numbers import cardinal, digits, money, number, telephone
from tts_daemon.text.normalize.pipeline import normalize
from tts_daemon.text.normalize.rule import NUMBER
from tts_daemon.text.normalize.web import spell


def _each_number(read: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: normalize(re.sub(NUMBER, lambda match: read(match[0]), text)).text


def _characters(text: str) -> str:
    return " ".join(spell(char.upper()) for char in text if not char.isspace())


def _telephone(text: str) -> str:
    return telephone(re.sub(r"[\s()（）-]", "", text).replace("+", "加"))


def _date(text: str) -> str:
    """`2025-11-22`, `20251122`, `11/22`, `11-22` -> year, month and day."""
    parts = re.findall(r"[0-9]+", text)
    if len(parts) == 1 and len(parts[0]) == 8:
        parts = [parts[0][:4], parts[0][4:6], parts[0][6:]]
    if not 2 <= len(parts) <= 3 or re.search(r"[年月日]", text):
        return normalize(text).text
    year = f"{digits(parts.pop(0))}年" if len(parts) == 3 or len(parts[0]) == 4 else ""
    names = ("月", "日")
    return year + "".join(
        dates.plain(part) + name for part, name in zip(parts, names, strict=False)
    )


def _time(text: str) -> str:
    return normalize(text.replace(".", ":")).text


_READERS: dict[str, Callable[[str], str]] = {
    "cardinal": _each_number(number),
    "number": _each_number(number),
    "ordinal": lambda text: re.sub(r"[0-9]+", lambda match: f"第{cardinal(match[0])}", text),
    "digits": _each_number(lambda text: digits(text.replace(",", "").replace(".", "点"))),
    "telephone": _telephone,
    "characters": _characters,
    "spell-out": _characters,
    "verbatim": _characters,
    "date": _date,
    "time": _time,
    "currency": lambda text: (
        normalize(text).text if re.search(r"[^0-9.,\s]", text) else f"{money(text.strip())}元"
    ),
    "address": _each_number(digits),
    "name": lambda text: text,
    "unit": lambda text: normalize(text).text,
    "fraction": lambda text: normalize(text).text,
}
INTERPRETATIONS = frozenset(_READERS)


def read_as(text: str, interpretation: str) -> str | None:
    """Spoken form of `text` by a SSML `interpret-as` value; None for one that is not known."""
    reader = _READERS.get(interpretation)
    return None if reader is None else reader(text)
