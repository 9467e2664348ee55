"""Emoji and faces made of signs."""

from __future__ import annotations

import re
from functools import cache

from tts_daemon.text import tables
from tts_daemon.text.normalize.rule import HAN, SKIPPED, Rule

_SYMBOL = (
    "\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u231a-\u23ff\u25aa-\u25b1\u25b6-\u25fe"
    "\u3030\u303d\u3297\u3299\u2049\u203c"
)
_ONE = rf"(?:[\U0001f1e6-\U0001f1ff]{{2}}|[{_SYMBOL}])[\ufe0f\U0001f3fb-\U0001f3ff]*"
_EMOJI = re.compile(rf"{_ONE}(?:\u200d{_ONE})*")
_RUN = re.compile(rf"[ ]?(?:{_ONE}[\u200d ]?)+|[←-⇿]\ufe0f")
_WORD = re.compile(rf"[{HAN}A-Za-z]")
_WEATHER = re.compile("[晴雨雪云阴雾风霾气热冷温暖]")
_CLAUSE_END = "，。！？；：、,!?;\n"


@cache
def _names() -> dict[str, tuple[str, str]]:
    rows = (line.split("\t") for line in tables.data_lines("emoji.tsv"))
    return {emoji: (name, kind) for emoji, name, kind in rows}


def _look_up(sequence: str) -> tuple[str, str]:
    """Name and kind of an emoji without its colours and variants; empty when it has none."""
    plain = re.sub("[\ufe0f\U0001f3fb-\U0001f3ff]", "", sequence)
    return _names().get(plain) or _names().get(plain.partition("\u200d")[0]) or ("", "")


def _clause(match: re.Match[str]) -> str:
    """The clause that the emoji stand in, without them."""
    text, start, end = match.string, match.start(), match.end()
    while start > 0 and text[start - 1] not in _CLAUSE_END and match.start() - start < 40:
        start -= 1
    while end < len(text) and text[end] not in _CLAUSE_END and end - match.end() < 40:
        end += 1
    return text[start : match.start()] + text[match.end() : end]


def _read(match: re.Match[str]) -> str:
    """An emoji that stands for a word is named; one that decorates words is skipped, counted."""
    sequences = _EMOJI.findall(match[0])
    names = [_look_up(sequence) for sequence in sequences]
    alone = not _WORD.search(_EMOJI.sub("", match.string))
    clause = _EMOJI.sub("", _clause(match))
    between = _words_on_both_sides(match)
    labels = not _WORD.search(clause) and bool(re.search("[0-9]", clause))
    wanted = {
        "face": alone,
        "thing": alone or labels or (between and " " not in match[0]),
        "weather": alone or labels or (match.start() > 0 and not _WEATHER.search(clause)),
        "": False,
    }
    said = [name for name, kind in names if wanted[kind] and set(name).isdisjoint(clause)]
    skipped = SKIPPED * (len(sequences) - len(said))
    if alone or labels:
        return "，".join(dict.fromkeys(said)) + skipped
    return ("".join(dict.fromkeys(said)) or ("，" if between else "")) + skipped


def _words_on_both_sides(match: re.Match[str]) -> bool:
    text = match.string
    return (
        match.start() > 0
        and match.end() < len(text)
        and bool(_WORD.match(text, match.start() - 1))
        and bool(_WORD.match(text, match.end()))
    )


_FACE_PARTS = re.compile(
    r"[\^≧≦▽∀ωψ´｀`╯╰□╥﹏ДдД⊙◕ᴗ‿๑ㅂ•·\u0300\u0301ᵕ˘¬￣益皿Ծಠಥ╬ﾟ°◡✿・｡ˊˋᗜ;>＞<＜=]"
)
_PLAIN_INSIDE = re.compile(r"[一-鿿0-9B-NPR-SVYZa-mp-tyz]")


def _face(match: re.Match[str]) -> str | None:
    """Brackets without words and with two signs that faces are made of."""
    inside = match[1].replace("益", "").replace("皿", "")
    if _PLAIN_INSIDE.search(inside) or len(_FACE_PARTS.findall(match[1])) < 2:
        return None
    return SKIPPED


FACES = (
    # (^_^), (╯°□°)╯︵ ┻━┻, (๑•̀ㅂ•́)و✧ -> skipped
    Rule(
        "face in brackets",
        re.compile(
            r"[ヽヾ\\o٩╮╭┐┌ლ]?[(（]([^()（）\n]{2,16})[)）]"
            r"[ノﾉ╯ゞv/و╮╭┐┌ლ~～☆♡♥✧*]*(?:o(?![A-Za-z]))?(?:︵ ?[┻━┳─]+)?"
        ),
        _face,
        frozenset("(（"),
    ),
    # :-) ;) ^_^ T_T orz -> skipped
    Rule(
        "face",
        re.compile(
            r"(?<![0-9A-Za-z:])(?:[:;=]-?[)(DPpO|](?![0-9A-Za-z])|\^[_.oO]?\^|>[_.]?<|[TQ][_AwW][TQ](?![A-Za-z])"
            r"|[-=oO][_.][-=oO](?:\|{1,3})?(?![0-9A-Za-z])|[oO]rz(?![A-Za-z])|OTZ(?![A-Za-z])"
            r"|XD(?![A-Za-z])|<3(?=\s*(?:[，。！？!~]|$)))"
        ),
        lambda match: SKIPPED,
        frozenset(":;=^>TQ-oOX<"),
    ),
)
"""Read before the characters are brought into one spelling: these faces live of odd ones."""

RULES = (
    # 1️⃣ -> 1
    Rule("keycap", re.compile("([0-9])\ufe0f?\u20e3"), lambda match: f"，{match[1]}，"),
    # 👍 -> 点赞; 今天真开心😊 -> 今天真开心; 我❤你 -> 我爱你
    Rule("emoji", _RUN, _read, frozenset()),
    # What is left of emoji sequences has no content.
    Rule(
        "joiner",
        re.compile("[\u200d\ufe0e\ufe0f\u20e3\U000e0020-\U000e007f]+"),
        lambda match: "",
        frozenset(),
    ),
)
