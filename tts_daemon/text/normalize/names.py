"""Names in which letters and digits mix, versions, Roman numerals, fixed expressions."""

from __future__ import annotations

import re
from functools import cache

from tts_daemon.text import tables
from tts_daemon.text.normalize.numbers import cardinal, digits, number
from tts_daemon.text.normalize.rule import Rule, after, before

_MEASURED = frozenset(
    {
        "AQI",
        "BMI",
        "CO",
        "CPI",
        "CPU",
        "FPS",
        "GDP",
        "GPU",
        "HCHO",
        "HR",
        "LED",
        "LV",
        "NO",
        "PH",
        "PM",
        "PV",
        "RAM",
        "RSSI",
        "SOC",
        "SOH",
        "TDS",
        "TOP",
        "TVOC",
        "UPS",
        "UV",
    }
)
"""Abbreviations before a number that measures or counts: `AQI135` is 一百三十五."""
_ROMAN = {"I": 1, "V": 5, "X": 10}
_START = r"(?<![0-9A-Za-z.])"


class _Expressions:
    """Stands where a rule stands; its pattern comes from a table that is loaded when needed."""

    name = "expression"
    needs: frozenset[str] = frozenset()

    def apply(self, text: str) -> str:
        """Replace every expression of the table."""
        pattern, table = _expressions()
        return pattern.sub(lambda match: table[match[0]], text)


@cache
def _expressions() -> tuple[re.Pattern[str], dict[str, str]]:
    table = dict(line.split("\t") for line in tables.data_lines("expressions.tsv"))
    forms = "|".join(re.escape(form) for form in sorted(table, key=len, reverse=True))
    return re.compile(rf"(?<![0-9A-Za-z.])(?:{forms})(?![0-9A-Za-z])"), table


def roman(text: str) -> int | None:
    """The value of a Roman numeral up to 39; None for what is not one."""
    if not text or not re.fullmatch(r"X{0,3}(?:IX|IV|V?I{0,3})", text):
        return None
    values = [_ROMAN[char] for char in text]
    return sum(-v if v < max(values[i:]) else v for i, v in enumerate(values))


def _mixed(match: re.Match[str]) -> str | None:
    """Letters as they stand; two digits are a number, more are read one by one; no hyphen."""
    token = match[0]
    if not (re.search("[A-Za-z]", token) and re.search("[0-9]", token)):
        return None
    parts = re.findall(r"[A-Za-z]+|[0-9]+(?:\.[0-9]+)*|[-.]", token)
    padded = ["", *parts, ""]
    return "".join(_part(*padded[index : index + 3]) for index in range(len(parts)))


def _part(left: str, part: str, right: str) -> str:
    """One run of letters or digits, or the sign between two of them."""
    if part[0].isalpha():
        return part
    if part in "-.":
        words = left[-1:].isalpha() and right[:1].isalpha()
        return ("点" if part == "." else " ") if words else ""
    if "." in part:
        return version(part) if part.count(".") > 1 else number(part)
    sized = not left and right in ("G", "M", "K", "T", "g", "k", "m", "w", "A", "W", "V")
    counts = len(part) <= 2 or sized or left.upper() in _MEASURED
    return cardinal(part) if counts else digits(part)


def _spaced(match: re.Match[str]) -> str | None:
    """`RTX 4090`: the number after an abbreviation is a name, unless that measures something."""
    return None if match[1].upper() in _MEASURED else f"{match[1]}{digits(match[2])}"


def version(text: str) -> str:
    """`1.10.3` -> `一点十点三`; years and builds one by one: `2025.11` -> `二零二五点十一`."""
    return "点".join(cardinal(part) if len(part) <= 2 else digits(part) for part in text.split("."))


def _radio(match: re.Match[str]) -> str:
    return match[1] + "点".join(digits(part) for part in match[2].split("."))


def _read_roman(match: re.Match[str]) -> str | None:
    value = roman(match[0])
    if value is None or match[0] in ("XX", "XXX"):
        return None
    named = re.match(r"\s?[世期级型类代度区册卷章部篇号相]", after(match)) or re.search(
        r"第\s?$", before(match)
    )
    return cardinal(str(value)) if named or len(match[0]) > 1 else None


