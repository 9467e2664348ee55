"""Rules for the frequent polyphones that a dictionary of words cannot decide.

A rule sees one single-character word between its neighbours. Inside longer words the dictionary
decides; where it is silent, the word's part of speech does.
"""

from __future__ import annotations

from collections.abc import Callable

from tts_daemon.text import polyphone_particles as particles
from tts_daemon.text.context import Context
from tts_daemon.text.reading import Syllable, Word
from tts_daemon.text.tables import word_set

Rule = Callable[[Context], str]

_SUBJECTS = word_set("在 要 想 能 敢 肯 会 我 你 他 她 就 别 们")
_CALAMITIES = frozenset("雨雪病梦灾难仗战官误虚惊火风暴冰雹大哭")
_CALAMITIES_NOT = word_set("大赛 大戏 大战 战役 战斗 战争片 大秀 火锅 风波")
_BELONGINGS = word_set(
    "钥匙 手机 钱包 伞 雨伞 包 书包 背包 东西 行李 行李箱 证件 身份证 护照 眼镜 耳机 充电器 充电宝 "
    "电脑 平板 作业 课本 书 水杯 帽子 围巾 外套 快递 U盘 门卡 银行卡"
)
_LEFT_AT = word_set("家 教室 公司 办公室 学校 单位 酒店 宾馆 宿舍")
_GROUND = word_set("地 地上 地面 地板 水里 水中 手里 手上 头上 身上")
# The first character of a verb that no dictionary has: 重输 (again), 弹唱, 数出, 挨批.
_IN_VERBS = {"重": "chong2", "弹": "tan2", "数": "shu3", "挨": "ai2"}
# The last character of a noun that no dictionary has: 水位差, 区长.
_IN_NOUNS = {"差": "cha1"}


def apply(words: list[Word]) -> None:
    """Correct the readings of polyphones by the words around them."""
    for index, word in enumerate(words):
        if not word.syllables:
            continue
        if len(word.text) == 3 and word.text[-1] == "地" and word.pos[:1] in "dzi":
            _set(word.syllables[-1], "de5")  # 坦率地
        rule = RULES.get(word.text)
        if rule:
            place = -1 if word.pos in ("m", "mq", "r") else 0
            _set(word.syllables[place], rule(Context(words, index)))
        elif len(word.text) > 1:
            _in_word(word)


def _in_word(word: Word) -> None:
    """Guessed characters at the ends of a word, by its part of speech."""
    first, last = word.syllables[0], word.syllables[-1]
    if first.guessed and word.pos[:1] == "v" and first.chars in _IN_VERBS:
        _set(first, _IN_VERBS[first.chars])
    measured = word.pos[:1] == "n" and word.text[:-1] not in particles.DEGREE_WORDS
    if last.guessed and measured and last.chars in _IN_NOUNS:
        _set(last, _IN_NOUNS[last.chars])


def _set(syllable: Syllable, reading: str) -> None:
    syllable.base, syllable.tone = reading[:-1], int(reading[-1])
    syllable.guessed = False


def _chang(at: Context) -> str:
    # 三米长 chang2 · 孩子长了两厘米 zhang3 · 时间长了 chang2
    if at.before.text in particles.DEGREE_WORDS or at.before.pos in ("m", "q"):
        return "chang2"
    if at.after.text[:1] in tuple("得大高出满成在着胖个这什出芽牙草"):
        return "zhang3"
    if at.after.text[:1] == "了":
        return "zhang3" if at.at(2).pos in ("m", "q") or at.before.pos == "nr" else "chang2"
    return "zhang3" if at.before.pos in ("n", "v", "d") and at.after.pos in ("n", "m") else "chang2"


def _zhong_heavy(at: Context) -> str:
    # 重设密码 chong2 · 三公斤重 zhong4
    if at.before.text in particles.DEGREE_WORDS or at.before.pos in ("m", "q", "n"):
        return "zhong4"
    return "chong2" if at.after.pos[:1] == "v" or not at.before.is_spoken else "zhong4"


def _hang(at: Context) -> str:
    # 三行字 hang2 · 这行代码 hang2 · 一行人 xing2
    if at.after_number and at.after.text[:1] != "人":
        return "hang2"
    return "hang2" if at.before.text in ("这", "那", "哪", "每", "各", "某") else "xing2"


def _shu_count(at: Context) -> str:
    # 数一下 shu3 · 数了数 shu3 · 整数 shu4
    if at.at(-2).text == "数" and at.before.text in ("了", "一"):
        return "shu3"
    if at.after.text[:1] in tuple("一了到完不得出着清"):
        return "shu3"
    if at.after.text in word_set("钱 羊 星星 人 数 绵羊"):
        return "shu3"
    return "shu3" if at.before.text in word_set("来 在 先 会 再") else "shu4"


def _kong(at: Context) -> str:
    # 有空 kong4 · 空的 kong1
    free = word_set("有 没 没有 抽 有没有 哪有 得")
    return "kong4" if at.before.text in free else "kong1"


