"""Fractions, ratios, scores, calculations and comparisons."""

from __future__ import annotations

import re

from tts_daemon.text.normalize import clock, quantities
from tts_daemon.text.normalize.numbers import digits, number
from tts_daemon.text.normalize.rule import NUMBER, Rule, after, before

_OPERATORS = {
    "+": "加", "-": "减", "×": "乘", "*": "乘", "x": "乘", "X": "乘", "·": "乘", "÷": "除以",
    "/": "除以", "=": "等于", "==": "等于", "<": "小于", ">": "大于", "≤": "小于等于",
    "≥": "大于等于", "<=": "小于等于", ">=": "大于等于", "≠": "不等于", "!=": "不等于",
    "≈": "约等于", "±": "正负",
}  # fmt: skip
_POWERS = {"²": "平方", "³": "立方"}
_OPERAND = rf"(?:√?{NUMBER}|√?[A-Za-z]{{1,2}}(?![A-Za-z])|π|[(（]|[)）])[²³%)）]*"
_OPERATOR = r"\s?(?:[<>!=]=|[-+×*÷/=<>≤≥≠≈±]|(?<=[0-9] )x(?= [0-9])|(?<=[0-9])[xX](?=[0-9]))\s?"
_TOKEN = re.compile(
    rf"(?P<fraction>(?<![0-9.])[0-9]+/[0-9]+(?![0-9.]))|(?P<number>{NUMBER}%?)|(?P<operator>[<>!=]=|[-+×*÷/=<>≤≥≠≈±])|(?P<rest>.)"
)
_SCREEN = (
    "640|480|720|768|800|960|1024|1080|1200|1280|1366|1440|1600|1920|2160|2560|3840|4096|4320|7680"
)
_CALCULATES = re.compile(r"[+×÷*=≈≠≤≥<>±√]")


def fraction(match: re.Match[str]) -> str:
    """`1/3` -> `三分之一`."""
    return f"{number(match[2])}分之{number(match[1])}"


def _calculation(match: re.Match[str]) -> str | None:
    text = match[0]
    if not _CALCULATES.search(text):
        return None
    by_fractions = re.search(r"[+×A-Za-zπ]", text) is not None
    words, operand = "", False
    for token in _TOKEN.finditer(text):
        # A minus that no number precedes is a sign: -5+3=-2.
        signs = token[0] == "-" and not operand
        words += "负" if signs else _part(token, by_fractions)
        operand = (
            operand if token[0] == " " else token["operator"] is None and token[0] not in "(（"
        )
    return words


def _part(token: re.Match[str], by_fractions: bool) -> str:
    text = token[0]
    if token["fraction"]:
        above, below = text.split("/")
        return (
            f"{number(below)}分之{number(above)}"
            if by_fractions
            else f"{number(above)}除以{number(below)}"
        )
    if token["number"]:
        return f"百分之{number(text[:-1])}" if text[-1] == "%" else number(text)
    if token["operator"]:
        return _OPERATORS[text]
    return {
        "²": "的平方",
        "³": "的立方",
        "√": "根号",
        "(": "括号",
        ")": "",
        "（": "括号",
        "）": "",
        " ": "",
    }.get(text, text)


def _ratio(match: re.Match[str]) -> str:
    return f"{number(match[1])}比{number(match[2])}"


def _slash(match: re.Match[str]) -> str | None:
    if match[2].strip("0") == "":
        return None
    if len(match[1]) == 2 and match[1] > match[2] and len(match[2]) == 2:
        # 80/20 shares something out.
        law = re.match("法则|定律|原则|分", after(match))
        return f"{number(match[1])}{'' if law else '比'}{number(match[2])}"
    mixed = re.search(r"[0-9]\s?$", before(match, 2))
    return ("又" if mixed else "") + fraction(match)


def _score(match: re.Match[str]) -> str | None:
    """`比分3-1`, `主队3-1客队`, `3-1战胜`."""
    told = clock.SCORE.search(before(match)) or before(match, 1) == "队"
    if told or re.match(
        r"\s?(?:战胜|击败|不敌|逆转|险胜|大胜|力克|惜败|完胜|平|[^，。]{0,6}队)", after(match)
    ):
        return _ratio(match)
    return None


def _exponent(text: str) -> str:
    return number(text) if text[-1].isdigit() else text.replace("-", "负")


def _power(match: re.Match[str]) -> str:
    base, unit = match["base"], match["unit"]
    spoken = number(base) if base[0].isdigit() else base.strip(")）")
    if match["small"]:
        return f"{spoken}的{_POWERS[match['small']]}"
    name = quantities.unit_name(unit) if unit else ""
    power = f"{_exponent(match['exponent'])}次方"
    if not base[0].isdigit():
        power = {"二次方": "平方", "三次方": "立方"}.get(power, power)
    return f"{spoken}的{power}{unit if name is None else name}"


