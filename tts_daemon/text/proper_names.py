"""Characters that names read in a way of their own: surnames, and names of foreign places."""

from __future__ import annotations

from tts_daemon.text.reading import Syllable, Word
from tts_daemon.text.tables import word_set

_SURNAMES = {
    "曾": "zeng1", "任": "ren2", "单": "shan4", "解": "xie4", "朴": "piao2", "仇": "qiu2",
    "薄": "bo2", "查": "zha1", "翟": "zhai2", "盖": "ge3", "区": "ou1", "华": "hua4",
    "燕": "yan1", "葛": "ge3", "缪": "miao4", "尉": "wei4", "乐": "yue4", "宁": "ning2",
    "种": "chong2", "折": "she2", "繁": "po2", "员": "yun4", "谌": "chen2", "祭": "zhai4",
    "句": "gou1", "黑": "he4", "应": "ying1", "覃": "qin2", "尹": "yin3", "乜": "nie4",
    "阚": "kan4", "佴": "nai4", "逄": "pang2", "郇": "huan2", "冼": "xian3", "召": "shao4",
    "隗": "wei3", "郗": "xi1", "逯": "lu4", "那": "na1", "洗": "xian3", "牟": "mou2",
     "贾": "jia3", "过": "guo1", "纪": "ji4", "哈": "ha3", "令": "ling2",
}  # fmt: skip
_RARELY_WORDS = frozenset("曾任单朴仇薄翟葛缪")
"""Surnames that begin a full name even without a title: 曾小贤, 单田芳."""
# A name is foreign when these spell the rest of it: 华莱士, 查韦斯, 查理.
_FOREIGN = frozenset("尔斯克特莱士韦顿德森姆茨兹瑟莎蒂迪伦纳诺普利理里尼亚罗洛盛街王堡拉夫图")
_SURNAMES_OF_NAMES = frozenset("解华查区仇应任单朴翟覃缪乐")
TITLES = word_set(
    "先生 女士 小姐 太太 老师 师傅 阿姨 叔叔 伯伯 爷爷 奶奶 "
    "同学 医生 大夫 教授 博士 律师 警官 总 工 经理 老板"
)
_INTRODUCING = word_set("是 找 给 请 问 跟 叫 见 等 谢谢 感谢 联系 通知 告诉 欢迎 送 接 有请")
_IN_PLACES = {"都": "du1", "的": "di4", "得": "de2", "塞": "sai4", "撒": "sa1", "们": "men2"}
_PLACES = ("ns", "nrt", "nz", "nt")


def apply(words: list[Word]) -> None:
    """Correct the guessed characters of names."""
    for index, word in enumerate(words):
        following = words[index + 1].text if index + 1 < len(words) else ""
        before = words[index - 1] if index else Word("", "x")
        if not word.syllables:
            continue
        if len(word.text) == 1:
            after = words[index + 1] if index + 1 < len(words) else Word("", "x")
            if _is_surname(before, word, after):
                _read(word.syllables[0], _SURNAMES)
        elif word.pos.startswith("nr") and word.pos != "nrt" and len(word.text) <= 3:
            _read_person(word, following)
        if word.pos in _PLACES and len(word.text) > 2:
            for syllable in word.syllables:
                _read(syllable, _IN_PLACES)
        elif word.pos[:1] == "n" and len(word.text) > 1 and "都" in word.text:
            _read(word.syllables[word.text.index("都")], _IN_PLACES)


def _is_surname(before: Word, word: Word, after: Word) -> bool:
    """任先生, 姓仇, 叫区小明, 老曾说; but 他任经理 keeps ren4."""
    if after.text in TITLES:
        return before.pos not in ("r", "d", "v") or before.text in _INTRODUCING
    if before.text in ("姓", "叫", "名叫", "叫做"):
        return True
    familiar = before.text in ("小", "老", "阿") and word.text in _RARELY_WORDS
    return familiar and not after.pos.startswith(("n", "f", "s"))


def _read_person(word: Word, following: str) -> None:
    """曾小贤, 小曾, 老单."""
    if word.text[0] in "小老阿" and len(word.text) == 2:
        _read(word.syllables[1], _SURNAMES)
    elif (
        word.text[0] in _RARELY_WORDS or following in TITLES or _is_full_name(word.text)
    ) and not _is_foreign(word.text):
        _read(word.syllables[0], _SURNAMES)


def _is_full_name(text: str) -> bool:
    return len(text) == 3 and text[0] in _SURNAMES_OF_NAMES and not _is_foreign(text)


def _is_foreign(text: str) -> bool:
    return _FOREIGN.issuperset(text[1:])


def _read(syllable: Syllable, readings: dict[str, str]) -> None:
    reading = readings.get(syllable.chars)
    if syllable.guessed and reading:
        syllable.base, syllable.tone = reading[:-1], int(reading[-1])
        syllable.guessed = False
