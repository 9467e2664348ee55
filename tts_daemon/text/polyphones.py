"""Rules for the frequent polyphones that a dictionary of words cannot decide.

A rule sees one single-character word between its neighbours. Inside longer words the dictionary
decides.
"""

from __future__ import annotations

from collections.abc import Callable

from tts_daemon.text.context import Context
from tts_daemon.text.reading import Word
from tts_daemon.text.tables import word_set

_DEGREE_WORDS = word_set(
    "很 太 更 最 挺 真 特 多 这么 那么 非常 比较 有点 有点儿 越来越 越 不 不够 较 过于 十分 相当 够"
)
_MODALS = word_set(
    "应该 应 要 会 能 想 必须 可以 愿意 肯 正在 正 已 已经 将 将要 请 来 去 都 也 "
    "只 就 可 能够 需要"
)
_GAINED = frozenset("了过奖分病到第")
_LOCALISERS = frozenset("上下里外面中边板")

Rule = Callable[[Context], str]


def apply(words: list[Word]) -> None:
    """Correct the readings of single-character polyphones by the words around them."""
    for index, word in enumerate(words):
        if len(word.text) == 3 and word.text[-1] == "地" and word.pos[:1] in "dzi":
            word.syllables[-1].base, word.syllables[-1].tone = "de", 5  # 坦率地
        rule = RULES.get(word.text)
        if rule and word.syllables:
            reading = rule(Context(words, index))
            word.syllables[0].base, word.syllables[0].tone = reading[:-1], int(reading[-1])


def _de_complement(at: Context) -> str:
    # 得了冠军 de2 · 得第一 de2
    if at.after.text[:1] in _GAINED or at.after.text[-1:] in ("病", "炎"):
        return "de2"
    if at.after.text in _DEGREE_WORDS and not at.before.pos.startswith("r"):
        return "de5"  # 游得很快, where jieba takes 游 for a noun
    if at.before.pos[:1] in ("v", "a", "i", "l", "z", "u"):
        return "de5"
    # 交流得比 … 好 de5
    if at.after.text in ("比", "跟", "像", "和", "同", "如"):
        return "de5"
    # 我得走了 dei3
    must = at.before.pos[:1] in "rntdmxcfsp" and at.after.pos[:1] in "vpdratfl"
    return "dei3" if must else "de5"


def _de_adverbial(at: Context) -> str:
    # 擦了地 di4 · 地上 di4
    if not at.before.is_spoken or not at.after.is_spoken or at.after.text[:1] in _LOCALISERS:
        return "di4"
    if at.after.text in ("的", "了", "吗", "呢", "吧", "啊"):
        return "di4"
    # 高兴地说 de5 · 一样地 de5 · 总体地研究 de5 · 种地 di4
    if len(at.before.text) == 1:
        return "de5" if at.before.pos in ("a", "d", "z", "o") else "di4"
    if len(at.before.text) > 2 or at.before.text[-1] in "样然":
        return "de5"
    if (
        at.before.pos in ("d", "a", "ad", "an", "z", "i", "l", "o", "b", "c", "m")
        or "v" in at.before.pos
    ):
        return "de5"
    return "de5" if at.before.pos == "n" and at.after.pos == "v" else "di4"


def _zhe(at: Context) -> str:
    # 睡得着 zhao2 · 开着灯 zhe5
    if at.before.text[-1:] in ("不", "得"):
        return "zhao2"
    return "zhe5"


def _le(at: Context) -> str:
    # 吃不了 liao3 · 吃了 le5
    potential = at.before.text in ("不", "得") and at.at(-2).pos.startswith("v")
    return "liao3" if potential else "le5"


def _hai(at: Context) -> str:
    # 还了钱 huan2 · 什么时候还 huan2 · 还开着 hai2
    if not at.after.is_spoken or at.after.text in ("吗", "呢", "吧"):
        return "huan2"
    if at.after.text in ("书", "钱", "债", "车", "房贷", "贷款", "信用卡", "款", "给", "了"):
        return "huan2"
    return "hai2"


