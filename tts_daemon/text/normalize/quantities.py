"""Numbers with units: sensors, weather, sizes, percentages, and ranges of them."""

from __future__ import annotations

import re
from functools import cache

from tts_daemon.text import tables
from tts_daemon.text.normalize.numbers import counted, digits, number
from tts_daemon.text.normalize.rule import DASH, NUMBER, SIGNED, Rule, after, before

_EXPONENT = r"(?:[²³]|[23](?![0-9A-Za-z.]))?"
_LETTERS = r"(?:[A-Za-zμ°Ω℃℉′″㎏㎞][A-Za-zμΩ]*)"
UNIT = rf"{_LETTERS}{_EXPONENT}(?:[·/]{_LETTERS}{_EXPONENT}){{0,2}}"
"""A unit sign or what looks like one: `kWh`, `μg/m³`."""
_START = r"(?<![0-9A-Za-z.^])(?<!\^-)"
_DIRECTIONS = {"N": "北纬", "S": "南纬", "E": "东经", "W": "西经"}
_TEMPERATURES = ("摄氏度", "华氏度", "度")
# Units of everyday counting: two of them are 两; two degrees or decibels are 二.
_PLAIN_TWO = frozenset(
    {"摄氏度", "华氏度", "分贝", "伏", "安", "瓦", "帕", "百帕", "千帕", "赫兹", "ppm", "ppb"}
)
# Degrees of an angle are no degrees of cold: 太阳高度角-12.34° -> 负十二点三四度.
_ANGLE = re.compile(
    r"(?:[角位差度转斜偏仰俯倾]角?|elevation|azimuth|angle|pitch|yaw|roll)(?:[是为：:=]|\s)*$"
)
_COLD = re.compile("温|冷|热")
# What follows shows that the letter is a name: 4g网络, 3d打印.
_NAMED = {
    "g": re.compile("网|信号|手机|流量|时代|套餐"),
    "d": re.compile("打印|电影|动画|建模|眼镜|效果|模型"),
}


@cache
def _units() -> tuple[dict[str, str], dict[str, str]]:
    exact: dict[str, str] = {}
    for line in tables.data_lines("units.tsv"):
        written, spoken = line.split("\t")
        exact.update((form, spoken) for form in written.split(" "))
    lower: dict[str, set[str]] = {}
    for form, spoken in exact.items():
        lower.setdefault(form.lower(), set()).add(spoken)
    loose = {form: next(iter(words)) for form, words in lower.items() if len(words) == 1}
    # One letter in the wrong case is a name, not a unit: 5G, 4K, 3M, 2T.
    return exact, {form: spoken for form, spoken in loose.items() if len(form) > 1}


def unit_name(sign: str) -> str | None:
    """Spoken form of a unit sign: `μg/m³` -> `微克每立方米`; None when it is no unit."""
    exact, loose = _units()
    sign = re.sub(r"(?<=m)[23]$", lambda match: "²" if match[0] == "2" else "³", sign)
    found = exact.get(sign) or loose.get(sign.lower())
    if found is not None or "/" not in sign:
        return found
    parts = [unit_name(part) for part in sign.split("/")]
    return None if None in parts else "每".join(part for part in parts if part)


def amount(value: str, unit: str) -> str:
    """A number and the spoken name of its unit: `-5`, `摄氏度` -> `零下五摄氏度`."""
    if value.strip("+-0.") == "":
        value = value.lstrip("+-")
    if value[0] == "-" and unit in _TEMPERATURES:
        return f"零下{number(value[1:])}{unit}"
    if value[0] == "+" and unit not in _TEMPERATURES:
        return f"加{amount(value[1:], unit)}"
    return (number(value) if unit in _PLAIN_TWO else counted(value)) + unit


def _single(match: re.Match[str]) -> str | None:
    sign = match["unit"]
    unit = unit_name(sign)
    if unit is None or (sign in _NAMED and _NAMED[sign].match(after(match))):
        return None
    if sign == "°" and match["value"][0] == "-" and _ANGLE.search(before(match)):
        return f"负{number(match['value'][1:])}度"
    return amount(match["value"], unit)


def _range(match: re.Match[str]) -> str | None:
    unit = unit_name(match["unit"])
    first_unit = unit_name(match["first_unit"]) if match["first_unit"] else ""
    if unit is None or first_unit is None:
        return None
    low = amount(match["low"], first_unit or unit)
    if not first_unit:
        low = low.removesuffix(unit)
    high = match["high"]
    both_below = low.startswith("零下") and high[0] == "-" and not first_unit
    return f"{low}到{amount(high[1:] if both_below else high, unit)}"


def _between(low: str, high: str, sign: str) -> str:
    unit = unit_name(sign) or ""
    below = high[1:] if low[0] == "-" and high[0] == "-" else high
    return f"{amount(low, unit).removesuffix(unit)}到{amount(below, unit)}"