FIXED = (
    # Wi-Fi -> WiFi, C++ -> C加加, 24/7 -> 二十四小时全天: the table expressions.tsv
    _Expressions(),
    # No.1 -> 第一
    Rule(
        "number one",
        re.compile(r"(?<![A-Za-z])(?:No\.|NO\.|no\.|No|NO)\s?(?=[0-9])"),
        lambda match: "第",
        frozenset("Nn"),
    ),
    # 1st -> 第一
    Rule(
        "English ordinal",
        re.compile(rf"{_START}([0-9]{{1,4}})(?:st|nd|rd|th)(?![A-Za-z])"),
        lambda match: f"第{cardinal(match[1])}",
    ),
)
"""Read first of all: whole expressions that look like something else."""

RULES = (
    # 苏-27 -> 苏二七
    Rule("Sukhoi", re.compile(r"(?<=苏)-([0-9]{2})(?![0-9.])"), lambda match: digits(match[1])),
    # 歼-20 -> 歼二十
    Rule(
        "model with a hyphen",
        re.compile(
            r"(?<=[苏歼运轰直教米图风旗征舟嫦宫翼击浪雳龙鹰安])-(?=[0-9]{1,3}(?![0-9.℃%度]))"
        ),
        lambda match: "",
        frozenset("-"),
    ),
    # 波音737-800 -> 波音七三七杠八零零
    Rule(
        "aircraft",
        re.compile(r"(?:(?<=波音)|(?<=空客))\s?[0-9]{3}(?:-[0-9]{3})?(?![0-9.]|\s?[架元亿万])"),
        lambda match: digits(match[0].strip().replace("-", "杠")),
    ),
    # 天玑9300 -> 天玑九三零零
    Rule(
        "chip",
        re.compile(r"(?:(?<=天玑)|(?<=麒麟)|(?<=骁龙)|(?<=酷睿)|(?<=锐龙))\s?[0-9]{3,4}(?![0-9.])"),
        lambda match: digits(match[0].strip()),
    ),
    # 版本2.3.1 -> 二点三点一; Home Assistant 2025.11 -> 二零二五点十一
    Rule(
        "version",
        re.compile(
            r"(?<![0-9A-Za-z.])(?:[0-9]+(?:\.[0-9]+){2,}"
            r"|(?:(?<=[A-Za-z] )|(?<=版本)|(?<=[升更][级新][到至]))20[0-9]{2}\.[0-9]{1,2})"
            r"(?![0-9A-Za-z.])"
        ),
        lambda match: version(match[0]),
        frozenset("."),
    ),
    # Office 2019 -> Office二零一九
    Rule(
        "year of a product",
        re.compile(
            r"(?<=[A-Za-z]) ((?:19|20)[0-9]{2})"
            r"(?![0-9A-Za-z.,:%/-]|\s?[年元块个条台万千件人米克度次])"
        ),
        lambda match: digits(match[1]),
    ),
    # FM103.9 -> FM一零三点九
    Rule(
        "radio frequency",
        re.compile(
            r"(?<![A-Za-z])(FM|AM|fm|am|调频|调幅)\s?([0-9]{2,4}(?:\.[0-9]{1,2})?)(?![0-9A-Za-z])"
        ),
        _radio,
    ),
    # RTX 4090 -> RTX四零九零; AQI 135 is left to the numbers
    Rule(
        "abbreviation and number",
        re.compile(r"(?<![0-9A-Za-z])([A-Z]{1,6}) ([0-9]{3,5})(?![0-9A-Za-z.,]|[-:][0-9])"),
        _spaced,
    ),
    # GB/T 18883-2022 -> GBT一八八八三杠二零二二
    Rule(
        "standard",
        re.compile(
            r"(?<![A-Za-z])(GB|JGJ|QB|YY|DB|ISO|IEC)(/T)?[ ]?"
            r"([0-9]{3,6}(?:\.[0-9]+)?)-([0-9]{2,4})(?![0-9])"
        ),
        lambda match: (
            match[1]
            + ("T" if match[2] else "")
            + f"{digits(match[3].replace('.', '点'))}杠{digits(match[4])}"
        ),
        frozenset("-"),
    ),
    # IP67 -> IP六七
    Rule(
        "protection class",
        re.compile(r"(?<![A-Za-z])IP([0-9]{2})(?![0-9.])"),
        lambda match: f"IP{digits(match[1])}",
        frozenset("P"),
    ),
    # G1234 -> G一二三四; iPhone15 -> iPhone十五; PM2.5 -> PM二点五; 5G -> 五G;
    # i7-12700K -> i七一二七零零K
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
