"""The end of the pass: signs that no rule has read are named, punctuation is reduced."""

from __future__ import annotations

import re

from tts_daemon.text import tables
from tts_daemon.text.normalize.numbers import digits
from tts_daemon.text.normalize.rule import HAN, SKIPPED, Rule

_ALWAYS: frozenset[str] = frozenset()
_NAMES = {
    "+": "加", "=": "等于", "×": "乘", "÷": "除以", "±": "正负", "≈": "约等于", "≠": "不等于",
    "≤": "小于等于", "≥": "大于等于", "<": "小于", ">": "大于", "√": "对勾", "∞": "无穷大",
    "%": "百分号", "‰": "千分号", "&": "和", "@": "艾特", "#": "井号", "$": "美元", "¥": "元",
    "€": "欧元", "£": "英镑", "°": "度", "℃": "摄氏度", "℉": "华氏度", "²": "平方", "³": "立方",
    "→": "到", "⇒": "到", "←": "向左", "↑": "上升", "↓": "下降", "^": "的", "\\": "反斜杠",
    "Ω": "欧姆", "□": "方框", "α": "阿尔法", "β": "贝塔", "γ": "伽马", "δ": "德尔塔",
    "ε": "艾普西龙", "ζ": "泽塔", "η": "伊塔", "θ": "西塔", "κ": "卡帕", "λ": "兰姆达", "μ": "缪",
    "ν": "纽", "ξ": "克西", "π": "派", "ρ": "柔", "σ": "西格玛", "τ": "陶", "φ": "斐",
    "χ": "卡伊", "ψ": "普西", "ω": "欧米伽", "Δ": "德尔塔", "Σ": "西格玛", "Φ": "斐", "Π": "派",
    "∑": "求和", "∏": "连乘", "∫": "积分", "∵": "因为", "∴": "所以", "∈": "属于", "∩": "交",
    "∪": "并", "∅": "空集", "∠": "角", "⊥": "垂直于", "∥": "平行于", "△": "三角形", "♂": "男",
    "♀": "女",
    "≌": "全等于", "∽": "相似于", "≡": "恒等于",
}  # fmt: skip
_NAME = re.compile("[" + re.escape("".join(_NAMES)) + "]")

# To what each mark is reduced; "" is a mark that is seen but not heard.
_MARKS = {
    **dict.fromkeys("，,（）()【】[]{}「」『』〔〕〖〗—|/;~_`", "，"),
    **dict.fromkeys("“”‘\"《》〈〉«»‹›＂＇·*", ""),
    **dict.fromkeys("。.", "。"), **dict.fromkeys("！!", "！"), **dict.fromkeys("？?", "？"),
    **dict.fromkeys("：:", "："), "、": "、", "；": "；", "…": "…", "\n": "，", "\t": "，",
}  # fmt: skip
_MARKS.update(dict.fromkeys("「」『』", ""))
_MARKS["/"] = "、"
_MARKS[";"] = "；"
_MARKS["_"] = " "

_STRENGTH = {"！": 5, "？": 6, "。": 4, "；": 3, "：": 2, "，": 1, "…": 1, "、": 0}
_RUN = re.compile(r"[，。！？；：…、 ]{2,}|…")
# Of the commonest block only these may lack a reading; what lies outside of it often does.
_RARE = re.compile("[兙兡嗧桛烪瓧瓰瓱瓼甅龦-鿿㐀-䶿\U00020000-\U000323af]")
_FOREIGN = re.compile(rf"[^{HAN}A-Za-z'，。！？；：…、 {SKIPPED}]")


def _unreadable(match: re.Match[str]) -> str:
    return match[0] if tables.characters().get(match[0]) else SKIPPED


def dropped(text: str) -> tuple[str, ...]:
    """The letters and characters that `RULES` will skip at their end, for want of a reading."""
    letters = [char for char in _FOREIGN.findall(text) if char.isalpha()]
    rare = [char for char in _RARE.findall(text) if not tables.characters().get(char)]
    return tuple(dict.fromkeys(letters + rare))


def _nothing(match: re.Match[str]) -> str:
    return ""


def _mark(match: re.Match[str]) -> str:
    return _MARKS[match[0]]


def _strongest(match: re.Match[str]) -> str:
    """One mark for a run: `！！！` -> `！`; dots trail off into a comma, or end the sentence."""
    marks = match[0].replace(" ", "")
    if not marks:
        return " "
    if match.end() == len(match.string) and not marks.strip("…，。"):
        return "。"
    mark = max(marks, key=_STRENGTH.__getitem__)
    if re.fullmatch(r"。{3,}", marks):
        mark = "，"
    return "，" if mark == "…" else mark


def join_marks(text: str) -> str:
    """One mark for every run of marks."""
    return _RUN.sub(_strongest, text)