def _dimensions(match: re.Match[str]) -> str | None:
    unit = unit_name(match["unit"])
    if unit is None:
        return None
    sides = re.split(r"\s?[x×X*]\s?", match["sides"])
    return "乘".join(number(side) for side in sides) + unit


def _scaled(match: re.Match[str]) -> str | None:
    unit = unit_name(match["unit"])
    return None if unit is None else f"{counted(match['value'])}{match['scale']}{unit}"


def _thousands(value: str, scale: str) -> str:
    return counted(value) + ("万" if scale in "wW" else scale)


def _measures(match: re.Match[str]) -> bool:
    """In brackets only what cannot be a name: （m²）, but （A）."""
    return len(match[1]) > 1 or before(match, 1) not in "（("


def _per_sign(match: re.Match[str]) -> str | None:
    unit = unit_name(match[1])
    return None if unit is None else f"每{unit}"


def _ampere(match: re.Match[str]) -> str | None:
    """A is also a seat, a grade and a size of paper: something must speak of electricity."""
    electric = re.search(
        r"电流|额定|保险丝|空开|插座|充电|漏电|输出|输入|[伏瓦安]\W?$", before(match)
    )
    return f"{number(match[1])}安" if electric or "." in match[1] else None


def _coordinate(match: re.Match[str]) -> str:
    degrees, minutes, seconds = match.groups()
    return f"{number(degrees)}度{number(minutes)}分" + (f"{number(seconds)}秒" if seconds else "")


def _feet(match: re.Match[str]) -> str | None:
    """`5'10"` is a height where words say so, else a pace."""
    tall = re.search("高|长|尺寸", before(match, 6) + after(match, 2))
    return f"{counted(match[1])}英尺{number(match[2])}英寸" if tall else None


def _inches(match: re.Match[str]) -> str | None:
    """A straight quotation mark after a number is an inch unless it closes a quotation."""
    closes = match[2] == '"' and match.string.count('"', 0, match.start()) % 2 == 1
    return None if closes else f"{counted(match[1])}英寸"


def _scientific(match: re.Match[str]) -> str | None:
    """`1e-05 A` -> `一乘十的负五次方安`; `1e5` without a sign or a dot may be a name."""
    value, sign, exponent, unit = match.groups()
    if unit and unit != "A" and unit_name(unit) is None:
        return None
    name = "安" if unit == "A" else unit_name(unit) if unit else ""
    power = ("负" if sign == "-" else "") + number(exponent.lstrip("0") or "0")
    return f"{number(value)}乘十的{power}次方{name}"


def _percent(match: re.Match[str]) -> str:
    return percentage(match[1], match[2])


def percentage(value: str, sign: str = "%") -> str:
    """`45` -> `百分之四十五`, `100` -> `百分之百`, `-5` -> `负百分之五`."""
    head = {"%": "百分之", "‰": "千分之", "‱": "万分之"}[sign]
    if value[0] in "+-":
        return ("负" if value[0] == "-" else "正") + percentage(value[1:], sign)
    return head + ("百" if value == "100" and sign == "%" else number(value))


def _percent_range(match: re.Match[str]) -> str:
    low, first_sign, high, sign = match.groups()
    second = percentage(high, sign) if first_sign else number(high)
    return f"{percentage(low, sign)}到{second}"


_WITH_UNIT = Rule(
    "number with unit",
    re.compile(rf"{_START}(?P<value>{SIGNED})\s?(?P<unit>{UNIT})"),
    _single,
)

# 3kg -> 三千克, 5km/h -> 五千米每小时, for those who set text.units: si; by default 公斤 and 公里.
SI_UNITS = (
    Rule(
        "SI units",
        re.compile(r"(?<![A-Za-z])k([gm])(?![A-Za-z])"),
        lambda match: "㎏" if match[1] == "g" else "㎞",
        frozenset("k"),
    ),
)

