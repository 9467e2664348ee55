"""One spelling for every character: full width, compatibility forms, controls, traditional."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from tts_daemon.text.normalize.rule import SKIPPED, Change

if TYPE_CHECKING:
    import opencc

# Full-width letters, digits and signs -> ASCII: `２６．５％` -> `26.5%`.
# The marks of Chinese punctuation stay.
_FULL_WIDTH = {
    code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code) not in "！，：；？（）"
}

_SPELLINGS = {
    **{chr(code): chr(ascii_code) for code, ascii_code in _FULL_WIDTH.items()},
    **dict.fromkeys("\u3000\xa0\u2002\u2003\u2009\u202f\u205f\u1680\u2007", " "),
    **dict.fromkeys("\u2028\u2029\x0b\x0c\x85", "\n"),
    **dict.fromkeys("‐‑‒–−﹣－", "-"),
    **dict.fromkeys("～〜∼˜﹋﹌", "~"),
    **dict.fromkeys("―─━﹘", "—"),
    **dict.fromkeys("￥￥", "¥"),
    **dict.fromkeys("º˚", "°"),
    **dict.fromkeys("･・‧∙⋅•", "·"),
    **dict.fromkeys("⋯", "…"),
    **dict.fromkeys("｡", "。"),
    **dict.fromkeys("､", "、"),
    **dict.fromkeys("∶", ":"),
    **dict.fromkeys("∕⁄", "/"),
    **dict.fromkeys("✕✖╳⨯", "×"),
    "µ": "μ", "Ω": "Ω", "ℓ": "L", "℃": "℃", "℉": "℉", "²": "²", "³": "³", "…": "…",
    "㎡": "m²", "㎥": "m³", "㎢": "km²", "㎠": "cm²", "㎟": "mm²", "㎤": "cm³",
    "½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅛": "1/8",
    "′": "′", "″": "″", "№": "No.", "㏑": "ln", "㏒": "log", "﹪": "%", "﹢": "+",
    "™": SKIPPED, "▲": "△",
}  # fmt: skip

# Characters that need no look: printable ASCII, Chinese, and what the rules know.
_USUAL = (
    r"\n\t\x20-\x7e一-鿿，。！？、；：“”‘’（）《》〈〉「」『』【】…—·×÷±≈≠≤≥√∞→←↑↓℃℉°²³μΩ‰%¥€£\ue000-\uf8ff"
    r"\u200d\ufe0f\u20e3αβγδεθλπσφω"
)
_UNUSUAL = re.compile(rf"[^{_USUAL}]")
_CELSIUS = re.compile(r"(?:°|(?<=[0-9]) ?度) ?([CF])(?![A-Za-z])")
# A lone square or cube is left to the units: m², x³.
_SUPERSCRIPTS = re.compile(r"[⁰¹⁴-⁹⁻ⁿ][⁰¹²³⁴-⁹⁻ⁿ]*|[²³][⁰¹²³⁴-⁹⁻ⁿ]+")
_BASE_OF_LOG = re.compile("log([₀-₉]+)")
_SUBSCRIPTS = re.compile("[₀-₉]+")
_BARE_DECIMAL = re.compile(r"(?:(?<=[\s(（=×+*~<>≤≥约为是:：-])|^)\.(?=[0-9])")
# speech-dispatcher writes 5 .3 and 26 度 C.
_TORN_DECIMAL = re.compile(r"(?<=[0-9]) (?=\.[0-9])")
_CIRCLED = re.compile("[①-⑳]")
_WIDE_MARKS = re.compile(r"(?<=[0-9])[：．](?=[0-9])")
# 12，345人 -> 12,345人; 100，200 is a list.
_WIDE_THOUSANDS = re.compile(
    r"(?<![0-9，.])(?:[0-9]{1,2}(?:，[0-9]{3})+|[0-9]{3}(?:，[0-9]{3})+(?=[人元个块件次户辆]))(?![0-9，])"
)


def scrub(text: str) -> str:
    """Write every character in the one way that the rules know.

    What has no content (formatting, byte order marks) disappears; a control character, an unpaired
    surrogate or a private code point becomes `SKIPPED`.
    """
    text = _BASE_OF_LOG.sub(lambda match: f"log以{_lowered(match[1])}为底", text)
    text = _SUBSCRIPTS.sub(lambda match: _lowered(match[0]), text)
    text = _SUPERSCRIPTS.sub(lambda match: f"^{unicodedata.normalize('NFKC', match[0])}", text)
    text = _CIRCLED.sub(_list_mark, text)
    text = _UNUSUAL.sub(lambda match: _spelling(match[0]), text)
    text = _WIDE_MARKS.sub(lambda match: ":" if match[0] == "：" else ".", text)
    text = _WIDE_THOUSANDS.sub(lambda match: match[0].replace("，", ","), text)
    # 5 .3 -> 5.3; .5 -> 0.5
    text = _TORN_DECIMAL.sub("", text)
    text = _BARE_DECIMAL.sub("0.", text)
    # 26.5 °C -> 26.5 ℃
    return _CELSIUS.sub(lambda match: "℃" if match[1] == "C" else "℉", text)


def _lowered(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _list_mark(match: re.Match[str]) -> str:
    """`①打开` -> `1，打开`; `图①` -> `图1`."""
    digit = unicodedata.normalize("NFKC", match[0])
    left, right = match.string[: match.start()][-1:], match.string[match.end() :][:1]
    named = left in "第图表式题选步见项和与至到" and left != ""
    return digit if named or right in ("号", "") else f"，{digit}，"


def _spelling(char: str) -> str:
    if char in _SPELLINGS:
        return _SPELLINGS[char]
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.digit(char))
    if category in ("Cc", "Cs", "Co", "Cn"):
        return SKIPPED
    if category == "Cf" or char == "\ufe0e":
        return ""
    plain = unicodedata.normalize("NFKD", char)
    if category.startswith("M") or plain == char:
        return char
    # café -> cafe; ﬁ -> fi; Ⅳ -> IV; ｶ -> カ
    letters = "".join(part for part in plain if not unicodedata.combining(part))
    composed = letters if letters.isascii() else unicodedata.normalize("NFC", plain)
    # ำ would become two letters that nothing reads; ㍿ becomes four characters.
    return composed if len(composed) == 1 or re.fullmatch(r"[ -~一-鿿]*", composed) else char


@cache
def _converter() -> opencc.OpenCC:
    # Loaded by the first traditional text: most homes never need its 4 MB.
    import opencc

    return opencc.OpenCC("t2s")


# Of the simplified set GB 2312, but with another form all the same: 乾杯 -> 干杯.
_BOTH = frozenset("乾吒夥後徵拚捱摺於榘菸薹袷醣麴麽覆")


def _may_be_traditional(text: str) -> bool:
    han = [char for char in text if "\u3400" <= char <= "\u9fff"]
    try:
        "".join(han).encode("gb2312")
    except UnicodeEncodeError:
        return True
    return not _BOTH.isdisjoint(han)


# 著 stays where it means famous or to write; elsewhere it is the particle 着: 睡著了 -> 睡着了.
_PARTICLE = re.compile(r"(?<![名原编专论巨译遗卓土显昭合拙所])著(?![名作称者书述录有])")
_VARIANTS = str.maketrans({"妳": "你", "祂": "他", "牠": "它"})


def simplify(text: str) -> str:
    """Traditional characters to simplified ones: `臺灣明天會有雷陣雨` -> `台湾明天会有雷阵雨`."""
    if text.isascii():
        return text
    converted = _converter().convert(text) if _may_be_traditional(text) else text
    simple = converted.translate(_VARIANTS)
    return _PARTICLE.sub("着", simple.replace("甚么", "什么"))


RULES = (Change("characters", scrub), Change("simplified", simplify))
