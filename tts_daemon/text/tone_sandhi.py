"""Tones that depend on the neighbours: the neutral tone, 一 and 不, and the third tone."""

from __future__ import annotations

from tts_daemon.text import tables
from tts_daemon.text.reading import Syllable, Word
from tts_daemon.text.tables import word_set

_DIGITS = frozenset("零〇一二三四五六七八九十百千万亿两幺点")
_LARGE = frozenset("百千万亿")
# 一 counts in order before these: 一月, 一号, 一楼, 一级, 一班.
_ORDINAL_UNITS = frozenset("月号楼级班流")
_ENDING_IN_ONE = frozenset(("万一", "唯一", "统一", "专一", "单一", "逐一", "同一", "之一"))
_BUILDINGS = frozenset("层栋幢档挡组区座")
_PLACED = frozenset("在住到调选第用挂开至换于")
_PHASES = frozenset("区园苑城盘目住在庭湾府第")
_BUSES = frozenset("公车汽电巴")
_FRONT_LINE = frozenset("城员工人品大明教医作干")
_BEFORE_ORDINAL = frozenset("第独初周统唯单专之归均逐惟比加减乘除")
_NUMBERED = frozenset((("单", "元"), ("不", "二"), ("年", "级")))
_GRADED = frozenset("奖功品舱座")
_DOUBLED_VERBS = frozenset(
    "试聊谈尝问查逛玩瞧摸帮读练擦拍揉晒歇想走找洗扫写改讲躺跑等看听说坐转动找"
)
_DOUBLED_OTHERS = frozenset("加处足满死略累弯习呼哗轰连频区种哈呵嘿嘻嗡年月日天家人步层条样个")
_OPERATORS = frozenset("比加减乘除")
_HEAD_KEEPS_TONE = frozenset(("地方", "东西", "大方", "实在", "精神", "动静"))
# 东西 as two points of the compass, 地方 as what is not the centre.
_FULL_BEFORE = {
    "东西": word_set(
        "方向 走向 方 向 两侧 两边 两岸 两翼 两端 宽 宽约 跨度 横贯 轴线 部 部署 差距"
    ),
    "地方": word_set(
        "政府 法院 法规 财政 税 税务 官员 干部 债 债券 债务 保护 保护主义 标准 特色 特产 戏 戏曲 "
        "戏剧 志 台 电视台 高校 院校 性 性法规 人大 党委 部队 武装 国企 国资 企业 "
        "银行 选举 议会 自治 小吃 菜"
    ),
}
_HOUSES = frozenset("户大小好个农富穷苦家")
_WAITERS = frozenset("你您他她我们请再先，。！？要会别吧就能可")
_CLOCK_AFTER = frozenset("半整多钟零〇一二三四五六七八九十")


def neutral_tone(words: list[Word]) -> None:
    """Take the tone from the last syllables of listed words, of 们, and of reduplicated verbs."""
    listed = tables.word_list("neutral.txt")
    for index, word in enumerate(words):
        if len(word.syllables) < 2 or any(syllable.given for syllable in word.syllables):
            continue
        before = words[index - 1].text if index else ""
        after = words[index + 1].text if index + 1 < len(words) else ""
        if _ends_neutral(word, listed) and not _keeps_tone(before, word.text, after):
            word.syllables[-1].tone = 5
        if len(word.text) > 2 and word.text not in tables.own_words():
            _neutral_inside(word, listed)


def _neutral_inside(word: Word, listed: frozenset[str]) -> None:
    """Listed words at the ends of a longer one: 知识分子, 没关系; 地方税 and 东西方 keep theirs."""
    if word.text[-2:] in listed and word.text[-2:] != "人家":  # 大户人家
        word.syllables[-1].tone = 5
    head = word.text[:2]
    doubled = word.text[1] == word.text[2]  # 亮堂堂
    if head in listed and head not in _HEAD_KEEPS_TONE and not doubled:
        word.syllables[1].tone = 5


def _keeps_tone(before: str, text: str, after: str) -> bool:
    """那户人家, 地方政府, 苹果、香蕉等等: full tones where the word means something else."""
    return (
        after in _FULL_BEFORE.get(text, frozenset())
        or (text == "人家" and (before[-1:] in _HOUSES or before == "有"))
        or (text == "多少" and before == "知")
        or (text == "等等" and before != "" and before[-1:] not in _WAITERS)
    )


def _ends_neutral(word: Word, listed: frozenset[str]) -> bool:
    if word.text in listed or word.text[-1] == "们":
        return True
    # 听听 试试; 刚刚 慢慢 天天 keep their tones.
    doubled = len(word.text) == 2 and word.text[0] == word.text[1]
    verb = word.pos == "v" or word.text[0] in _DOUBLED_VERBS
    if doubled and verb and word.text[0] not in _DOUBLED_OTHERS:
        if word.syllables[0].tone == 3:
            word.syllables[0].tone = 2  # 想想 2-5, but 姐姐 3-5
        return True
    return False


