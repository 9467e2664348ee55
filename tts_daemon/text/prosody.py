"""Words to prosodic words, by gluing rules: short words lean on others, long ones are cut.

The rules were drawn from published readings of the voices that this front end feeds: particles,
measure words, localisers and complements lean to the left, 不 没 很 and other short adverbs to the
right, and one-character words pair up; four characters are the usual limit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Protocol

from tts_daemon.text.tables import word_set

PARTICLES = frozenset("的地得了着过们吧吗呢啊呀嘛啦哦哇呗")
LOCALISERS = frozenset("上下里外中内前后旁边间")
COMPLEMENTS = frozenset("到完好满开掉住成出上下起见给在为至入走动错懂成")
ADVERBS = frozenset("不没很太也都就还更最再又已刚正只将可要会能请别多少先常该应需")
STRONG_ADVERBS = frozenset("不没很太最更多少未")
DEMONSTRATIVES = frozenset("这那每各哪几某第整")
MEASURES = frozenset(
    "个本支张条只件把杯碗台辆座间位名次种级度分秒年月日天岁点号元块斤米层楼转克瓦伏安升吨寸尺里"
    "亩档折倍页集首盏朵家棵颗双套场节班路趟遍项箱包瓶盒袋桶罐粒片滴所头匹根句段篇封份副对群排批样类"
)
SUFFIXES = frozenset("员师者家机器室厅馆店站")
PERSONS = frozenset("我你您他她它谁")
MODALS = frozenset("要会能想请该应")
UNITS = word_set("小时 公里 分钟 公斤 厘米 毫米 星期 英寸 毫升 千克 千瓦 平米 海里")
CLASSICAL = frozenset("之于而")
FIXED = frozenset(("人工智能", "不好意思"))
"""Terms of four characters that are said in one breath although both halves are words."""

_PLACES = re.compile("[^百千万亿点]*[百千万亿]+|点?[^百千万亿点]+|点")

# 四零零|八幺零|八八八八, as it is printed.
_SERVICE_NUMBER = re.compile("[四八]零零[零幺一二三四五六七八九]{7}")

LONGEST = 4
"""Characters of a prosodic word; a particle may come on top."""
LONGEST_NUMERAL = 6

TaggedWord = tuple[str, str]


class ProsodyPredictor(Protocol):
    """Decides where prosodic words end; a trained model may take the rules' place."""

    def prosodic_words(self, words: Sequence[TaggedWord]) -> list[str]:
        """Prosodic words of one phrase without punctuation; joined, they are the joined input."""
        ...


class RuleProsody:
    """The rules of this module as a `ProsodyPredictor`."""

    def __init__(self, is_word: Callable[[str], bool] = lambda text: False) -> None:
        """`is_word`: whether a dictionary has a text; decides where long words are cut."""
        self._is_word = is_word

    def prosodic_words(self, words: Sequence[TaggedWord]) -> list[str]:
        """See `prosodic_words`."""
        return prosodic_words(words, self._is_word)


def prosodic_words(
    words: Sequence[TaggedWord], is_word: Callable[[str], bool] = lambda text: False
) -> list[str]:
    """Group words (text, part of speech) of one phrase into prosodic words.

    Joined, the result equals the joined input. Latin words stay alone.
    """
    units = [unit for word in words for unit in _cut_long(word, is_word)]
    groups: list[list[TaggedWord]] = []
    for index, unit in enumerate(units):
        following = units[index + 1] if index + 1 < len(units) else None
        if groups and _joins(groups[-1], unit, following):
            groups[-1].append(unit)
        else:
            groups.append([unit])
    return ["".join(text for text, _ in group) for group in groups]