RULES = (
    # 10^6 -> 十的六次方; x² -> x的平方
    Rule(
        "power",
        re.compile(
            rf"(?P<base>{NUMBER}|(?<![A-Za-z])[A-Za-z](?![A-Za-z])|[)）])"
            rf"(?:\^(?P<exponent>-?(?:[0-9]+|[nmk](?![A-Za-z])))(?:\s?(?P<unit>{quantities.UNIT}))?|(?P<small>[²³]))"
        ),
        _power,
        frozenset("^²³"),
    ),
    # x²-1 -> x的平方减一
    Rule(
        "minus after a power",
        re.compile(r"(?<=[平立次]方)\s?-\s?(?=[0-9A-Za-z(（])"),
        lambda match: "减",
        frozenset("-"),
    ),
    # 3x-5>10, 2x-y=1 -> 三x减五大于十
    Rule(
        "minus beside a variable",
        re.compile(
            r"(?<=[0-9)][a-z])\s?-\s?(?=[0-9a-z(])(?=[^，。！？]{0,30}[=<>≤≥])"
            r"|(?<=(?<![A-Za-z])[a-z])\s?-\s?(?=[0-9]{0,4}[a-z(]?(?![A-Za-z])[^，。！？A-Za-z]{0,20}[=<>≤≥])"
        ),
        lambda match: "减",
        frozenset("-"),
    ),
    # 图3-1 -> 图三杠一
    Rule(
        "numbered figure",
        re.compile(r"(?<=[图表例式题])([0-9]{1,2})-([0-9]{1,2})(?![0-9A-Za-z\-]|\.[0-9])"),
        lambda match: f"{number(match[1])}杠{number(match[2])}",
    ),
    # 9·18 -> 九一八
    Rule(
        "day that is a name",
        re.compile(r"(?<![0-9A-Za-z.])([0-9]{1,2})·([0-9]{1,2})(?![0-9A-Za-z.=])"),
        lambda match: digits(match[1] + match[2]),
        frozenset("·"),
    ),
    # 1920×1080 -> 一九二零乘一零八零
    Rule(
        "resolution",
        re.compile(rf"(?<![0-9A-Za-z.])({_SCREEN})\s?[x×X*]\s?({_SCREEN})(?![0-9A-Za-z.])"),
        lambda match: f"{digits(match[1])}乘{digits(match[2])}",
        frozenset("x×X*"),
    ),
    # 3x4 -> 三乘四; 0x1F is a code
    Rule(
        "product",
        re.compile(r"(?<![0-9A-Za-z.])([1-9][0-9.]*(?:[xX][1-9][0-9.]*)+)(?![0-9A-Za-z])"),
        lambda match: "乘".join(number(side) for side in re.split("[xX]", match[1].rstrip("."))),
        frozenset("xX"),
    ),
    # 1+1=2 -> 一加一等于二; 10÷2=5 -> 十除以二等于五; 3<5 -> 三小于五; 18-25 is left to the ranges
    Rule(
        "calculation",
        re.compile(rf"(?<![0-9A-Za-z.])-?{_OPERAND}(?:{_OPERATOR}{_OPERAND})+"),
        _calculation,
        frozenset("+×÷*=≈≠≤≥<>±√"),
    ),
    # √16 -> 根号十六
    Rule(
        "root",
        re.compile(rf"√\s?({NUMBER}|[A-Za-z])"),
        lambda match: f"根号{number(match[1]) if match[1][0].isdigit() else match[1]}",
        frozenset("√"),
    ),
    # ±0.5 -> 正负零点五
    Rule(
        "plus or minus",
        re.compile(rf"(?:±|\+/-)\s?({NUMBER})"),
        lambda match: f"正负{number(match[1])}",
    ),
    # >30℃, ≤5 -> 大于30℃, 小于等于5; later rules read the number
    Rule(
        "comparison",
        re.compile(r"\s?([<>!=]=|[<>≤≥≠≈])\s?(?=[-+]?[0-9零一二两三四五六七八九十百负])"),
        lambda match: "" if before(match, 1) == "约" else _OPERATORS[match[1]],
        frozenset("<>≤≥≠≈="),
    ),
    # 4-3-3阵型 -> 四三三阵型
    Rule(
        "formation",
        re.compile(r"(?<![0-9A-Za-z.-])([1-6](?:-[1-6]){2,3})(?=的?(?:阵型|阵容|站位|联防))"),
        lambda match: digits(match[1].replace("-", "")),
        frozenset("-"),
    ),
    # 比分3-1 -> 三比一
    Rule(
        "score",
        re.compile(
            r"(?<![0-9A-Za-z.\-])([0-9]{1,3})\s?[-~—]\s?([0-9]{1,3})(?![0-9A-Za-z\-]|\.[0-9])"
        ),
        _score,
    ),
    # 16:9 -> 十六比九; 108:102 -> 一百零八比一百零二 (times of day are read before)
    Rule(
        "ratio",
        re.compile(rf"(?<![0-9A-Za-z:.])({NUMBER})\s?:\s?({NUMBER})(?![0-9A-Za-z:])"),
        _ratio,
        frozenset(":"),
    ),
    # 比例3:2:1 -> 三比二比一
    Rule(
        "ratio of three",
        re.compile(r"(?<![0-9A-Za-z:.])([0-9]{1,4}(?::[0-9]{1,4}){2,4})(?![0-9A-Za-z:])"),
        lambda match: (
            "比".join(number(part) for part in match[1].split(":"))
            if re.search(":[0-9](?:$|:)", match[1])
            else None
        ),
        frozenset(":"),
    ),
    # 第2/3页 -> 第二页，共三页
    Rule(
        "page of pages",
        re.compile(r"(?<=第)([0-9]{1,4})/([0-9]{1,4})([页集章步节条])"),
        lambda match: f"{number(match[1])}{match[3]}，共{number(match[2])}{match[3]}",
        frozenset("/"),
    ),
    # 1/3 -> 三分之一; 3 1/2 -> 三又二分之一
    Rule(
        "fraction",
        re.compile(
            r"(?:(?<=[0-9]) )?(?<![0-9A-Za-z./])([0-9]{1,4})\s?/\s?([0-9]{1,4})"
            r"(?![0-9A-Za-z/]|\.[0-9])"
        ),
        _slash,
        frozenset("/"),
    ),
)