def yi_bu(words: list[Word]) -> None:
    """Tones of 一 and 不 inside one phrase without pauses."""
    line = [(syllable, word) for word in words for syllable in word.syllables]
    for index, (syllable, word) in enumerate(line):
        if syllable.chars not in ("一", "不") or syllable.given:
            continue
        before = line[index - 1][0] if index else None
        after = line[index + 1][0] if index + 1 < len(line) else None
        if syllable.chars == "不" and syllable.base == "bu":
            syllable.tone = _bu(before, after)
        elif syllable.chars == "一":
            ends_word = len(word.syllables) > 1 and word.syllables[-1] is syllable
            syllable.tone = 1 if ends_word or after is None else _yi(line, index, before, after)


def _bu(before: Syllable | None, after: Syllable | None) -> int:
    # 好不好 bu5 · 不是 bu2 · 不好 bu4
    if before and after and before.chars == after.chars:
        return 5
    return 2 if after and after.tone == 4 else 4


def _yi(
    line: list[tuple[Syllable, Word]], index: int, before: Syllable | None, after: Syllable
) -> int:
    left = before.chars if before else ""
    repeats = index > 1 and line[index - 2][0].chars == "一"
    if left == after.chars and left not in _DIGITS and not repeats and line[index][1].pos != "l":
        return 1 if _at(line, index + 2) == "二" else 5  # 试一试, but 数一数二, 一口一口
    if left in _BEFORE_ORDINAL:
        return 1  # 第一, 统一
    of_a_word = index > 0 and line[index - 1][1].text in _ENDING_IN_ONE
    if left in _DIGITS and not of_a_word and not _leads_place(left, after.chars):
        return 1  # 二十一, 十一万; but 两千一百, 十点一刻
    pair = (after.chars, _at(line, index + 2))
    if pair in _NUMBERED or (pair[0] == "到" and pair[1] in _DIGITS):
        return 1  # 一到三天, 一单元, 说一不二
    if after.chars in _OPERATORS:
        return 1  # 一加一
    if after.chars == "点":
        return 1 if _is_clock(line, index) else 4  # 一点半, 一点五 · 一点也不
    if _is_numbered(line, index, left, after.chars):
        return 1  # 住在一层, 选一档, 中央一台, 一路公交, 一中
    if after.chars in _ORDINAL_UNITS or (after.chars == "日" and before and before.chars == "月"):
        return 1  # 一月, 一楼, 一月一日
    if after.chars == "等" and index + 2 < len(line) and line[index + 2][0].chars in _GRADED:
        return 1  # 一等奖
    if after.chars in _DIGITS and after.chars not in _LARGE and after.chars != "两":
        return 1  # 一二三, but 一两个
    if after.chars == "个":
        return 2
    return 2 if after.tone == 4 else 4


def _is_numbered(line: list[tuple[Syllable, Word]], index: int, left: str, unit: str) -> bool:
    """Whether 一 is the name of a floor, a step, a line, a channel, a school, not their number."""
    following = _at(line, index + 2)
    if unit == "路":
        bus = following in _BUSES and (following != "电" or _at(line, index + 3) == "车")
        return bus or (left in "坐乘等换" and following == "")
    if unit == "台" or unit == "套":
        return left in ("央", "视")
    if unit == "中":
        return (left not in ("", "独", "划") or following in ("的", "")) and following != "一"
    if unit == "线":
        return following in _FRONT_LINE
    if unit in ("档", "挡") and following in ("节", "综", "电"):
        return False
    numbers = _at(line, index + 2) in ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十")
    if unit in _BUILDINGS and numbers:
        return True
    return (unit in _BUILDINGS and left in _PLACED) or (unit == "期" and left in _PHASES)


def _leads_place(left: str, right: str) -> bool:
    """Whether 一 counts a place of its own in a longer number."""
    return (right in _LARGE and left != "十") or (left == "点" and right == "刻")


def _at(line: list[tuple[Syllable, Word]], index: int) -> str:
    return line[index][0].chars if index < len(line) else ""


def _is_clock(line: list[tuple[Syllable, Word]], index: int) -> bool:
    after = line[index + 2][0].chars if index + 2 < len(line) else ""
    before = line[index - 1][1].pos if index else ""
    return after in _CLOCK_AFTER or before == "t"


def third_tone(groups: list[list[Syllable]]) -> None:
    """Third tone before third tone becomes second, from right to left, inside one phrase.

    Inside a prosodic word the lexical tones decide (展览馆 2-2-3); across a boundary the next
    word's surface tone does (很 | 小 stays 3 where 小 itself has become 2).

    Args:
        groups: The syllables of each prosodic word between two pauses.
    """
    next_surface = 0
    for group in reversed(groups):
        lexical = [syllable.tone for syllable in group]
        following = [*lexical[1:], next_surface] if group else []
        for syllable, next_tone in zip(group, following, strict=True):
            if syllable.tone == 3 and next_tone == 3 and not syllable.given:
                syllable.tone = 2
        next_surface = group[0].tone if group else 0
