"""Surface tones, and where they stop."""

from __future__ import annotations

import pytest

from tts_daemon.text import tone_sandhi
from tts_daemon.text.phrasing import Phrasing
from tts_daemon.text.reading import Syllable, Word


@pytest.fixture(scope="module")
def phrasing() -> Phrasing:
    return Phrasing()


def _pinyin(phrasing: Phrasing, text: str) -> str:
    return " ".join(syllable for item in phrasing.read(text) for syllable in item.pinyin)


def _tones(*groups: str) -> list[int]:
    parsed = [[Syllable("", "ma", int(tone)) for tone in group] for group in groups]
    tone_sandhi.third_tone(parsed)
    return [syllable.tone for group in parsed for syllable in group]


@pytest.mark.parametrize(
    ("groups", "tones"),
    [
        (["33"], [2, 3]),
        (["333"], [2, 2, 3]),
        (["3", "33"], [3, 2, 3]),  # the next surface tone is 2: nothing to avoid
        (["33", "3"], [2, 2, 3]),
        (["35"], [3, 5]),
        ([], []),
    ],
)
def test_third_tone(groups: list[str], tones: list[int]) -> None:
    assert _tones(*groups) == tones


def test_third_tone_stops_at_a_pause(phrasing: Phrasing) -> None:
    assert _pinyin(phrasing, "你好，我走") == "ni2 hao3 wo2 zou3"


@pytest.mark.parametrize(
    ("text", "pinyin"),
    [
        ("不是", "bu2 shi4"),
        ("不好", "bu4 hao3"),
        ("好不好", "hao3 bu5 hao3"),
        ("一天", "yi4 tian1"),
        ("一个", "yi2 ge4"),
        ("一样", "yi2 yang4"),
        ("第一天", "di4 yi1 tian1"),
        ("二十一天", "er4 shi2 yi1 tian1"),
        ("一月一号", "yi1 yue4 yi1 hao4"),
        ("统一", "tong3 yi1"),
        ("统一标准", "tong3 yi1 biao1 zhun3"),
        ("试一试", "shi4 yi5 shi4"),
        ("一两个", "yi4 liang3 ge4"),
        ("一点半", "yi1 dian3 ban4"),
        ("一点也不", "yi4 dian2 ye3 bu4"),
        ("一到三天", "yi1 dao4 san1 tian1"),
        ("十点一刻", "shi2 dian3 yi2 ke4"),
        ("两千一百一十一", "liang3 qian1 yi4 bai3 yi1 shi2 yi1"),
        ("十一万一千", "shi2 yi1 wan4 yi4 qian1"),
        ("第一百名", "di4 yi1 bai3 ming2"),
        ("一次", "yi2 ci4"),
        ("一两", "yi4 liang3"),
        ("万一", "wan4 yi1"),
        ("十一点", "shi2 yi1 dian3"),
        ("两点一刻", "liang2 dian3 yi2 ke4"),
        ("零一二", "ling2 yi1 er4"),
        ("零一天", "ling2 yi1 tian1"),
        ("一亿两", "yi2 yi4 liang3"),
        ("一一对应", "yi1 yi1 dui4 ying4"),
        ("一到家", "yi2 dao4 jia1"),
        ("一日", "yi2 ri4"),
        ("一月一日", "yi1 yue4 yi1 ri4"),
        ("一单元", "yi1 dan1 yuan2"),
        ("说一不二", "shuo1 yi1 bu2 er4"),
        ("一年级", "yi1 nian2 ji2"),
        ("一年", "yi4 nian2"),
        ("一等奖", "yi1 deng2 jiang3"),
        ("一等座", "yi1 deng3 zuo4"),
        ("一等", "yi4 deng3"),
        ("一比一", "yi1 bi3 yi1"),
        ("一加一", "yi1 jia1 yi1"),
        ("一点三", "yi1 dian3 san1"),
        ("上午一点", "shang4 wu3 yi1 dian3"),
        ("一口一口", "yi4 kou3 yi4 kou3"),
        ("一个一个", "yi2 ge4 yi2 ge4"),
        ("数一数二", "shu3 yi1 shu3 er4"),
        ("看一看", "kan4 yi5 kan4"),
        ("一去不回", "yi2 qu4 bu4 hui2"),
        ("是不是", "shi4 bu5 shi4"),
        ("不", "bu4"),
    ],
)
def test_yi_and_bu(phrasing: Phrasing, text: str, pinyin: str) -> None:
    assert _pinyin(phrasing, text) == pinyin