GAPS = (
    # 温度26℃ 湿度45% -> 温度26℃，湿度45%; 设备离线 请检查 -> 设备离线，请检查
    Rule(
        "gap",
        re.compile(rf"(?:(?<=[{HAN}]{{2}})|(?<=[℃℉%])) +(?=[{HAN}]{{2}})"),
        lambda match: "，",
        frozenset(" "),
    ),
    # 树莓派5 8GB版 -> 树莓派5，8GB版; Windows 11 24H2
    Rule(
        "gap between numbers",
        re.compile(r"(?<=[0-9]) +(?=[0-9]{1,4}[A-Za-z])"),
        lambda match: "，",
        frozenset(" "),
    ),
    # → 下一步 -> 下一步
    Rule(
        "arrow at the start",
        re.compile(r"^\s*(?:[→⇒➜»>]|->|=>)\s*(?![0-9])"),
        _nothing,
        frozenset("→⇒➜»>"),
    ),
    # ©2025 -> 二零二五
    Rule(
        "copyright",
        re.compile(r"[©®℗]\s?((?:19|20)[0-9]{2})?(?![0-9])"),
        lambda match: SKIPPED + (digits(match[1]) if match[1] else ""),
        frozenset("©®℗"),
    ),
)
"""Read early: white space and signs that only part."""

RULES = (
    # 北京-上海高铁 -> 北京到上海高铁
    Rule(
        "route",
        re.compile(
            rf"(?<=[{HAN}])\s?[-—~]+\s?(?=[{HAN}]{{2,5}}的?(?:高铁|航班|列车|动车|航线|火车|机票|车票|直达|段|铁路|高速|公路|机场|城际|专线))"
        ),
        lambda match: "到",
        frozenset("-—~"),
    ),
    # 结果---失败, 客厅-主灯 -> 客厅，主灯
    Rule(
        "dash",
        re.compile(rf"--+| - |(?<=[{HAN}》”）)])\s?-\s?(?=[{HAN}《“（(])"),
        lambda match: "，",
        frozenset("-"),
    ),
    # Type-C -> Type C
    Rule("hyphen", re.compile("-"), lambda match: " ", frozenset("-")),
    # 你好~ -> 你好; 周末~下周 is read before
    Rule(
        "drawn-out end",
        re.compile(r"~+(?=\s*(?:[，。！？!?,]|$))"),
        _nothing,
        frozenset("~"),
    ),
    # √ 完成 -> 完成
    Rule(
        "tick",
        re.compile(rf"(?<![{HAN}0-9A-Za-zπ)）²³])[√✓✔×✗✘]\s?(?=[{HAN}])"),
        lambda match: SKIPPED,
        frozenset("√✓✔×✗✘"),
    ),
    # 会议（线上）。 -> 会议，线上。
    Rule(
        "closing bracket",
        re.compile(r"[)）\]】}〕]+(?=\s*(?:[，。！？；：、,.!?;:…]|$))"),
        _nothing,
        frozenset(")）]】}〕"),
    ),
    # 按#号键 -> 按井号键
    Rule(
        "key of a telephone",
        re.compile("([#*])号?键"),
        lambda match: "井号键" if match[1] == "#" else "星号键",
        frozenset("#*"),
    ),
    # A→B -> A到B: signs that no rule has read
    Rule("name of a sign", _NAME, lambda match: _NAMES[match[0]], frozenset(_NAMES)),
    # 'quoted' -> quoted
    Rule(
        "quotation mark",
        re.compile(r"(?<![A-Za-z])['’]|['’](?![A-Za-z])"),
        _nothing,
        frozenset("'’"),
    ),
    # Let’s -> Let's
    Rule("apostrophe", re.compile("’"), lambda match: "'", frozenset("’")),
    # Mr. Smith -> Mr Smith
    Rule(
        "abbreviation",
        re.compile(
            r"(?<![A-Za-z])(Mrs?|Ms|Dr|Prof|St|Jr|vs|Inc|Ltd|Co|Ave|Rd|Vol|No|Fig|etc)\."
            r"(?=[ ,，一-鿿A-Z])"
        ),
        lambda match: f"{match[1]} ",
        frozenset("."),
    ),
    # U.S.A. -> USA
    Rule(
        "initials",
        re.compile(r"(?<![A-Za-z])(?:[A-Za-z]\.){2,}(?:[A-Z](?![A-Za-z]))?"),
        lambda match: match[0].replace(".", ""),
        frozenset("."),
    ),
    # Node.js -> Node点js
    Rule(
        "inner dot", re.compile(r"(?<=[A-Za-z])\.(?=[A-Za-z])"), lambda match: "点", frozenset(".")
    ),
    # “好”（是） -> 好，是，
    Rule("mark", re.compile("[" + re.escape("".join(_MARKS)) + "]"), _mark, _ALWAYS),
    # 龴 -> nothing: characters that no table reads
    Rule("unreadable character", _RARE, _unreadable, _ALWAYS),
    # Whatever is left has no reading: it is skipped, and counted.
    Rule("unknown", _FOREIGN, lambda match: SKIPPED, _ALWAYS),
)
