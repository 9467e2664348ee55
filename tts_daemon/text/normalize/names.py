"""Models, versions and other names in which letters and digits mix; Roman numerals; fixed expressions."""

from __future__ import annotations

import re
from functools import cache

from tts_daemon.text import tables
from tts_daemon.text.normalize.numbers import cardinal, digits, number
from tts_daemon.text.normalize.rule import Rule, after, before

_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50}
_MEASURED = frozenset(
    {
        "AQI",
        "PM",
        "PH",
        "BMI",
        "HR",
        "UV",
        "CO",
        "TVOC",
        "HCHO",
        "TOP",
        "LV",
        "FPS",
        "CPU",
        "GPU",
        "RAM",
        "NO",
        "VIP",
        "GDP",
        "CPI",
        "RSSI",
        "SOC",
        "SOH",
        "LED",
        "PV",
        "UPS",
    }
)


def roman(text: str) -> int | None:
    """The value of a Roman numeral up to 39; None for what is not one."""
    if not re.fullmatch(r"X{0,3}(?:IX|IV|V?I{0,3})", text) or not text:
        return None
    values = [_ROMAN[char] for char in text]
    return sum(-v if v < max(values[i:]) else v for i, v in enumerate(values))


@cache
def _expressions() -> tuple[re.Pattern[str], dict[str, str]]:
    table = dict(line.split("\t") for line in tables.data_lines("expressions.tsv"))
    forms = "|".join(re.escape(form) for form in sorted(table, key=len, reverse=True))
    return re.compile(rf"(?<![0-9A-Za-z])(?:{forms})(?![0-9A-Za-z])"), table


class _Expressions:
    """Stands where a rule stands; its pattern comes from a table that is loaded when first needed."""

    name = "expression"

    def apply(self, text: str) -> str:
        pattern, table = _expressions()
        return pattern.sub(lambda match: table[match[0]], text)


def _mixed(match: re.Match[str]) -> str | None:
    """Letters as they stand; up to two digits as a number, more one by one; a hyphen is not said."""
    token = match[0]
    if not (re.search("[A-Za-z]", token) and re.search("[0-9]", token)):
        return None
    parts = re.findall(r"[A-Za-z]+|[0-9]+(?:\.[0-9]+)*|[-.]", token)
    return "".join(_part(part, index, parts) for index, part in enumerate(parts)).strip()


def _part(part: str, index: int, parts: list[str]) -> str:
    if part[0].isalpha():
        return part
    if part == "-":
        joined = (
            parts[index - 1][-1].isalpha()
            and index + 1 < len(parts)
            and parts[index + 1][0].isalpha()
        )
        return " " if joined else ""
    if part == ".":
        return "点"
    if part.count(".") > 1:
        return "点".join(cardinal(piece) for piece in part.split("."))
    follows = parts[index + 1] if index + 1 < len(parts) else ""
    short = len(part.partition(".")[0]) <= 2
    leads = index == 0 and follows not in ("P", "p", "i") and part[-1] == "0"
    return number(part) if short or leads or "." in part else digits(part)


def _spaced(match: re.Match[str]) -> str | None:
    """`RTX 4090`, `CA 1234`: the number after an abbreviation is a name too, unless that measures something."""
    return None if match[1].upper() in _MEASURED else f"{match[1]}{digits(match[2])}"


def _version(match: re.Match[str]) -> str:
    return "点".join(cardinal(piece) for piece in match[0].split("."))


def _read_roman(match: re.Match[str]) -> str | None:
    value = roman(match[0])
    if value is None or match[0] in ("XX", "XXX"):
        return None
    if len(match[0]) > 1 and not re.match(r"[A-Za-z]", after(match, 1)):
        return cardinal(str(value))
    named = re.match(r"\s?[世期级型类代度区册卷章部篇号相]", after(match)) or re.search(
        r"第\s?$", before(match)
    )
    return cardinal(str(value)) if named else None


RULES = (
    # Wi-Fi -> WiFi, C++ -> C加加, 24/7 -> 二十四乘七: the table expressions.tsv
    _Expressions(),
    # 苏-27 -> 苏二七; 歼-20 -> 歼二十
    Rule(
        "aircraft of digits",
        re.compile(r"(?<=苏)-?([0-9]{2})(?![0-9元家])"),
        lambda match: digits(match[1]),
    ),
    Rule(
        "model with a hyphen",
        re.compile(
            r"(?<=[苏歼运轰直教米图风旗征舟嫦宫翼击浪雳龙号鹰安])-(?=[0-9]{1,3}(?![0-9.℃%度]))"
        ),
        lambda match: "",
        frozenset("-"),
    ),
    Rule(
        "aircraft",
        re.compile(r"(?<=波音|空客)\s?[A-Z]?[0-9]{3}"),
        lambda match: digits(match[0].strip()),
    ),
    # 版本2.3.1, 1.10.3 -> 二点三点一
    Rule(
        "version",
        re.compile(r"(?<![0-9A-Za-z.])[0-9]+(?:\.[0-9]+){2,}(?![0-9A-Za-z.])"),
        _version,
        frozenset("."),
    ),
    # FM103.9 -> FM一零三点九
    Rule(
        "radio frequency",
        re.compile(
            r"(?<![A-Za-z])(FM|AM|fm|am|调频|调幅)\s?([0-9]{2,4}(?:\.[0-9]{1,2})?)(?![0-9A-Za-z])"
        ),
        lambda match: match[1] + "点".join(digits(part) for part in match[2].split(".")),
    ),
    # RTX 4090 -> RTX四零九零; AQI 135 is left to the numbers
    Rule(
        "abbreviation and number",
        re.compile(r"(?<![0-9A-Za-z])([A-Z]{1,4}) ([0-9]{3,5})(?![0-9A-Za-z.,])"),
        _spaced,
    ),
    # G1234 -> G一二三四; iPhone15 -> iPhone十五; PM2.5 -> PM二点五; i7-12700K -> i七一二七零零K; 5G -> 五G
    Rule("mixed name", re.compile(r"[0-9A-Za-z]+(?:[-.][0-9A-Za-z]+)*"), _mixed),
    # Q&A -> Q和A
    Rule("ampersand", re.compile(r"\s?&\s?"), lambda match: "和", frozenset("&")),
    # 第II章 -> 第二章; 路易XIV世 -> 路易十四世
    Rule(
        "Roman numeral",
        re.compile(r"(?<![0-9A-Za-z'])[IVX]+(?![0-9A-Za-z'+])"),
        _read_roman,
        frozenset("IVX"),
    ),
)