def _ji_tie(at: Context) -> str:
    # 系蝴蝶结 ji4 · 中文系 xi4
    tied = word_set("着 上 好 紧 了 个 带 绳 围裙 蝴蝶结 扣子 围巾 鞋带 领带 绳子 腰带")
    return "ji4" if at.after.text in tied else "xi4"


def _zhong_plant(at: Context) -> str:
    # 种两棵树 zhong4 · 怎么种 zhong4 · 花种在阳台上 zhong4 · 这种 zhong3
    if at.before.text in word_set("怎么 如何 来 去 想 要 能 会 可以"):
        return "zhong4"
    if at.after.text in word_set("在 到 于 满 了 过 着") and not at.after_number:
        return "zhong4"
    planter = at.before.text in word_set("我 你 您 他 她 我们 咱们 你们 他们 她们 大家 自己")
    kind = at.after_number or (at.before.pos.startswith("r") and not planter)
    if kind or at.before.text in word_set("该 同 某 每"):
        return "zhong3"
    planted = at.after.pos[:1] in tuple("numvf") or at.after.text == "什么"
    return "zhong4" if planted else "zhong3"


def _dao_fall(at: Context) -> str:
    # 倒一杯水 dao4 · 椅子倒了 dao3 · 把剩饭倒了 dao4
    if at.after.pos in ("m", "q") or at.after.text in word_set("水 茶 酒 掉 出 进 入 满 着"):
        return "dao4"
    if at.before.pos.startswith("v") and at.before.is_spoken:
        return "dao3"
    if {at.at(-2).text, at.at(-3).text} & {"把", "将"}:
        return "dao4"
    return "dao3" if at.after.text in ("了", "在", "下", "地") else "dao4"


def _bei(at: Context) -> str:
    # 背包里 bei1 · 背课文 bei4
    carried = word_set("着 起 书包 孩子 包 行李 回 人 不动 不了 得动")
    return "bei1" if at.after.text in carried else "bei4"


def _chu(at: Context) -> str:
    return "chu3" if at.after.text in ("在", "于", "着", "得") else "chu4"


def _jiao_sleep(at: Context) -> str:
    # 睡了一个好觉 jiao4
    near = {at.at(offset).text[:1] for offset in range(-5, 0)}
    return "jiao4" if near & {"睡", "个", "补"} else "jue2"


def _liang_measure(at: Context) -> str:
    # 量一量 liang2 · 用量 liang4
    return "liang2" if at.after.text[:1] in tuple("一体血身尺了出好过腰") else "liang4"


def _gan(at: Context) -> str:
    # 你在干什么 gan4 · 加油干 gan4 · 衣服干了 gan1
    hard = word_set("加油 使劲 拼命 埋头 努力 卖力 好好 继续 大胆 放手 一起 一块 一块儿")
    if at.before.text in hard and at.after.text != "了":
        return "gan4"
    done = word_set("什么 啥 嘛 吗 得 活 完 过 这 这个 起 好 事 坏事 正事 家务")
    return "gan4" if at.after.text in done or at.before.text in _SUBJECTS else "gan1"


def _la_leave(at: Context) -> str:
    # 把钥匙落在车里 la4 · 手机落家里了 la4 · 树叶落在地上 luo4
    place = at.at(2) if at.after.text == "在" else at.after
    somewhere = place.pos == "s" or place.text in _LEFT_AT
    left = somewhere or at.words[at.index].text == "落在" or at.after.text == "在"
    owned = {at.before.text, at.at(-2).text if at.before.pos == "d" else ""} & _BELONGINGS
    return "la4" if left and owned and place.text not in _GROUND else "luo4"


def _zhuan(at: Context) -> str:
    # 八百转 zhuan4 · 转得快 zhuan4 · 转两次车 zhuan3 · 六七八转八零一 zhuan3
    if at.after.pos == "m":
        return "zhuan3"
    if at.before.text in ("在", "不", "还") and (not at.after.is_spoken or at.after.text == "了"):
        return "zhuan4"  # 洗衣机不转了
    spins = at.after.text in word_set("得 着 起来 不动 不 个 圈 一圈 圈圈")
    return "zhuan4" if at.before.pos == "m" or spins else "zhuan3"


def _tu(at: Context) -> str:
    # 孩子吐了 tu4 · 吐泡泡 tu3
    return "tu4" if at.after.text == "了" or at.before.text in ("想", "要", "会") else "tu3"


def _cha(at: Context) -> str:
    # 成绩差 cha4 · 两数之差 cha1 · 电压差 cha1
    if at.after.is_spoken or at.before.text in particles.DEGREE_WORDS:
        return "cha4"
    measured = word_set("之 的 温 电压 电位 水位 高低 压力 温度 时间 高度 湿度 身高 年龄 价格")
    return "cha1" if at.before.text in measured else "cha4"


def _dai(at: Context) -> str:
    # 待了三天 dai1 · 待处理 dai4
    waits = at.after.pos in ("v", "vn") or at.before.text in ("有", "亟", "尚", "以")
    return "dai4" if waits else "dai1"


def _juan(at: Context) -> str:
    # 第三卷 juan4 · 一卷纸 juan3
    volume = "第" in at.at(-2).text + at.before.text or not at.before.is_spoken
    return "juan4" if volume else "juan3"


