"""Years, months, days, weekdays, quarters."""

from __future__ import annotations

import re

from tts_daemon.text.normalize.numbers import cardinal, digits
from tts_daemon.text.normalize.rule import Rule, after, before

_MONTH = r"(?:0?[1-9]|1[0-2])"
_DAY = r"(?:0?[1-9]|[12][0-9]|3[01])"
_YEAR = r"(?:1[0-9]{3}|20[0-9]{2})"
_START = r"(?<![0-9A-Za-z.\-/])"
_END = r"(?![0-9A-Za-z\-/]|\.[0-9])"
_TO = r"\s?(?:-|~|—{1,2}|至|到)\s?"
_TIME_FOLLOWS = re.compile(
    r"\s?(?:[(（]?(?:周|星期|礼拜)|[0-9]{1,2}:[0-9]{2}|上午|下午|晚|早|凌晨|中午|号|日)"
)
_DATE_BEFORE = re.compile(
    r"(?:日期|时间|截止|截至|生日|出生|有效期|保质期|到期|周[一二三四五六日天]|期日?)(?:[是为到:：]|\s)*$"
)


def plain(text: str) -> str:
    """A month, day, hour or minute without its leading zero: `08` -> `八`."""
    return cardinal(text.lstrip("0") or "0")


def _day(month: str, day: str) -> str:
    return f"{plain(month)}月{plain(day)}日"


def _full(match: re.Match[str]) -> str:
    return f"{digits(match['y'])}年{_day(match['m'], match['d'])}"


def _compact(match: re.Match[str]) -> str | None:
    if not _DATE_BEFORE.search(before(match)):
        return None
    return f"{digits(match[1])}年{_day(match[2], match[3])}"


def _month_day(match: re.Match[str]) -> str | None:
    if _TIME_FOLLOWS.match(after(match)) or _DATE_BEFORE.search(before(match)):
        tail = after(match, 1)
        spoken = _day(match["m"], match["d"])
        return spoken[:-1] if tail in ("日", "号") else spoken
    return None


def _year(match: re.Match[str]) -> str | None:
    """A span of thousands of years is a count: `2000年前`, `5000年历史`."""
    if match[1].endswith("00") and re.match(
        r"年(?:前|之久|的?(?:历史|文明|时间|寿命))", after(match)
    ):
        return None
    return digits(match[1])


def _years(match: re.Match[str]) -> str:
    return f"{digits(match[1])}到{digits(match[2])}"


def _months(match: re.Match[str]) -> str:
    return f"{plain(match[1])}到{plain(match[2])}"