def _chang(at: Context) -> str:
    # 三米长 chang2 · 孩子长了两厘米 zhang3 · 时间长了 chang2
    if at.before.text in _DEGREE_WORDS or at.before.pos in ("m", "q"):
        return "chang2"
    if at.after.text[:1] in (
        "得",
        "大",
        "高",
        "出",
        "满",
        "成",
        "在",
        "着",
        "胖",
        "个",
        "这",
        "什",
    ):
        return "zhang3"
    if at.after.text[:1] == "了":
        return "zhang3" if at.at(2).pos in ("m", "q") or at.before.pos == "nr" else "chang2"
    return "zhang3" if at.before.pos in ("n", "v", "d") and at.after.pos in ("n", "m") else "chang2"


def _wei(at: Context) -> str:
    # 为将来做准备 wei4 · 应该为客人开门 wei4 · 为他们高兴 wei4
    if at.before.text in _MODALS or not at.before.is_spoken or at.after.pos.startswith("r"):
        return "wei4"
    # 选为组长 wei2 · 以他为主 wei2 · 温度为二十度 wei2
    if at.before.pos.startswith("v") or at.before.text in (
        "以",
        "更",
        "最",
        "较",
        "极",
        "尤",
        "即",
    ):
        return "wei2"
    if at.before.pos not in ("r", "nr") and at.after.pos in ("m", "t", "x", "a", "b"):
        return "wei2"
    # 为客厅开灯 wei4
    return "wei4" if at.verb_follows() else "wei2"


def _zhong_heavy(at: Context) -> str:
    # 重设密码 chong2 · 三公斤重 zhong4
    if at.before.text in _DEGREE_WORDS or at.before.pos in ("m", "q", "n"):
        return "zhong4"
    return "chong2" if at.after.pos in ("v", "vn") else "zhong4"


def _hang(at: Context) -> str:
    # 三行字 hang2 · 一行人 xing2
    if at.after_number and at.after.text[:1] != "人":
        return "hang2"
    return "xing2"


def _shu_count(at: Context) -> str:
    # 数一下 shu3 · 数了数 shu3 · 整数 shu4
    if at.at(-2).text == "数" and at.before.text in ("了", "一"):
        return "shu3"
    if at.after.text[:1] in ("一", "了", "到", "完", "不", "得", "出", "着", "清"):
        return "shu3"
    if at.after.text in ("钱", "羊", "星星", "人", "数"):
        return "shu3"
    return "shu3" if at.before.text in ("来", "在", "先", "会", "再") else "shu4"


def _kong(at: Context) -> str:
    # 有空 kong4 · 空的 kong1
    return (
        "kong4" if at.before.text in ("有", "没", "没有", "抽", "有没有", "哪有", "得") else "kong1"
    )


def _ji_tie(at: Context) -> str:
    # 系蝴蝶结 ji4 · 中文系 xi4
    if at.after.text in ("着", "上", "好", "紧", "了", "个", "带", "绳", "围裙", "蝴蝶结", "扣子"):
        return "ji4"
    return "xi4"


def _zhong_plant(at: Context) -> str:
    # 种两棵树 zhong4 · 这种 zhong3
    if (
        at.after_number
        or at.before.pos.startswith("r")
        or at.before.text in ("该", "同", "某", "每")
    ):
        return "zhong3"
    return "zhong4" if at.after.pos[:1] in ("n", "u", "m", "v", "f") else "zhong3"


def _zhi(at: Context) -> str:
    # 三只猫 zhi1 · 只开一盏灯 zhi3 · 养了只猫 zhi1
    if at.after_number or at.before.text in ("这", "那", "哪", "每", "各", "某", "整", "另"):
        return "zhi1"
    if at.after.pos == "n" and (at.before.pos.startswith("v") or at.before.text == "了"):
        return "zhi1"
    return "zhi3"


def _dao_fall(at: Context) -> str:
    # 倒一杯水 dao4 · 椅子倒了 dao3
    if at.after.pos in ("m", "q") or at.after.text in (
        "水",
        "茶",
        "酒",
        "掉",
        "出",
        "进",
        "入",
        "满",
    ):
        return "dao4"
    if at.before.pos.startswith("v") and at.before.is_spoken:
        return "dao3"
    return "dao3" if at.after.text in ("了", "在", "下", "地") else "dao4"


def _bei(at: Context) -> str:
    # 背包里 bei1 · 背课文 bei4
    return (
        "bei1"
        if at.after.text in ("着", "起", "书包", "孩子", "包", "行李", "回", "人")
        else "bei4"
    )


