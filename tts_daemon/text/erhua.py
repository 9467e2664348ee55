"""Where a written 儿 is the retroflex suffix of the syllable before, where a syllable of its own.

In the tables the suffix stands as `er5`, the syllable as `er2`; elsewhere the character before
decides.
"""

from __future__ import annotations

from tts_daemon.text.reading import Syllable, Word

# 儿 after one of these is the suffix: 这儿 点儿 玩儿 事儿 画儿.
_SUFFIXED = frozenset(
    "这那哪点会事玩画味劲块样活门头空份干词句字边根尖皮粒馅汁瓶盖盒兜圈弯缝眼脸角片牌票鱼虫球豆串条丝"
    "套座摊馆同伙今明昨慢好早道趟阵准意脑曲本班花鸟歌棍链水底辫泡肩窟爪枣桃梨杏仁芽腿把色杆印罐摆碴沫"
    "糊面团饼卷丁末段截节层堆帮对心嗓个矮旦调腔号响亮影坑沟"
)
# Words that end in a syllable of its own; 儿 before one of _CONTINUED is one too.
_SYLLABIC = frozenset(("女儿", "婴儿", "幼儿", "少儿", "孤儿", "胎儿", "健儿", "宠儿", "混血儿"))
_CONTINUED = frozenset("子童歌科媳女孙")


def merge(words: list[Word]) -> None:
    """Fold every suffix 儿 into the syllable before it: 玩 儿 -> `wanr2`, one syllable."""
    for index in range(len(words) - 1, 0, -1):
        word, before = words[index], words[index - 1]
        following = words[index + 1].text[:1] if index + 1 < len(words) else ""
        if word.text == "儿" and before.syllables and _is_suffix(before.syllables[-1], following):
            words[index - 1 : index + 1] = [
                Word(
                    before.text + "儿", before.pos, before.start, before.syllables + word.syllables
                )
            ]
    for word in words:
        if "儿" in word.text[1:] and word.text not in _SYLLABIC:
            word.syllables = _folded(word)


def _is_suffix(before: Syllable | None, following: str) -> bool:
    return before is not None and before.chars in _SUFFIXED and following not in _CONTINUED


def _folded(word: Word) -> list[Syllable]:
    folded: list[Syllable] = []
    for place, syllable in enumerate(word.syllables):
        following = word.text[place + 1 : place + 2] or "。"
        listed = syllable.chars == "儿" and syllable.tone == 5
        suffix = syllable.chars == "儿" and _is_suffix(folded[-1] if folded else None, following)
        if folded and (listed or suffix):
            folded[-1].chars += "儿"
            folded[-1].erhua = True
        else:
            folded.append(syllable)
    return folded