RULES = (
    # 6.02e23, 1e-05 A -> 六点零二乘十的二十三次方, 一乘十的负五次方安
    Rule(
        "scientific notation",
        re.compile(
            rf"(?<![0-9A-Za-z.])(-?[0-9]{{1,3}}(?:\.[0-9]{{1,17}})?)[eE]([-+]?)([0-9]{{1,3}})"
            rf"(?:\s?({UNIT})(?![A-Za-z0-9])|(?![0-9A-Za-z.]))"
        ),
        _scientific,
        frozenset("eE"),
    ),
    # 39°54′, 39°54'20" -> 三十九度五十四分
    Rule(
        "coordinate",
        re.compile(rf"([0-9]{{1,3}})°\s?([0-9]{{1,2}})[′'](?:\s?({NUMBER})(?:″|\"|''))?"),
        _coordinate,
        frozenset("°"),
    ),
    # 31.23°N -> 北纬三十一点二三度
    Rule(
        "latitude and longitude",
        re.compile(rf"{_START}({NUMBER})°\s?([NSEW])(?![A-Za-z])"),
        lambda match: f"{_DIRECTIONS[match[2]]}{number(match[1])}度",
        frozenset("°"),
    ),
    # 5'10"高, 身高6′2″ -> 五英尺十英寸
    Rule(
        "feet and inches",
        re.compile(r"(?<![0-9])([3-8])[’'′]\s?(1[01]|[0-9])(?:[”\"″]|'')"),
        _feet,
        frozenset("'’′"),
    ),
    # 配速5'30" -> 五分三十秒
    Rule(
        "pace",
        re.compile(rf"{_START}([0-9]{{1,3}})['′]([0-5][0-9])(?:[\"″]|'')"),
        lambda match: f"{counted(match[1])}分{number(match[2])}秒",
        frozenset("'′"),
    ),
    # 3/8" -> 八分之三英寸
    Rule(
        "fraction of an inch",
        re.compile(r"(?<![0-9A-Za-z./])([1-9])/([0-9]{1,2})[\"″]"),
        lambda match: f"{number(match[2])}分之{number(match[1])}英寸",
        frozenset('"″'),
    ),
    # 55" -> 五十五英寸
    Rule(
        "inches", re.compile(rf"{_START}({NUMBER})([\"″])(?![0-9A-Za-z])"), _inches, frozenset('"″')
    ),
    # 血压120/80mmHg -> 一百二十比八十毫米汞柱
    Rule(
        "blood pressure",
        re.compile(
            r"(?:(?<=血压)|(?<=血压[是为：:]))\s?([0-9]{2,3})/([0-9]{2,3})|([0-9]{2,3})/([0-9]{2,3})(?=\s?mmHg)"
        ),
        lambda match: f"{number(match[1] or match[3])}比{match[2] or match[4]}",
        frozenset("/"),
    ),
    # 7.8L/100km -> 七点八升每百公里
    Rule(
        "per hundred kilometres",
        re.compile(rf"{_START}({NUMBER})\s?(L|kWh|度|升)/100\s?(?:km|公里)"),
        lambda match: f"{counted(match[1])}{unit_name(match[2]) or match[2]}每百公里",
        frozenset("/"),
    ),
    # 100M宽带 -> 一百兆宽带
    Rule(
        "broadband",
        re.compile(rf"{_START}({NUMBER})\s?M(?=\s?(?:的?(?:宽带|光纤|带宽|网速)))"),
        lambda match: f"{number(match[1])}兆",
        frozenset("M"),
    ),
    # 月薪8k-12k -> 八k到十二k; 10w~20w -> 十万到二十万
    Rule(
        "range of thousands",
        re.compile(rf"{_START}({NUMBER})([kKwW]){DASH}({NUMBER})([kKwW])(?![0-9A-Za-z])"),
        lambda match: f"{_thousands(match[1], match[2])}到{_thousands(match[3], match[4])}",
        frozenset("kKwW"),
    ),
    # 年薪20w -> 二十万
    Rule(
        "salary",
        re.compile(rf"(?<=[薪价款入资粉奖])({NUMBER})([wW])(?![0-9A-Za-z])"),
        lambda match: _thousands(match[1], match[2]),
        frozenset("wW"),
    ),
    # 阅读10w+ -> 阅读十万多; 300w张 -> 三百万张
    Rule(
        "ten thousands",
        re.compile(rf"{_START}({NUMBER})w(?:(\+)|(?=[人次张条元块粉播阅点赞]))"),
        lambda match: f"{counted(match[1])}万{'多' if match[2] else ''}",
        frozenset("w"),
    ),
    # 1m75, 6米85 -> 一米七五
    Rule(
        "height",
        re.compile(
            r"(?<![0-9A-Za-z.])([12](?=m)|[1-9](?=米))(?:m|米)([0-9]{2})(?![0-9.%个米厘公/多元块])"
        ),
        lambda match: f"{counted(match[1])}米{digits(match[2])}",
    ),
    # 湿度30%-50% -> 湿度百分之三十到百分之五十; 20~30% -> 百分之二十到三十
    Rule(
        "percent range",
        re.compile(rf"({SIGNED})\s?([%‰])?{DASH}([-+]?{NUMBER})\s?([%‰])"),
        _percent_range,
        frozenset("%‰"),
    ),
    # 湿度45% -> 湿度百分之四十五
    Rule("percent", re.compile(rf"({SIGNED})\s?([%‰‱])"), _percent, frozenset("%‰‱")),
    # 30×40×50cm -> 三十乘四十乘五十厘米
    Rule(
        "dimensions",
        re.compile(
            rf"{_START}(?P<sides>{NUMBER}(?:\s?[x×X*]\s?{NUMBER}){{1,3}})\s?(?P<unit>{UNIT})"
        ),
        _dimensions,
        frozenset("x×X*"),
    ),
    # 18~25℃ -> 十八到二十五摄氏度; -3~5℃ -> 零下三到五摄氏度; 100ml-200ml -> 一百毫升到二百毫升
    Rule(
        "range with unit",
        re.compile(
            rf"{_START}(?P<low>{SIGNED})\s?(?P<first_unit>{UNIT})?{DASH}"
            rf"(?P<high>[-+]?{NUMBER})\s?(?P<unit>{UNIT})"
        ),
        _range,
    ),
    # 气温2/12℃ -> 二到十二摄氏度; -3/6℃ -> 零下三到六摄氏度
    Rule(
        "low and high",
        re.compile(
            rf"{_START}(?P<low>{SIGNED})\s?[℃℉°]?/(?P<high>[-+]?{NUMBER})\s?(?P<unit>[℃℉]|°)"
        ),
        lambda match: _between(match["low"], match["high"], match["unit"]),
        frozenset("℃℉°"),
    ),
    # 55dB(A) -> 五十五分贝
    Rule(
        "weighted decibels",
        re.compile(rf"{_START}({NUMBER})\s?dB\([AC]\)"),
        lambda match: f"{number(match[1])}分贝",
        frozenset("("),
    ),
    # 38.4万km -> 三十八点四万公里
    Rule(
        "scaled number with unit",
        re.compile(rf"{_START}(?P<value>{NUMBER})\s?(?P<scale>[百千万亿])\s?(?P<unit>{UNIT})"),
        _scaled,
    ),
    # 华氏72°F -> 华氏七十二度
    Rule(
        "scale and degrees",
        re.compile(rf"(?:(?<=华氏)|(?<=摄氏))({SIGNED})\s?(?:℃|℉|°)"),
        lambda match: f"{amount(match[1], '度')}",
        frozenset("℃℉°"),
    ),
    # 26.5℃ -> 二十六点五摄氏度; 35μg/m³ -> 三十五微克每立方米; -65dBm -> 负六十五分贝毫瓦
    _WITH_UNIT,
    # 5V2A, 5V2000mA: the second begins where the first ended
    _WITH_UNIT,
    # 电流2.5A -> 电流二点五安; 5A景区 stays
    Rule(
        "ampere",
        re.compile(rf"{_START}({NUMBER})\s?A(?![0-9A-Za-z景级座区栋口])"),
        _ampere,
        frozenset("A"),
    ),
    # -5度 -> 零下五度; -3到5度 -> 零下三到五度
    Rule(
        "degrees below zero",
        re.compile(rf"(?<![0-9A-Za-z.)）])-({NUMBER})(?={DASH}-?[0-9.]{{1,5}}\s?度|\s?度)"),
        lambda match: f"零下{number(match[1])}",
        frozenset("-"),
    ),
    # 3.5元/m³ -> 三点五元每立方米
    Rule(
        "per sign",
        re.compile(rf"(?<=[万元块角分次个])/\s?({UNIT})"),
        _per_sign,
        frozenset("/"),
    ),
    # 2元/度 -> 两元每度; 75次/分钟 -> 七十五次每分钟
    Rule(
        "per",
        re.compile(
            r"(?<=[零一二三四五六七八九十百千万元块角分次度米克升斤吨瓦时转个人件帧步折])/"
            r"(?=天|日|周|月|季|年|小时|分钟?|秒|次|人|个|户|瓶|盒|片|平|立方|公里|千米|米|公斤|千克|盎司|磅|位|[两斤克吨升度张件台晚间股桶辆亩车节课场包箱盒袋根条双套把块页本杯碗零一二三四五六七八九十半0-9])"
        ),
        lambda match: "每",
        frozenset("/"),
    ),
    # 面积是多少cm², 单位：kWh, 每m³, 面积（m²） -> 平方厘米
    Rule(
        "unit after its name",
        re.compile(
            rf"(?:(?<=多少)|(?<=[几每])|(?<=单位[是为：:])|(?<=单位)|(?<=[（(]))\s?({UNIT})(?=[^0-9A-Za-z]|$)"
        ),
        lambda match: unit_name(match[1]) if _measures(match) else None,
        frozenset("多几每单（("),
    ),
    # 单位：μg/m³ -> 微克每立方米
    Rule(
        "unit alone",
        re.compile(
            rf"(?<![0-9A-Za-z/.]){_LETTERS}{_EXPONENT}/{_LETTERS}{_EXPONENT}(?![0-9A-Za-z/])"
        ),
        lambda match: unit_name(match[0]),
        frozenset("/"),
    ),
)
