"""Rules for polyphones that are function words as often as not: 得 地 着 了 还 都 为 只 个."""

from __future__ import annotations

from tts_daemon.text.context import Context
from tts_daemon.text.tables import word_set

DEGREE_WORDS = word_set(
    "很 太 更 最 挺 真 特 多 这么 那么 非常 比较 有点 有点儿 越来越 越 不 不够 较 过于 十分 相当 够"
)
_MODALS = word_set(
    "应该 应 要 会 能 想 必须 可以 愿意 愿 肯 正在 正 已 已经 将 将要 请 来 去 都 也 只 就 可 能够 "
    "需要 甘愿 乐于 一直 努力 专门 特地"
)
_STATES = frozenset(
    "热冷美亮暗累困忙急吓乐气大小高低快慢好坏多少远近长短重轻深浅早晚红黑白香臭甜苦痛疼痒饿渴胖瘦脏乱静闹湿"
    "吵响烫凉暖晒堵贵穷富笨傻"
)
"""A single character with 得 tells of a state: 热得要命, 灯亮得刺眼."""
_MOODS = word_set(
    "伤心 开心 高兴 感动 激动 兴奋 难受 担心 紧张 害怕 生长 生气 难过 痛苦 幸福 寂寞 激烈 漂亮 进步"
)
_PERSONS = word_set("大家 妈妈 爸爸 爷爷 奶奶 老师 孩子 宝宝 主人 咱 咱们 您 谁 人 用户 客人 老人")
_GAINED = frozenset("了分病到第")
_OWED = word_set("书 钱 债 车 房贷 贷款 信用卡 款 给 我 他 她 人 账 押金 共享 单车 充电宝 利息")
_RETURNED = word_set("回去 回来 上 清 完 掉 不起 得起")


def de_complement(at: Context) -> str:
    """得."""
    # 得了冠军 de2 · 得第一 de2 · 跑得过他 de5
    if at.after.text[-1:] in ("病", "炎") or (at.after.text[:1] in _GAINED and not _acts(at)):
        return "de2"
    if at.after.text == "过" and not at.before.pos.startswith("v"):
        return "de2"
    if _obliged(at):
        return "dei3"  # 我得走了, 大家得注意
    if at.after.text in DEGREE_WORDS or _acts(at):
        return "de5"  # 游得很快, 冷得发抖
    if (
        at.before.text[-1:] in _STATES and at.before.pos not in ("t", "d")
    ) or at.before.text in _MOODS:
        return "de5"  # 热得要命, 伤心得哭了
    # 交流得比 … 好 de5
    if at.after.text in ("比", "跟", "像", "和", "同", "如"):
        return "de5"
    return "dei3" if at.after.is_spoken else "de5"


def _acts(at: Context) -> bool:
    return at.before.pos[:1] in ("v", "a", "i", "l", "z", "u") and at.before.text != "您"


def _obliged(at: Context) -> bool:
    """Whether a person, or nothing, stands before."""
    person = at.before.pos[:1] == "r" or at.before.text in _PERSONS or at.before.text[-1:] == "们"
    return at.after.is_spoken and (person or not at.before.is_spoken)


def de_adverbial(at: Context) -> str:
    """地."""
    # 擦了地 di4 · 地上 di4
    if not at.before.is_spoken or not at.after.is_spoken or at.after.text[:1] in "上下里外面中边板":
        return "di4"
    if at.after.text in ("的", "了", "吗", "呢", "吧", "啊"):
        return "di4"
    # 高兴地说 de5 · 一样地 de5 · 总体地研究 de5 · 种地 di4
    if len(at.before.text) == 1:
        return "de5" if at.before.pos in ("a", "d", "z", "o") else "di4"
    if len(at.before.text) > 2 or at.before.text[-1] in "样然静":
        return "de5"
    if "v" in at.before.pos or at.before.pos in word_set("d a ad an z i l o b c m"):
        return "de5"
    return "de5" if at.before.pos == "n" and at.after.pos == "v" else "di4"


def zhe(at: Context) -> str:
    """着."""
    # 睡得着 zhao2 · 火没着 zhao2 · 开着灯 zhe5
    burns = at.before.text in ("火", "没") and at.after.text[:1] in ("了", "起", "")
    return "zhao2" if burns or at.before.text[-1:] in ("不", "得") else "zhe5"


def le(at: Context) -> str:
    """了."""
    # 吃不了 liao3 · 吃了 le5
    potential = at.before.text in ("不", "得") and at.at(-2).pos.startswith("v")
    return "liao3" if potential else "le5"


def hai(at: Context) -> str:
    """还."""
    # 还了钱 huan2 · 什么时候还 huan2 · 书还没还 huan2 · 还开着 hai2
    if not at.after.is_spoken or at.after.text in ("吗", "呢", "吧", "了"):
        return "huan2"
    if at.after.text in _OWED:
        return "huan2"
    # 把钥匙还回去, 房贷还完了 huan2 · 他还上学 hai2
    lent = at.before.pos.startswith(("n", "j")) and at.at(2).pos[:1] in ("x", "u")
    return "huan2" if lent and at.after.text in _RETURNED else "hai2"


def wei(at: Context) -> str:
    """为."""
    # 为将来做准备 wei4 · 应该为客人开门 wei4 · 为他们高兴 wei4
    if at.before.text in _MODALS or not at.before.is_spoken or at.after.pos.startswith("r"):
        return "wei4"
    # 选为组长 wei2 · 以他为主 wei2 · 温度为二十度 wei2
    if at.before.pos.startswith("v") or at.before.text in word_set("以 更 最 较 极 尤 即"):
        return "wei2"
    if at.before.pos not in ("r", "nr") and at.after.pos in ("m", "t", "x", "a", "b"):
        return "wei2"
    # 为客厅开灯 wei4
    return "wei4" if at.verb_follows() else "wei2"


def zhi(at: Context) -> str:
    """只."""
    # 三只猫 zhi1 · 只开一盏灯 zhi3 · 养了只猫 zhi1
    if at.after_number or at.before.text in word_set("这 那 哪 每 各 某 整 另"):
        return "zhi1"
    if at.after.pos == "n" and (at.before.pos.startswith("v") or at.before.text == "了"):
        return "zhi1"
    return "zhi3"


def ge(at: Context) -> str:
    """个."""
    # 是个 ge5 · 两个 ge4
    return "ge5" if at.before.pos in ("v", "vd", "vn") else "ge4"
