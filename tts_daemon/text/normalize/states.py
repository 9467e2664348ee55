"""States of Home Assistant in English, as templates print them: `扫地机 docked` -> 扫地机已停靠.

A state is read where it stands alone between Chinese words and signs; beside another English word
it is English. What the device is decides over on and off: `大门 on` is open, `人体传感器 on` has
noticed somebody.
"""

from __future__ import annotations

import re
from functools import cache

from tts_daemon.text import tables
from tts_daemon.text.normalize.rule import Change, after, before

_CLAUSE = re.compile(r"[^，。！？；,!?;\n|]*$")
# A device class, as the text shows it -> what on and off mean.
_CLASSES = (
    (re.compile("门锁|锁"), "已解锁", "已锁定"),
    (re.compile("[门窗阀]磁?(?:传感器|状态)?|窗帘|卷帘|车库"), "打开", "关闭"),
    (re.compile("人体|人在|有人|存在|占用|occupancy|presence"), "有人", "无人"),
    (re.compile("[移运震振]动|烟[雾感]|[燃煤]气|漏水|水浸|motion|smoke"), "检测到", "未检测到"),
    (re.compile("在线|连接|网络"), "已连接", "已断开"),
    (re.compile("电量|电池"), "电量低", "正常"),
    (re.compile("充电"), "充电中", "未充电"),
    (re.compile("更新"), "可更新", "已是最新"),
)  # fmt: skip
# The word before shows that a weak word tells a state: 状态为open, 模式：auto, 空调 cool.
_TOLD = re.compile(
    r"(?:[：:=→>（(|、，,]|为|是|成|到|至|状态|模式|档|挡|变|[一-鿿」”\"'’]\s)\s?[\"'“‘「]?$"
)
_OPENED = re.compile("(?:门|窗|窗户|窗帘|卷帘|车库|阀)$")
_ALONE = re.compile(r"([a-z][a-z_]*\.[a-z0-9_]+(?:\s*[:=]\s*|\s+(?:is\s+)?))?([A-Za-z_]+)\s*")
_DEGREE = re.compile(r"[很太真好超最更挺这那不没]\s$")


@cache
def _states() -> dict[str, tuple[str, str]]:
    rows = (line.split("\t") for line in tables.data_lines("states.tsv"))
    return {state: (spoken, kind) for state, spoken, kind in rows}


@cache
def _pattern() -> re.Pattern[str]:
    words = {*_states(), *(state.capitalize() for state in _states()), "ON", "OFF"}
    names = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
    return re.compile(
        rf"(?:(?<=[一-鿿]) )?(?<![0-9A-Za-z_.'’/@#$%+*=-])(?<![0-9A-Za-z] )({names})"
        r"(?![0-9A-Za-z_'’/@#+*-]|\.[0-9A-Za-z])(?! ?[A-Za-z0-9])"
    )


def _spoken(match: re.Match[str]) -> str | None:
    state = match[1]
    spoken, kind = _states().get(state) or _states()[state.lower()]
    left = before(match, 24) + match[0][: -len(state)]
    clause = _CLAUSE.search(left)
    told = clause[0] if clause else ""
    if not re.search("[一-鿿]", left[-6:] + after(match, 6)):
        return None
    if kind == "weak" and not _is_told(left, after(match, 2)):
        return None
    if state.lower() in ("on", "off"):
        for shown, on, off in _CLASSES:
            if shown.search(told):
                return on if state.lower() == "on" else off
    return spoken


def _is_told(left: str, right: str) -> bool:
    """Whether a word that is English too stands for a state: 模式：cool, 窗户open, cool模式."""
    if re.match("模式|状态|[档挡]", right):
        return True
    if re.match("[一-鿿]", right) or _DEGREE.search(left):
        return False
    return bool(_TOLD.search(left) or _OPENED.search(left))


def _alone(text: str) -> str:
    """A text that is nothing but a state, with or without its entity: light.hall: unavailable."""
    match = _ALONE.fullmatch(text)
    row = (_states().get(match[2]) or _states().get(match[2].lower())) if match else None
    if match is None or row is None or (row[1] == "weak" and not match[1]):
        return text
    return f"{match[1] or ''}{row[0]}"


def read(text: str) -> str:
    """Every state of the table."""
    if text.isascii():
        return _alone(text)
    return _pattern().sub(lambda match: _spoken(match) or match[0], text)


# 传感器 unavailable -> 传感器 不可用; 门 on -> 门 打开
RULES = (Change("state", read),)
