"""Years, months, days, weekdays, quarters."""

from __future__ import annotations

import re

from tts_daemon.text.normalize import codes
from tts_daemon.text.normalize.numbers import cardinal, digits
from tts_daemon.text.normalize.rule import DASH, Rule, after, before

_MONTH = r"(?:0?[1-9]|1[0-2])"
_DAY = r"(?:0?[1-9]|[12][0-9]|3[01])"
_YEAR = r"(?:1[0-9]{3}|20[0-9]{2})"
_START = r"(?<![0-9A-Za-z.\-/])"
_END = r"(?![0-9A-Za-z\-/]|\.[0-9])"
_HALVES = r"上午|下午|早|晚|凌晨|中午"
_TIME_FOLLOWS = re.compile(
    rf"\s?(?:[(（]?(?:周|星期|礼拜)[一二三四五六日天1-7]|[0-9]{{1,2}}:[0-9]{{2}}|{_HALVES}|号|日"
    "|送达|到货|到达|发货|到期|截止|开始|举行|开幕|上映|发布)"
)
_DATE_BEFORE = re.compile(
    r"(?:日期|时间|截止|截至|生日|出生|有效期|保质期|到期|周[一二三四五六日天]|[今明昨后]天)"
    r"(?:[是为到:：]|\s)*$"
)
_VERSION_BEFORE = re.compile(
    r"(?:版本号?|固件|内核|系统|升级|更新|[升更降][级新][到至为])(?:[是为到至:：]|\s)*$"
)
# Home Assistant 2026.11.3, ESPHome 2026.11.0; but Updated 2026.11.3
_PRODUCT_BEFORE = re.compile(r"[A-Za-z][0-9A-Za-z+.]*(?: ?[vV]|[ -])$|[A-Za-z]$|(?<![A-Za-z])[vV]$")
_ENGLISH_BEFORE = re.compile(
    r"(?i)(?:updated?|date|on|at|since|from|until|by|modified|created|in)\W*$"
)
_SPAN_OF_YEARS = re.compile(r"年(?:前|之久|的?(?:历史|文明|时间|寿命))")
_EVENTS = (
    "世界杯|欧洲杯|亚洲杯|奥运|冬奥|亚运|春晚|春节|新年|跨年|元旦|"
    "高考|中考|国考|考研|款|版|届|财年|赛季"
)
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def plain(text: str) -> str:
    """A month, day, hour or minute without its leading zero: `08` -> `八`."""
    return cardinal(text.lstrip("0") or "0")


def _day(month: str, day: str) -> str:
    return f"{plain(month)}月{plain(day)}日"


def _full(match: re.Match[str]) -> str:
    return f"{digits(match['y'])}年{_day(match['m'], match['d'])}"


def _date(match: re.Match[str]) -> str | None:
    """`升级到2025.11.2` is a version."""
    left = before(match, 20)
    product = _PRODUCT_BEFORE.search(left) and not _ENGLISH_BEFORE.search(left)
    version = match[2] == "." and (product or _VERSION_BEFORE.search(left))
    return None if version else _full(match)


def _year_last(match: re.Match[str]) -> str | None:
    """Month first, unless it cannot be one; 取件码5-2-2033 is a code."""
    if codes.follows_name(match):
        return None
    month, day = match[1], match[3]
    if int(month) > 12:
        month, day = day, month
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return None
    return f"{digits(match[4])}年{_day(month, day)}"


def _compact(match: re.Match[str]) -> str | None:
    return _full(match) if _DATE_BEFORE.search(before(match)) else None


def _month_day(match: re.Match[str]) -> str | None:
    """`1/3` is a fraction unless words beside it tell of a date; `01/03`, `11/22` are dates."""
    month, day = match["m"], match["d"]
    written_out = (
        len(month) == 2 and len(day) == 2 and (match[0][2] == "/" or "0" in (month[0], day[0]))
    )
    follows = _TIME_FOLLOWS.match(after(match))
    if not (written_out or follows or _DATE_BEFORE.search(before(match))):
        return None
    spoken = _day(month, day)
    return spoken[:-1] if after(match, 1) in ("日", "号") else spoken


def _year(match: re.Match[str]) -> str | None:
    """A span of thousands of years is a count: `2000年前`, `5000年历史`."""
    if match[1].endswith("00") and _SPAN_OF_YEARS.match(after(match)):
        return None
    return digits(match[1])


def _memorial(match: re.Match[str]) -> str:
    """Sales are called by their digits, days of remembrance by their dates."""
    sale = re.match(r"[一-鿿]{0,6}(?:大促|购物|狂欢|促销|特惠)", after(match))
    if sale and match["m"] in ("11", "12"):
        return f"双{cardinal(match['d'])}" if match["m"] == match["d"] else _full_day(match)
    return digits(match["m"] + match["d"]) if sale else _full_day(match)


def _full_day(match: re.Match[str]) -> str:
    return _day(match["m"], match["d"])


def _years(match: re.Match[str]) -> str:
    return f"{digits(match[1])}到{digits(match[2])}"


def _range(match: re.Match[str]) -> str:
    return f"{plain(match[1])}到{plain(match[2])}"