def _chu(at: Context) -> str:
    return "chu3" if at.after.text in ("在", "于", "着", "得") else "chu4"


def _jiao_sleep(at: Context) -> str:
    # 睡了一个好觉 jiao4
    near = {at.at(offset).text[:1] for offset in range(-5, 0)}
    return "jiao4" if near & {"睡", "个", "补"} else "jue2"


def _liang_measure(at: Context) -> str:
    # 量一量 liang2 · 用量 liang4
    if at.after.text[:1] in ("一", "体", "血", "身", "尺", "了", "出", "好", "过"):
        return "liang2"
    return "liang4"


def _gan(at: Context) -> str:
    # 你在干什么 gan4 · 衣服干了 gan1
    if at.after.text in (
        "什么",
        "啥",
        "嘛",
        "吗",
        "得",
        "活",
        "完",
        "过",
        "这",
        "这个",
        "起",
        "好",
    ):
        return "gan4"
    if at.before.text in (
        "在",
        "要",
        "想",
        "能",
        "敢",
        "肯",
        "会",
        "我",
        "你",
        "他",
        "她",
        "就",
        "别",
    ):
        return "gan4"
    return "gan1"


def _zhuan(at: Context) -> str:
    # 八百转 zhuan4 · 转得快 zhuan4 · 转两次车 zhuan3 · 六七八转八零一 zhuan3
    if at.after.pos == "m":
        return "zhuan3"
    spins = at.after.text in ("得", "着", "起来", "不动", "个", "圈", "一圈", "圈圈")
    return "zhuan4" if at.before.pos == "m" or spins else "zhuan3"


def _tu(at: Context) -> str:
    # 孩子吐了 tu4 · 吐泡泡 tu3
    return "tu4" if at.after.text == "了" or at.before.text in ("想", "要", "会") else "tu3"


def _cha(at: Context) -> str:
    # 成绩差 cha4 · 两数之差 cha1
    return "cha1" if at.before.text in ("之", "的", "温") and not at.after.is_spoken else "cha4"


def _dai(at: Context) -> str:
    # 待了三天 dai1 · 待处理 dai4
    waits = at.after.pos in ("v", "vn") or at.before.text in ("有", "亟", "尚", "以")
    return "dai4" if waits else "dai1"


def _juan(at: Context) -> str:
    # 第三卷 juan4 · 一卷纸 juan3
    return (
        "juan4" if "第" in at.at(-2).text + at.before.text or not at.before.is_spoken else "juan3"
    )


def _sai(at: Context) -> str:
    return "sai4" if "nr" in at.before.pos or "nr" in at.after.pos else "sai1"


def _hua(at: Context) -> str:
    return "hua2" if at.after.text in ("船", "了", "着", "火柴", "开", "破") else "hua4"


def _cheng(at: Context) -> str:
    return (
        "cheng2" if at.after.pos in ("m", "n", "q") or at.after.text in ("满", "了") else "sheng4"
    )


def _zha(at: Context) -> str:
    return "zha2" if at.after.text in ("鸡", "鱼", "虾", "薯条", "油条", "酱", "丸子") else "zha4"


def _tan(at: Context) -> str:
    return (
        "tan2"
        if at.after.pos[:1] in ("n", "u", "m", "r") or at.after.text in ("起", "得")
        else "dan4"
    )


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


def _ge(at: Context) -> str:
    # 是个 ge5 · 两个 ge4
    return "ge5" if at.before.pos in ("v", "vd", "vn") else "ge4"


RULES: dict[str, Rule] = {
    "个": _ge,
    "脏": lambda at: "zang1",
    "得": _de_complement,
    "地": _de_adverbial,
    "着": _zhe,
    "了": _le,
    "还": _hai,
    "长": _chang,
    "为": _wei,
    "重": _zhong_heavy,
    "行": _hang,
    "数": _shu_count,
    "空": _kong,
    "系": _ji_tie,
    "种": _zhong_plant,
    "只": _zhi,
    "倒": _dao_fall,
    "背": _bei,
    "处": _chu,
    "教": lambda at: "jiao1",
    "觉": _jiao_sleep,
    "量": _liang_measure,
    "干": _gan,
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
}
