"""What HTML and Markdown add to a text: entities, tags, emphasis, links, list marks."""

from __future__ import annotations

import html
import re

from tts_daemon.text.normalize.rule import SKIPPED, Rule


def _entity(match: re.Match[str]) -> str:
    plain = html.unescape(match[0])
    return SKIPPED if any("\ud800" <= char <= "\uf8ff" for char in plain) else plain


def _nothing(match: re.Match[str]) -> str:
    return ""


def _content(match: re.Match[str]) -> str:
    return next(group for group in match.groups() if group is not None)


_TAGS = (
    "a|abbr|b|big|code|del|div|em|font|h[1-6]|i|img|kbd|mark|ol|pre|s|script|small|span|style|strong|sub|sup|"
    "table|tbody|thead|u|ul"
)
_BREAKS = "br|hr|li|p|td|th|tr|blockquote"

_HTML = re.compile(f"(?:{_TAGS}|{_BREAKS})")


def is_html(name: str) -> bool:
    """Whether a tag's name is one that the rules below know."""
    return _HTML.fullmatch(name) is not None


RULES = (
    # &lt;3 -> <3; Tom&amp;Jerry -> Tom&Jerry
    Rule(
        "entity",
        re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,10});"),
        _entity,
        frozenset("&"),
    ),
    # 第一行<br>第二行 -> 第一行，第二行
    Rule(
        "break",
        re.compile(rf"</?(?:{_BREAKS})(?:\s[^<>\n]{{0,200}})?/?>"),
        lambda match: "，",
        frozenset("<"),
    ),
    # <b>重要</b> -> 重要
    Rule(
        "tag",
        re.compile(rf"</?(?:{_TAGS})(?:\s[^<>\n]{{0,300}})?/?>|<!--[^\n]{{0,300}}?-->"),
        _nothing,
        frozenset("<"),
    ),
    # 密度见附录[^1], 据研究[1][2]， 新闻【3†来源】 -> nothing; a[1] stays
    Rule(
        "citation",
        re.compile(
            r"\[\^[^\[\]\n]{1,30}\](?=:)|\s?\[\^[^\[\]\n]{1,30}\]|【[0-9:]{1,9}†[^【】\n]{0,60}】"
            r"|(?<=[一-鿿，。；”」）%℃0-9])(?:\s?\[[0-9]{1,3}(?:[,，-][0-9]{1,3})*\])+(?![(（:：])"
        ),
        _nothing,
        frozenset("[【"),
    ),
    # ==重点== -> 重点
    Rule("marked", re.compile(r"==([^=\n]{1,300})=="), _content, frozenset("=")),
    # <https://a.cn>, <me@a.cn> -> https://a.cn
    Rule(
        "bare link",
        re.compile(r"<((?:https?://|mailto:)?[^<>\s]{1,300}[.@:][^<>\s]{1,300})>"),
        _content,
        frozenset("<"),
    ),
    # 5\\*3, 温度 \\| 湿度 -> 5*3, 温度 | 湿度
    Rule(
        "escaped sign",
        re.compile(r"\\([-\\`*_{}\[\]()#+.!|<>~])"),
        _content,
        frozenset("\\"),
    ),
    # ```python -> nothing
    Rule(
        "fence",
        re.compile(r"(?m)^\s{0,3}(?:```|~~~)[A-Za-z0-9+-]{0,20}\s*$"),
        _nothing,
        frozenset("`~"),
    ),
    # ---, ***, |---|---| -> nothing
    Rule(
        "line",
        re.compile(r"(?m)^[ \t]*(?:[-*_=]{3,}|[|:\- ]*-{3,}[|:\- ]*)[ \t]*$"),
        _nothing,
        frozenset("-*_="),
    ),
    # ## 标题 -> 标题
    Rule("heading", re.compile(r"(?m)^\s{0,3}#{1,6}[ \t]+"), _nothing, frozenset("#")),
    # > 引用 -> 引用
    Rule("quotation", re.compile(r"(?m)^\s{0,3}(?:>[ \t]?)+(?![0-9=])"), _nothing, frozenset(">")),
    # - 牛奶 -> 牛奶; - [x] 买菜 -> 买菜
    Rule(
        "bullet",
        re.compile(r"(?m)^[ \t]*[-*+·●○◦▪■□◆][ \t]+(?:\[[ xX]\][ \t]+)?"),
        _nothing,
        frozenset("-*+·●○◦▪■□◆"),
    ),
    # 1. 打开客厅灯 -> 1，打开客厅灯
    Rule(
        "numbered item",
        re.compile(r"(?m)^[ \t]*([0-9]{1,3})(?:[.)）][ \t]+|[.)）](?=[一-鿿]))"),
        lambda match: f"{match[1]}，",
    ),
    # 1. 开灯 2. 关灯 -> 1，开灯 2，关灯
    Rule(
        "numbered item in a line",
        re.compile(r"(?<=[\s，。；：])([0-9]{1,2})(?:[.、]\s*|[)）]\s*)(?=[一-鿿])"),
        lambda match: f"，{match[1]}，",
    ),
    # ![图](a.png) -> 图; [文档](https://a.cn) -> 文档
    Rule(
        "link",
        re.compile(r"!?\[([^\[\]\n]{0,300})\]\([^()\s]{0,500}(?:\s\"[^\"\n]{0,100}\")?\)"),
        _content,
        frozenset("["),
    ),
    # **重要** -> 重要
    Rule(
        "strong",
        re.compile(r"\*\*([^*\n]{1,300})\*\*|(?<![0-9A-Za-z_])__([^_\n]{1,300})__(?![0-9A-Za-z_])"),
        _content,
        frozenset("*_"),
    ),
    # `ls` -> ls
    Rule("code", re.compile(r"`{1,3}([^`\n]{1,300})`{1,3}"), _content, frozenset("`")),
    # ~~旧~~ -> 旧
    Rule("struck", re.compile(r"~~([^~\n]{1,300})~~"), _content, frozenset("~")),
    # *注意* -> 注意
    Rule(
        "emphasis",
        re.compile(
            r"(?<![*0-9A-Za-z])\*([^*\s][^*\n]{0,300})\*(?![*0-9])|(?<![0-9A-Za-z_])_([^_\s][^_\n]{0,300})_(?![0-9A-Za-z_])"
        ),
        _content,
        frozenset("*_"),
    ),
    # #早安# -> 早安
    Rule("topic", re.compile(r"(?<![0-9])#([^#\s0-9][^#\n]{0,40})#"), _content, frozenset("#")),
    # | 8:00 | 26℃ | -> 8:00 | 26℃
    Rule(
        "table row",
        re.compile(r"(?m)^[ \t]*\|([^\n]*[^\n|])\|[ \t]*$"),
        _content,
        frozenset("|"),
    ),
    # | 客厅 | 26 | -> ，客厅，26，
    Rule("cell", re.compile(r"\s?[|｜¦]+\s?"), lambda match: "，", frozenset("|｜¦")),
)