def _cut_long(word: TaggedWord, is_word: Callable[[str], bool]) -> list[TaggedWord]:
    text, pos = word
    if pos == "eng" or len(text) < LONGEST or text in FIXED:
        return [word]
    if len(text) == LONGEST and pos == "i" and not CLASSICAL & set(text[1:3]):
        return [word]  # 一心一意
    if pos == "m":
        # A piece of a telephone number is joined to no other.
        kind = "code" if _SERVICE_NUMBER.fullmatch(text) else pos
        return [(piece, kind) for piece in _cut_numeral(text)]
    if len(text) == LONGEST:
        halves = is_word(text[:2]) and is_word(text[2:])
        classical = bool(CLASSICAL & set(text[1:3]))
        return [(text[:2], pos), (text[2:], pos)] if halves or classical else [word]
    return [(piece, pos) for piece in _pieces(text, is_word)]


def _cut_numeral(text: str) -> list[str]:
    # 百分之|四十五, 一千二百|三十四, 幺三八|零零幺三|八零零零
    if text.startswith(("百分之", "千分之", "万分之")):
        return [text[:3], *([text[3:]] if text[3:] else [])]
    if len(text) <= LONGEST_NUMERAL:
        return [text]
    if _SERVICE_NUMBER.fullmatch(text):
        return [text[:3], text[3:6], text[6:]]
    parts = [piece for part in _PLACES.findall(text) for piece in _cut_decimals(part)]
    return _joined(parts) if len(parts) > 1 else _cut_digits(text)


def _cut_decimals(part: str) -> list[str]:
    """点一四一五九二六五 -> 点一四一|五九二六|五, with nothing alone: 点一四一|五九二|六五."""
    if part[0] != "点" or len(part) <= LONGEST + 1:
        return [part]
    return ["点" + part[1:4], *_cut_digits(part[4:])]


def _joined(parts: Sequence[str]) -> list[str]:
    pieces = [parts[0]]
    for part in parts[1:]:
        if len(pieces[-1]) + len(part) > LONGEST:
            pieces.append("")
        pieces[-1] += part
    return pieces


def _cut_digits(text: str) -> list[str]:
    """Fours from the right; no digit stays alone."""
    first = len(text) % LONGEST
    starts = [*([0] if first > 1 else []), *range(first if first > 1 else 0, len(text), LONGEST)]
    return [text[a:b] for a, b in pairwise([*starts, len(text)])]


def _pieces(text: str, is_word: Callable[[str], bool]) -> list[str]:
    return _all_words(text, is_word) or [
        text[start : start + 2] if start + 3 != len(text) else text[start:]
        for start in range(0, len(text) - 1, 2)
    ]


def _all_words(text: str, is_word: Callable[[str], bool]) -> list[str]:
    """Cut into words of two and three characters; empty when that is impossible."""
    if len(text) in (2, 3) and is_word(text):
        return [text]
    for size in (2, 3):
        if len(text) > size + 1 and is_word(text[:size]):
            rest = _all_words(text[size:], is_word)
            if rest:
                return [text[:size], *rest]
    return []


def _joins(group: list[TaggedWord], unit: TaggedWord, following: TaggedWord | None) -> bool:
    """Whether `unit` belongs to the prosodic word that is being built."""
    text, pos = unit
    last, last_pos = group[-1]
    if "eng" in (pos, last_pos):
        return False
    length = sum(len(word) for word, _ in group) + len(text)
    if text in PARTICLES and length <= LONGEST + 1:
        return text != "过" or last_pos[:1] not in "na"  # 吃过, but 温度|过高
    if last in PARTICLES:
        return last == "了" and len(group) == 2 and text == group[0][0]  # 看了看
    if length > (LONGEST_NUMERAL if last_pos == "m" else LONGEST):
        return False
    return (
        _joins_number(group, unit)
        or _leans_left(group, unit, following)
        or _leans_right(group, unit)
        or _pairs_up(group, unit, following)
    )


