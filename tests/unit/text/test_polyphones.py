"""Polyphones that stand alone, by their neighbours."""

from __future__ import annotations

import pytest

from tts_daemon.text.phrasing import Phrasing


@pytest.fixture(scope="module")
def phrasing() -> Phrasing:
    return Phrasing()


# Each with the reading of the character in brackets.
CASES = [
    ("我[得]去了", "dei3"),
    ("跑[得]快", "de5"),
    ("他[得]了第一名", "de2"),
    ("高兴[地]说", "de5"),
    ("扫[地]", "di4"),
    ("他在[地]上", "di4"),
    ("够不[着]", "zhao2"),
    ("开[着]灯", "zhe5"),
    ("吃不[了]", "liao3"),
    ("吃饭[了]", "le5"),
    ("我[还]了钱", "huan2"),
    ("灯[还]亮", "hai2"),
    ("头发很[长]", "chang2"),
    ("孩子[长]了两厘米", "zhang3"),
    ("三米[长]", "chang2"),
    ("[为]客人开门", "wei4"),
    ("温度[为]二十度", "wei2"),
    ("应该[为]大家想想", "wei4"),
    ("选他[为]组长", "wei2"),
    ("两公斤[重]", "zhong4"),
    ("写两[行]字", "hang2"),
    ("[数]一下人数", "shu3"),
    ("你有[空]吗", "kong4"),
    ("鞋带[系]好了", "ji4"),
    ("[种]一棵树", "zhong4"),
    ("这[种]花", "zhong3"),
    ("养了[只]小猫", "zhi1"),
    ("[只]开一盏灯", "zhi3"),
    ("树[倒]了", "dao3"),
    ("[倒]一杯水", "dao4"),
    ("他[背]着包", "bei1"),
    ("老师[教]我们", "jiao1"),
    ("睡了个好[觉]", "jiao4"),
    ("你在[干]什么", "gan4"),
    ("衣服[干]了", "gan1"),
    ("成绩很[差]", "cha4"),
    ("我[待]了三天", "dai1"),
    ("每分钟八百[转]", "zhuan4"),
    ("向右[转]", "zhuan3"),
    ("买[个]灯", "ge5"),
    ("两[个]灯", "ge4"),
    ("手很[脏]", "zang1"),
    ("他伤心[得]哭了", "de5"),
    ("天气热[得]要命", "de5"),
    ("电池[得]换了", "dei3"),
    ("至少[得]三天", "dei3"),
    ("请[重]输密码", "chong2"),
    ("一[场]大雪", "chang2"),
    ("一[场]电影", "chang3"),
    ("他[调]到上海工作", "diao4"),
    ("把灯[调]到最亮", "tiao2"),
    ("把录像[调]出来", "diao4"),
    ("把水[倒]了", "dao4"),
    ("水位[差]", "cha1"),
    ("这[行]代码", "hang2"),
]


@pytest.mark.parametrize(("marked", "reading"), CASES, ids=[case[0] for case in CASES])
def test_reading(phrasing: Phrasing, marked: str, reading: str) -> None:
    place = marked.index("[")
    text = marked.replace("[", "").replace("]", "")
    syllables = [syllable for item in phrasing.read(text) for syllable in item.syllables]
    assert str(syllables[place]) == reading