RULES = (
    # 2025-11-22T08:30:00+08:00 -> 二零二五年十一月二十二日 08:30:00 (the clock reads on)
    Rule(
        "timestamp",
        re.compile(
            rf"{_START}(?P<y>{_YEAR})-(?P<m>{_MONTH})-(?P<d>{_DAY})[T ]"
            r"(?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
        ),
        lambda match: _full(match) + match["time"],
    ),
    # 2025-11-22, 2025/11/22, 2025.11.22 -> 二零二五年十一月二十二日
    Rule(
        "date",
        re.compile(rf"{_START}(?P<y>{_YEAR})([-/.])(?P<m>{_MONTH})\2(?P<d>{_DAY}){_END}"),
        _full,
    ),
    # 生产日期20251122 -> 生产日期二零二五年十一月二十二日
    Rule(
        "compact date",
        re.compile(rf"{_START}({_YEAR})(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])(?![0-9A-Za-z])"),
        _compact,
    ),
    # 2024-2025年 -> 二零二四到二零二五年
    Rule(
        "years",
        re.compile(rf"{_START}({_YEAR}){_TO}({_YEAR}|[0-9]{{2}})(?=年|赛季|财年|学年)"),
        _years,
    ),
    # 2025年 -> 二零二五年; 2000年前 -> 两千年前
    Rule("year", re.compile(rf"(?<![0-9.])({_YEAR}|0[0-9]{{1,2}})(?=年(?!级))"), _year),
    # 25年11月 -> 二五年十一月; 98年出生 -> 九八年出生
    Rule(
        "short year",
        re.compile(
            rf"(?<![0-9.])([0-9]{{2}})(?=年(?:{_MONTH}月|[春夏秋冬]|世界杯|奥运|出生|生人|款|毕业|入学))"
        ),
        lambda match: digits(match[1]),
    ),
    # 2025-11 -> 二零二五年十一月; 2025/3 stays for the fractions
    Rule(
        "year and month",
        re.compile(rf"{_START}({_YEAR})[-/](0[1-9]|1[0-2]){_END}"),
        lambda match: f"{digits(match[1])}年{plain(match[2])}月",
    ),
    # 3-5月 -> 三到五月
    Rule("months", re.compile(rf"{_START}({_MONTH}){_TO}({_MONTH})(?=月(?!子))"), _months),
    # 11月22日 -> 十一月二十二日; 01月05号 -> 一月五号; 11月22 -> 十一月二十二
    Rule(
        "month and day",
        re.compile(rf"(?<![0-9.])({_MONTH})月({_DAY})(?![0-9]|\.[0-9]|[万亿千百个])"),
        lambda match: f"{plain(match[1])}月{plain(match[2])}",
    ),
    # 05月 -> 五月
    Rule("month", re.compile(rf"(?<![0-9.])({_MONTH})(?=月(?!子))"), lambda match: plain(match[1])),
    # 5-8日 -> 五到八日, 1-7号 -> 一到七号
    Rule(
        "days",
        re.compile(rf"{_START}({_DAY}){_TO}({_DAY})(?=[日号](?!楼|线|门|桌|机|口))"),
        _months,
    ),
    # 05日 -> 五日
    Rule("day", re.compile(r"(?<![0-9.])0([1-9])(?=[日号])"), lambda match: plain(match[1])),
    # 5月1日-7日, 周一-周五, 上午-下午 -> 到
    Rule(
        "date range",
        re.compile(
            r"(?<=[日号月年午晚一二三四五六])\s?[-~—]{1,2}\s?(?=[0-9]|周|星期|次日|明|上午|下午|晚|今|至今)"
        ),
        lambda match: (
            "到"
            if re.search(r"[日号月年午晚]$|(?:周|星期)[一二三四五六日]$", before(match))
            else None
        ),
        frozenset("-~—"),
    ),
    # 11/22 周六 -> 十一月二十二日 周六; 11-22 08:30 -> 十一月二十二日 08:30
    Rule("month/day", re.compile(rf"{_START}(?P<m>{_MONTH})[-/](?P<d>{_DAY}){_END}"), _month_day),
    # 90后 -> 九零后
    Rule(
        "generation",
        re.compile(r"(?<![0-9.])([0-9]0|[0-9]5)(?=后(?![面来边]))"),
        lambda match: digits(match[1]),
    ),
    # 周1 -> 周一, 星期7 -> 星期日
    Rule(
        "weekday",
        re.compile(r"(?<=[周期拜])([1-7])(?![0-9.%:年月日周天个次])"),
        lambda match: "日" if match[1] == "7" else cardinal(match[1]),
    ),
    # 2025Q1, 第3季度 -> 二零二五年第一季度
    Rule(
        "quarter",
        re.compile(rf"(?:(?<![0-9A-Za-z.])({_YEAR})年?)?(?<![A-Za-z])Q([1-4])(?![0-9A-Za-z])"),
        lambda match: (f"{digits(match[1])}年" if match[1] else "") + f"第{cardinal(match[2])}季度",
        frozenset("Q"),
    ),
    # 2026世界杯 -> 二零二六世界杯
    Rule(
        "year before an event",
        re.compile(
            rf"{_START}({_YEAR})(?=\s?(?:世界杯|欧洲杯|亚洲杯|奥运|冬奥|亚运|春晚|春节|新年|跨年|元旦|高考|中考|国考|考研|款|版|届|财年|赛季|[春夏秋冬]季?[款新]))"
        ),
        lambda match: digits(match[1]),
    ),
)
