"""Times of day, and durations written with colons or letters."""

from __future__ import annotations

import re

from tts_daemon.text.normalize.dates import plain
from tts_daemon.text.normalize.numbers import counted, digits
from tts_daemon.text.normalize.rule import DASH, Rule, after, before

_TIME = r"([01]?[0-9]|2[0-4]):([0-5][0-9])(?::([0-5][0-9])(?:\.[0-9]{1,3})?)?"
_HMS = r"(?P<h>[0-9]{1,2}):(?P<m>[0-9]{2}):(?P<s>[0-9]{2})"
_START = r"(?<![0-9A-Za-z.])(?<![0-9A-Za-z]:)"
_END = r"(?![0-9A-Za-z]|:[0-9]|\.[0-9])"
_DURATION = re.compile(
    r"(?:时长|用时|耗时|计时器?|剩余|还剩|还有|历时|配速|成绩|进度|播放到|片长)(?:时间)?(?:[是为:：了约]|\s)*$"
)
SCORE = re.compile(
    r"比分[^，。；]{0,6}$|(?:以|比例|宽高比|战胜|击败|不敌|负于|险胜|大胜|完胜|完败|领先|落后|战平|逆转|局点|总分|半场|[赔取中比]率)"
    r"(?:[是为约:：]|\s)*$"
)
"""What stands before a score or a ratio."""
_HALF_OF_DAY = re.compile(
    r"(?:上午|下午|早上|晚上|早晨|傍晚|凌晨|中午|今晚|明早|夜里|清晨|明晚|昨晚|早|晚)\s?$"
)


def _minutes(text: str) -> str:
    return f"零{plain(text)}" if text[0] == "0" and text != "00" else plain(text)


def moment(hour: str, minute: str, second: str | None) -> str:
    """`14`, `05`, None -> `十四点零五分`; `8`, `00`, None -> `八点`; seconds of 00 are not said."""
    words = f"{counted(hour.lstrip('0') or '0')}点"
    exact = second if second and second != "00" else None
    if minute != "00" or exact:
        words += f"{_minutes(minute)}分"
    return words + (f"{_minutes(exact)}秒" if exact else "")


def _time(match: re.Match[str]) -> str | None:
    left = before(match)
    if SCORE.search(left) and not match[3]:
        return None
    if _DURATION.search(left):
        return _length(match)
    return moment(match[1], match[2], match[3])


def _length(match: re.Match[str]) -> str:
    """`1:05:30` -> `一小时五分三十秒`, `3:25` -> `三分二十五秒`."""
    values = [value for value in match.groups() if value is not None]
    units = ("小时", "分", "秒")[-len(values) :]
    parts = zip(values, units, strict=True)
    return (
        "".join(counted(value.lstrip("0")) + unit for value, unit in parts if value.strip("0"))
        or "零秒"
    )


def _range(match: re.Match[str]) -> str | None:
    if SCORE.search(before(match)):
        return None
    return f"{moment(*match.group(1, 2, 3))}到{moment(*match.group(4, 5, 6))}"


def _twelve_hours(match: re.Match[str]) -> str:
    half = "" if _HALF_OF_DAY.search(before(match)) else _half(match[4], match[1])
    return half + moment(match[1], match[2] or "00", match[3])


def _half(letter: str, hour: str) -> str:
    """Twelve begins its half of the day: 12:30 AM is half an hour after midnight."""
    if hour == "12":
        return "凌晨" if letter in "aA" else "中午"
    return "上午" if letter in "aA" else "下午"


def _letters(match: re.Match[str]) -> str | None:
    """`1h30m` -> `一小时三十分`; one part alone is left to the units."""
    parts = zip(match.groups(), ("天", "小时", "分", "秒"), strict=True)
    spoken = [counted(value) + unit for value, unit in parts if value]
    return "".join(spoken) if len(spoken) > 1 else None


def _written_minutes(match: re.Match[str]) -> str | None:
    if re.match(r"[%℃个位条次元块万亿]", after(match, 1)):
        return None
    return f"{counted(match[1].lstrip('0') or '0')}{match[2]}{_minutes(match[3])}"


def _timedelta(match: re.Match[str]) -> str:
    """`2 days, 3:04:05` -> `两天三小时四分五秒`; parts of nothing are not said."""
    days, hours, minutes, seconds = match.group("d", "h", "m", "s")
    parts = ((days, "天"), (hours, "小时"), (minutes, "分"), (seconds, "秒"))
    said = [
        counted(value.lstrip("0")) + unit for value, unit in parts if value and value.strip("0")
    ]
    return ("负" if match["minus"] else "") + ("".join(said) or "零秒")