def _generations(match: re.Match[str]) -> str:
    return re.sub(
        r"\s?[-~—]+\s?|/", lambda sign: "、" if sign[0] == "/" else "到", digits(match[0])
    )


def _dotted_range(match: re.Match[str]) -> str:
    year = f"{digits(match[4])}年" if match[4] else ""
    return f"{_full(match)}到{year}{_day(match[5], match[6])}"


def _english(match: re.Match[str]) -> str:
    month = cardinal(str(_MONTH_NAMES.index(match[1]) + 1))
    return f"{digits(match[3])}年{month}月{plain(match[2])}日"


def _quarter(match: re.Match[str]) -> str:
    return (f"{digits(match[1])}年" if match[1] else "") + f"第{cardinal(match[2])}季度"


RULES = (
    # 2025-11-22T08:30:00+08:00, 2025-11-22 08:30:00.123456 -> 二零二五年十一月二十二日 08:30:00
    # (the clock reads on)
    Rule(
        "timestamp",
        re.compile(
            rf"{_START}(?P<y>{_YEAR})-(?P<m>{_MONTH})-(?P<d>{_DAY})[T ]"
            r"(?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\.[0-9]{1,9})?"
            r"(?:Z|\+00:00|[+-][0-9]{2}:?[0-9]{2})?(?![0-9:])"
        ),
        lambda match: _full(match) + match["time"],
    ),
    # 2026.12.24-2026.12.26, 2026.6.1-6.18 -> 到
    Rule(
        "range of dotted dates",
        re.compile(
            rf"{_START}(?P<y>{_YEAR})\.(?P<m>{_MONTH})\.(?P<d>{_DAY}){DASH}"
            rf"(?:({_YEAR})\.)?({_MONTH})\.({_DAY})(?![0-9A-Za-z.])"
        ),
        _dotted_range,
        frozenset("."),
    ),
    # 2025-11-22, 2025/11/22, 2025.11.22 -> 二零二五年十一月二十二日
    Rule(
        "date",
        re.compile(rf"{_START}(?P<y>{_YEAR})([-/.])(?P<m>{_MONTH})\2(?P<d>{_DAY}){_END}"),
        _date,
    ),
    # 25/11/2025, 08-08-2008 -> 二零二五年十一月二十五日
    Rule(
        "year last",
        re.compile(rf"{_START}([0-9]{{1,2}})([-/])([0-9]{{1,2}})\2((?:19|20)[0-9]{{2}}){_END}"),
        _year_last,
    ),
    # Nov. 22, 2025 -> 二零二五年十一月二十二日
    Rule(
        "English date",
        re.compile(
            rf"(?<![A-Za-z])({'|'.join(_MONTH_NAMES)})[a-z]{{0,6}}\.?\s({_DAY})(?:st|nd|rd|th)?,?"
            rf"\s({_YEAR}){_END}"
        ),
        _english,
    ),
    # 生产日期20251122 -> 生产日期二零二五年十一月二十二日
    Rule(
        "compact date",
        re.compile(
            rf"{_START}(?P<y>{_YEAR})(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12][0-9]|3[01])(?![0-9A-Za-z])"
        ),
        _compact,
    ),
    # 2024-2025年 -> 二零二四到二零二五年; 2024-25赛季, 2024/25赛季 -> 二零二四到二五赛季
    Rule(
        "years",
        re.compile(rf"{_START}({_YEAR})(?:{DASH}|/)({_YEAR}|[0-9]{{2}})(?=年|赛季|财年|学年)"),
        _years,
    ),
    # 1998-2008 -> 一九九八到二零零八
    Rule(
        "years alone",
        re.compile(
            rf"{_START}((?:1[89]|20)[0-9]{{2}}){DASH}((?:1[89]|20)[0-9]{{2}})"
            r"(?=这|期间|之间|间|[，。、,；;)）\s]|$)"
        ),
        lambda match: _years(match) if match[1] < match[2] else None,
    ),
    # 2025年 -> 二零二五年; 08年 -> 零八年; 2000年前 -> 两千年前
    Rule("year", re.compile(rf"(?<![0-9.])({_YEAR}|0[0-9]{{1,2}})(?=年(?!级))"), _year),
    # 25年11月 -> 二五年十一月; 98年出生 -> 九八年出生
    Rule(
        "short year",
        re.compile(
            rf"(?<![0-9.])([0-9]{{2}})(?=年(?!代)(?:{_MONTH}月|[春夏秋冬]|出生|生人|毕业|入学|{_EVENTS}))"
        ),
        lambda match: digits(match[1]),
    ),
    # '98年的电影 -> 九八年
    Rule(
        "cut year",
        re.compile(r"(?<![0-9A-Za-z])['’‘]([0-9]{2})(?=年|届|级|款)"),
        lambda match: digits(match[1]),
        frozenset("'’‘"),
    ),
    # 生于90年 -> 生于九零年; 活了90年 counts
    Rule(
        "short year after an event",
        re.compile(r"(?:(?<=[生建始卒毕]于)|(?<=[出诞]生于)|(?<=毕业于))([0-9]{2})(?=年)"),
        lambda match: digits(match[1]),
    ),
    # 公元前221年 -> 公元前二二一年
    Rule(
        "year of our era",
        re.compile(r"(?:(?<=公元)|(?<=公元前)|(?<=西元))([0-9]{1,4})(?=年)"),
        lambda match: digits(match[1]) if len(match[1]) > 2 else cardinal(match[1]),
    ),
    # 12.13国家公祭日 -> 十二月十三日国家公祭日; 6.18大促 -> 六一八大促
    Rule(
        "memorial day",
        re.compile(
            rf"{_START}(?P<m>{_MONTH})\.(?P<d>{_DAY})(?=(?:[一-鿿]{{0,6}})"
            r"(?:节|纪念日|公祭日|大促|购物|狂欢|促销|特惠))"
        ),
        _memorial,
        frozenset("."),
    ),
    # 2026世界杯 -> 二零二六世界杯
    Rule(
        "year before an event",
        re.compile(rf"{_START}({_YEAR})(?=\s?(?:{_EVENTS}|[春夏秋冬]季?[款新]))"),
        lambda match: digits(match[1]),
    ),
    # 2025-11 -> 二零二五年十一月
    Rule(
        "year and month",
        re.compile(rf"{_START}({_YEAR})[-/](0[1-9]|1[0-2]){_END}"),
        lambda match: f"{digits(match[1])}年{plain(match[2])}月",
    ),
    # 3-5月 -> 三到五月
    Rule("months", re.compile(rf"{_START}({_MONTH}){DASH}({_MONTH})(?=月(?!子))"), _range),
    # 5-8日 -> 五到八日; 12月24-25日 -> 12月二十四到二十五日
    Rule(
        "days", re.compile(rf"{_START}({_DAY}){DASH}({_DAY})(?=[日号](?![楼线门桌机口]))"), _range
    ),
    # 11月22日 -> 十一月二十二日; 01月05号 -> 一月五号; 11月22 -> 十一月二十二
    Rule(
        "month and day",
        re.compile(rf"(?<![0-9.])({_MONTH})月({_DAY})(?![0-9]|\.[0-9]|[万亿千百个])"),
        lambda match: f"{plain(match[1])}月{plain(match[2])}",
    ),
    # 05月 -> 五月
    Rule("month", re.compile(rf"(?<![0-9.])({_MONTH})(?=月(?!子))"), lambda match: plain(match[1])),
    # 05日 -> 五日
    Rule("day", re.compile(r"(?<![0-9.])0([1-9])(?=[日号])"), lambda match: plain(match[1])),
    # 5月1日-7日, 3月-5月, 周一~周五, 上午-下午: the dash is 到
    Rule(
        "range of dates",
        re.compile(
            r"(?:(?<=[日号月年午晚])|(?<=周[一二三四五六日天])|(?<=[星礼][期拜][一二三四五六日天]))\s?[-~—]{1,2}\s?"
            rf"(?=[0-9一二三四五六七八九十]{{1,4}}[年月日号]|周|星期|礼拜|次日|明|今|翌日|{_HALVES})"
        ),
        lambda match: "到",
        frozenset("-~—"),
    ),
    # 11/22 周六 -> 十一月二十二日 周六; 11-22 08:30 -> 十一月二十二日 08:30; 08/08 -> 八月八日
    Rule(
        "month/day",
        re.compile(rf"{_START}(?P<m>{_MONTH})[-/](?P<d>{_DAY}){_END}(?!=|\s?[℃℉°])"),
        _month_day,
    ),
    # 90-95后 -> 九零到九五后; 80、90后 -> 八零、九零后
    Rule(
        "generations",
        re.compile(rf"(?<![0-9.:])([0-9][05])((?:{DASH}|[、/和])[0-9][05])+(?=后(?![面来边天]))"),
        _generations,
    ),
    # 90后 -> 九零后
    Rule(
        "generation",
        re.compile(r"(?<![0-9.:])([0-9][05])(?=后(?![面来边]))"),
        lambda match: digits(match[1]),
    ),
    # 周1 -> 周一, 星期7 -> 星期日
    Rule(
        "weekday",
        re.compile(r"(?:(?<=周)|(?<=星期)|(?<=礼拜))([1-7])(?![0-9.%:年月日周天个次])"),
        lambda match: "日" if match[1] == "7" else cardinal(match[1]),
    ),
    # Q1：多久换一次？ -> Q一: a question and its number
    Rule(
        "numbered question",
        re.compile(r"(?<![0-9A-Za-z])([QA])([0-9]{1,2})(?=\s?[：:.、])"),
        lambda match: f"{match[1]}{cardinal(match[2])}",
        frozenset("QA"),
    ),
    # 2025Q1, 2025年Q3 -> 二零二五年第一季度
    Rule(
        "quarter",
        re.compile(
            rf"(?:(?<![0-9A-Za-z.])({_YEAR})年?)?(?<![A-Za-z])Q([1-4])(?:季度|(?![0-9A-Za-z]))"
        ),
        _quarter,
        frozenset("Q"),
    ),
)