def _sai(at: Context) -> str:
    return "sai4" if "nr" in at.before.pos or "nr" in at.after.pos else "sai1"


def _hua(at: Context) -> str:
    # 划了一道口子 hua2 · 划了一条线 hua4
    if at.after.text == "了" and "线" in at.at(3).text + at.at(4).text:
        return "hua4"
    return "hua2" if at.after.text in word_set("船 了 着 火柴 开 破 掉 过 伤") else "hua4"


def _cheng(at: Context) -> str:
    ladled = at.after.pos in ("m", "n", "q") or at.after.text in ("满", "了", "出")
    return "cheng2" if ladled else "sheng4"


def _zha(at: Context) -> str:
    fried = word_set("鸡 鱼 虾 薯条 油条 酱 丸子 排骨 豆腐 糕 春卷 鸡块 鸡腿")
    return "zha2" if at.after.text in fried else "zha4"


def _tan(at: Context) -> str:
    played = at.after.pos[:1] in tuple("numr") or at.after.text in ("起", "得")
    return "tan2" if played else "dan4"


def _jie(at: Context) -> str:
    # 结了很多果子 jie1 · 结了冰 jie2
    following = "".join(at.at(offset).text for offset in range(1, 6))
    return "jie1" if "果" in following or "籽" in following else "jie2"


def _men(at: Context) -> str:
    # 屋里很闷 men1 · 心里很闷 men4
    before = "".join(at.at(offset).text for offset in range(-4, 0))
    stuffy = {"气", "屋", "房", "间", "车", "室"} & set(before)
    return "men1" if stuffy and "心" not in before else "men4"


def _feng(at: Context) -> str:
    return "feng4" if at.before.pos == "n" or at.before.text in ("条", "道") else "feng2"


def _scene(at: Context) -> str:
    # 一场大雨 chang2 · 一场比赛 chang3
    near = at.after.text if at.after.text not in ("大", "小", "的") else at.at(2).text
    long = near[:1] in _CALAMITIES and near not in _CALAMITIES_NOT
    counted = at.after_number or len(at.at(0).text) > 1
    return "chang2" if counted and long else "chang3"


def _transfer(at: Context) -> str:
    # 他调到北京工作 diao4 · 把空调调到制冷 tiao2
    moved = at.after.pos == "ns" or at.after.text in word_set("部门 公司 总部 单位 外地 别 新")
    taken = {at.at(offset).text for offset in range(-4, 0)} & {"把", "将", "给"}
    return "diao4" if moved and not taken else "tiao2"


def _row(at: Context) -> str:
    # 一行白鹭 hang2 · 一行人 xing2
    return "hang2" if at.after.pos[:1] == "n" and at.after.text[:1] not in "人客" else "xing2"


def _adjust(at: Context) -> str:
    # 把录像调出来 diao4 · 调一下音量 tiao2
    return "diao4" if at.after.text[:1] in ("出", "取", "阅", "走") else "tiao2"


def _watch(at: Context) -> str:
    # 看着锅 kan1 · 看着电视 kan4
    guarded = word_set("锅 孩子 宝宝 门 家 店 行李 老人 炉子 火")
    return "kan1" if at.after.text in guarded else "kan4"


def _nail(at: Context) -> str:
    # 钉一颗钉子 ding4 · 三颗钉 ding1
    return (
        "ding4"
        if at.after.pos[:1] in tuple("mnv") or at.after.text in ("上", "在", "个")
        else "ding1"
    )


def _smells(at: Context) -> str:
    # 气味很冲 chong4 · 冲马桶 chong1
    return "chong4" if at.before.text in particles.DEGREE_WORDS else "chong1"


RULES: dict[str, Rule] = {
    "个": particles.ge,
    "得": particles.de_complement,
    "地": particles.de_adverbial,
    "着": particles.zhe,
    "了": particles.le,
    "还": particles.hai,
    "为": particles.wei,
    "只": particles.zhi,
    "脏": lambda at: "zang1",
    "教": lambda at: "jiao1",
    "调到": _transfer,
    "长": _chang,
    "重": _zhong_heavy,
    "行": _hang,
    "数": _shu_count,
    "空": _kong,
    "系": _ji_tie,
    "种": _zhong_plant,
    "倒": _dao_fall,
    "背": _bei,
    "处": _chu,
    "觉": _jiao_sleep,
    "量": _liang_measure,
    "干": _gan,
    **dict.fromkeys(("落", "落在"), _la_leave),
    "吐": _tu,
    "转": _zhuan,
    "差": _cha,
    "待": _dai,
    "卷": _juan,
    "塞": _sai,
    "划": _hua,
    "盛": _cheng,
    "炸": _zha,
    "弹": _tan,
    "缝": _feng,
    "结": _jie,
    "闷": _men,
    "场": _scene,
    "冲": _smells,
    "调": _adjust,
    **dict.fromkeys(("一场", "两场", "几场", "这场", "那场"), _scene),
    "一行": _row,
    "看着": _watch,
    "钉": _nail,
}
"""A word -> the rule for its only character, the last of a number (一场), else the first (调到)."""