RULES = (
    # 2 days, 3:04:05 -> 两天三小时四分五秒
    Rule(
        "time span of Python",
        re.compile(
            r"(?P<minus>(?<![0-9A-Za-z])-)?(?<![0-9A-Za-z.:])(?P<d>[0-9]{1,6}) days?"
            rf"(?:, {_HMS}(?:\.[0-9]{{6}})?)?(?![0-9A-Za-z:])"
        ),
        _timedelta,
        frozenset("d"),
    ),
    # 1:23:45.678901 -> 一小时二十三分四十五秒
    Rule(
        "span with microseconds",
        re.compile(rf"(?<![0-9A-Za-z.:日T])(?<!日 )(?P<minus>)(?P<d>){_HMS}\.[0-9]{{6}}(?![0-9])"),
        _timedelta,
        frozenset(":"),
    ),
    # PT1H30M -> 一小时三十分
    Rule(
        "ISO duration",
        re.compile(
            r"(?<![0-9A-Za-z])(?P<minus>-)?P(?=T?[0-9])(?:(?P<d>[0-9]{1,4})D)?"
            r"(?:T(?:(?P<h>[0-9]{1,4})H)?(?:(?P<m>[0-9]{1,4})M)?(?:(?P<s>[0-9]{1,5})(?:\.[0-9]+)?S)?)?(?![0-9A-Za-z])"
        ),
        _timedelta,
        frozenset("P"),
    ),
    # 10:00-11:30 AM -> 上午十点到十一点三十分
    Rule(
        "range in one half of the day",
        re.compile(
            rf"{_START}([0-9]{{1,2}}):([0-5][0-9]){DASH}([0-9]{{1,2}}):([0-5][0-9])\s?([AaPp])"
            r"(?:\.[Mm]\.?|[Mm])(?![A-Za-z])"
        ),
        lambda match: (
            f"{_half(match[5], match[1])}{moment(match[1], match[2], None)}到"
            f"{moment(match[3], match[4], None)}"
        ),
        frozenset("AaPp"),
    ),
    # 9:00-18:00 -> 九点到十八点
    Rule("time range", re.compile(f"{_START}{_TIME}{DASH}{_TIME}{_END}"), _range, frozenset(":")),
    # 3:30 PM -> 下午三点三十分; 9am -> 上午九点
    Rule(
        "twelve hours",
        re.compile(
            rf"{_START}(0?[0-9]|1[0-2])(?::([0-5][0-9])(?::([0-5][0-9]))?)?\s?([AaPp])(?:\.[Mm]\.?|[Mm])(?![A-Za-z])"
        ),
        _twelve_hours,
        frozenset("AaPp"),
    ),
    # PM 3:30 -> 下午 3:30
    Rule(
        "half of day",
        re.compile(r"(?<![A-Za-z])([AaPp])(?:\.[Mm]\.?|[Mm])\s?(?=([0-9]{1,2}):[0-9]{2})"),
        lambda match: _half(match[1], match[2]),
        frozenset("AaPp"),
    ),
    # 14:30 -> 十四点三十分; 08:05:09 -> 八点零五分零九秒; 时长3:25 -> 时长三分二十五秒;
    # 比分3:12 is left to the scores
    Rule("time", re.compile(f"{_START}{_TIME}{_END}"), _time, frozenset(":")),
    # 36:15:20 -> 三十六小时十五分二十秒: no hour of a day
    Rule(
        "long duration",
        re.compile(rf"{_START}([0-9]{{2,3}}):([0-5][0-9]):([0-5][0-9]){_END}"),
        _length,
        frozenset(":"),
    ),
    # 8点05 -> 八点零五; 2时30分 -> 两时三十分
    Rule(
        "written time",
        re.compile(r"(?<![0-9.第])([01]?[0-9]|2[0-4])([点时])([0-5][0-9])(?![0-9.])"),
        _written_minutes,
    ),
    # 8分05秒 -> 八分零五秒
    Rule(
        "written seconds",
        re.compile(r"(?<=[点时分])(0[1-9])(?=[分秒])"),
        lambda match: _minutes(match[1]),
    ),
    # 9秒58 -> 九秒五八
    Rule(
        "hundredths of a second",
        re.compile(r"(?<=[0-9]秒)([0-9]{2})(?![0-9.])"),
        lambda match: digits(match[1]),
        frozenset("秒"),
    ),
    # 9点-12点, 20:00-次日6:00 -> 到
    Rule(
        "range of times",
        re.compile(
            r"(?<=[点分秒半整刻时])\s?[-~—]{1,2}\s?"
            r"(?=次日|翌日|明|第二天|上午|下午|凌晨|中午|晚|[0-9零一二两三四五六七八九十]{1,3}[点时分秒:])"
        ),
        lambda match: "到",
        frozenset("-~—"),
    ),
    # 1h30m, 1h 30min, 2m30s, 1d2h -> 一小时三十分
    Rule(
        "time in letters",
        re.compile(
            r"(?<![0-9A-Za-z.])(?=[0-9])(?:([0-9]{1,4})d)?\s?(?:([0-9]{1,4})(?:hr?))?\s?"
            r"(?:([0-9]{1,4})(?:min|m))?\s?(?:([0-9]{1,4})(?:sec|s))?(?![0-9A-Za-z])"
        ),
        _letters,
        frozenset("dhms"),
    ),
)