@pytest.mark.parametrize(
    ("text", "pinyin"),
    [
        ("知识", "zhi1 shi5"),
        ("知识分子", "zhi1 shi5 fen4 zi3"),
        ("地方税", "di4 fang1 shui4"),
        ("看看", "kan4 kan5"),
        ("想想", "xiang2 xiang5"),
        ("姐姐", "jie3 jie5"),
        ("天天", "tian1 tian1"),
        ("处处", "chu4 chu4"),
        ("银行家", "yin2 hang2 jia1"),
        ("一口气", "yi4 kou3 qi4"),
        ("整个", "zheng3 ge4"),
        ("喜欢", "xi3 huan1"),
        ("没关系", "mei2 guan1 xi5"),
        ("关系户", "guan1 xi5 hu4"),
        ("地方", "di4 fang5"),
        ("大方向", "da4 fang1 xiang4"),
        ("朋友们", "peng2 you5 men5"),
        ("试试", "shi4 shi5"),
        ("走走", "zou2 zou5"),
        ("加加", "jia1 jia1"),
        ("刚刚", "gang1 gang1"),
    ],
)
def test_neutral_tone(phrasing: Phrasing, text: str, pinyin: str) -> None:
    assert _pinyin(phrasing, text) == pinyin


@pytest.mark.parametrize(
    ("text", "pinyin"),
    [
        ("玩儿", "wanr2"),
        ("一会儿", "yi2 huir4"),
        ("女儿", "nv3 er2"),
        ("儿子", "er2 zi5"),
        ("哥儿们", "ger1 men5"),
        ("幼儿园", "you4 er2 yuan2"),
        ("花儿", "huar1"),
        ("少儿频道", "shao4 er2 pin2 dao4"),
        ("等一下儿", "deng3 yi2 xiar4"),
        ("门口儿", "men2 kour3"),
        ("新生儿", "xin1 sheng1 er2"),
        ("给儿媳", "gei3 er2 xi2"),
    ],
)
def test_erhua(phrasing: Phrasing, text: str, pinyin: str) -> None:
    assert _pinyin(phrasing, text) == pinyin


@pytest.mark.parametrize("given", [0, 1])
def test_a_word_whose_reading_was_given_keeps_its_tones(given: int) -> None:
    syllables = [Syllable("知", "zhi", 1), Syllable("识", "shi", 2)]
    syllables[given].given = True
    tone_sandhi.neutral_tone([Word("知识", "n", syllables=syllables)])
    assert [syllable.tone for syllable in syllables] == [1, 2]


def test_yi_and_bu_as_they_were_given_stay() -> None:
    syllables = [Syllable("一", "yi", 3, given=True), Syllable("不", "bu", 1, given=True)]
    tone_sandhi.yi_bu([Word("一不", "m", syllables=[*syllables, Syllable("是", "shi", 4)])])
    assert [syllable.tone for syllable in syllables] == [3, 1]


def test_a_bu_that_is_read_otherwise_keeps_its_tone() -> None:
    syllable = Syllable("不", "fou", 3)
    tone_sandhi.yi_bu([Word("不", "d", syllables=[syllable])])
    assert syllable.tone == 3


def test_given_syllable_is_left_alone() -> None:
    group = [Syllable("你", "ni", 3, given=True), Syllable("好", "hao", 3)]
    tone_sandhi.third_tone([group])
    assert [syllable.tone for syllable in group] == [3, 3]