def _joins_number(group: list[TaggedWord], unit: TaggedWord) -> bool:
    text, pos = unit
    last, last_pos = group[-1]
    # 二十六|度, 三|点半, 一|本书
    if last_pos == "m":
        noun = pos == "n" and len(text) == 1 and last[-1] in MEASURES
        measured = len(text) <= 2 and text[0] in MEASURES and pos not in ("nr", "ns", "a", "an")
        counted = pos == "q" or measured
        if pos == "m":
            return last[-1] not in MEASURES | {"之"} or text in ("半", "多", "整")
        if text in UNITS:
            return last[-1] not in MEASURES
        return (noun or counted) and last[-1] != "之"
    # 这|件, 第|一次
    if last in DEMONSTRATIVES:
        return pos in ("m", "q") or len(text) == 1 or text[0] in MEASURES
    # 两支|笔, but 两个|小时
    counted = len(group) == 2 and group[0][1] == "m" and last_pos == "q"
    return counted and len(text) == 1 and pos.startswith("n") and len(group[0][0]) == 1


def _leans_left(group: list[TaggedWord], unit: TaggedWord, following: TaggedWord | None) -> bool:
    text, pos = unit
    last, last_pos = group[-1]
    # 桌子|上, 三十秒|后
    if text in LOCALISERS and last_pos[:1] in "nrsqtm" and last not in PERSONS:
        follows = following or ("", "")
        return follows[0] not in ("了", "着", "过") and follows[1] != "t"
    # 是|个
    if text == "个" and len(last) == 1:
        return True
    # 搬|不动, 找|不到
    if text[0] == "不" and len(text) == 2 and len(last) == 1 and last_pos == "v":
        return last not in MODALS
    # 听|到, 洗|完, 达|到
    if text in COMPLEMENTS and last_pos.startswith("v") and last not in MODALS:
        return following is None or following[1][:1] not in "nr" or text not in "给在为"
    # 快递|员
    if text in SUFFIXES and last_pos[:1] in "nv":
        return True
    # 充电|座, 门|口
    return (
        len(last) == 2
        and len(text) == 1
        and pos == "n"
        and last_pos[:1] in "nv"
        and len(group) == 1
    )


def _leans_right(group: list[TaggedWord], unit: TaggedWord) -> bool:
    text, pos = unit
    last, last_pos = group[-1]
    # 不|去, 就|不|去
    if last in ADVERBS and len(text) == 1 and (pos[:1] in "vad" or text == "在"):
        return True
    # 请|把
    if last == "请" and text in ("把", "将", "在"):
        return len(group) == 1
    # 不|知道, 很|开心
    if last in STRONG_ADVERBS and len(text) == 2 and pos[:1] in "va":
        return len(group) <= 2
    # 新|消息
    return last_pos == "a" and len(last) == 1 and len(text) == 2 and pos == "n" and len(group) == 1


def _pairs_up(group: list[TaggedWord], unit: TaggedWord, following: TaggedWord | None) -> bool:
    text, pos = unit
    last, last_pos = group[-1]
    # 能|不|能, 能|不能, 听|一|听
    if text[0] == "不" and text[1:] == last:
        return True
    if len(group) == 2 and group[1][0] in ("不", "一") and text == group[0][0]:
        return True
    if text in ("不", "一") and following is not None and following[0] == last and len(last) == 1:
        return True
    if len(last) != 1 or len(text) != 1 or len(group) != 1:
        return False
    # An adverb waits for its verb: 花|都开了, 我|不知道.
    if text in ADVERBS and last_pos[0] == "n" and following is not None:
        return False
    if text in ADVERBS and following is not None:
        reach = 2 if text in STRONG_ADVERBS else 1
        if len(following[0]) <= reach and following[1][:1] in "va":
            return False
    # 这|是, 谁|也, but 他#1跑得#1很快
    if last_pos.startswith("r"):
        return pos.startswith("d") or text in ("是", "在", "有")
    # 门|开, but 题#1有#1多少种
    if last_pos.startswith("n") and text in ("是", "在", "有"):
        return False
    return last_pos[:1] in "vadn" and pos[:1] in "vnard"
