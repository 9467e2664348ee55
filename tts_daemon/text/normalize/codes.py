"""Telephone numbers and everything whose digits are said one by one."""

from __future__ import annotations

import re

from tts_daemon.text.normalize.numbers import digits, telephone
from tts_daemon.text.normalize.rule import Rule, after, before

_LINK = r"(?:号码?|码|一?下|是|为|改为|设为|[:：,，\"“'(（【\[]|\s){0,4}$"
_TELEPHONE_WORDS = re.compile(
    r"(?:电话|热线|手机号?|号码|拨打|拨|致电|来电|呼叫|联系方式|联系人|分机|传真|报警|匪警|火警|急救|救护车?|客服|短号|区号|座机|固话|打|tel|Tel|TEL)"
    + _LINK
)
_CODE_WORDS = re.compile(
    r"(?:验证|校验|动态|取件|取货|提货|密|激活|邀请|兑换|识别|条形?|邮政?编|邮|优惠|券|授权|配对|房间|会议|编|代|错误|故障|状态|序列|股票代|口令|身份证|卡|尾|学|工|账|帐|单|订单|快递单|运单|"
    r"车牌|门牌|房|航班|车次|证|流水|群|批|QQ|微信|直播间|会员|保单|合同|发票|病历|就诊|设备|固件|端口|PIN|pin|ID|id|SN|编码|代码|密码|口令|邮编|端口|频点|呼号)"
    + _LINK
)
# 3个, 2次: after these a number counts.
_COUNTS = re.compile(
    r"\s?(?:[个次条元块张件位名人台部只份天年月日分秒点小时米度%％℃万亿千百楼层]|[~\-至到]\s?[0-9]+(?:[个次条元天分秒点小时%℃]))"
)
_LONG = r"(?<![0-9A-Za-z.])"


def spell(text: str, *, yao: bool = False) -> str:
    """A code: digits one by one, letters as written, a hyphen is 杠, spaces and slashes are not said."""
    read = telephone if yao else digits
    return read(text.replace("-", "杠").replace(" ", ""))


def _telephone(match: re.Match[str]) -> str:
    return telephone(re.sub(r"[^0-9+]", "", match[0]).replace("+", "加"))


def _after_word(match: re.Match[str]) -> str | None:
    code = match[0].rstrip(" -")
    tail = match[0][len(code) :]
    if _COUNTS.match(tail + after(match)) and "-" not in code:
        return None
    left = before(match, 20)
    if _TELEPHONE_WORDS.search(left):
        return telephone(re.sub(r"[- ]", "", code)) + tail
    if _CODE_WORDS.search(left) and (len(code) > 1 or "-" in code):
        return spell(code) + tail
    return None


RULES = (
    # 138-1234-5678, +86 13812345678 -> 幺三八…
    Rule(
        "mobile",
        re.compile(
            r"(?<![0-9A-Za-z.])(?:\+?86[- ]?)?1[3-9][0-9][- ]?[0-9]{4}[- ]?[0-9]{4}(?![0-9A-Za-z]|\.[0-9])"
        ),
        _telephone,
    ),
    # 010-12345678, (010)12345678, 0755 1234567 -> 零幺零…
    Rule(
        "landline",
        re.compile(
            r"(?<![0-9A-Za-z.])[(（]?0[1-9][0-9]{1,2}[)）]?[- ]?[2-9][0-9]{2,3}[- ]?[0-9]{4}(?![0-9A-Za-z]|\.[0-9])"
        ),
        _telephone,
    ),
    # 400-800-1234, 95588 after 拨打 -> 四零零八零零幺二三四
    Rule(
        "service number",
        re.compile(r"(?<![0-9A-Za-z.])[48]00[- ]?[0-9]{3,4}[- ]?[0-9]{3,4}(?![0-9A-Za-z]|\.[0-9])"),
        _telephone,
    ),
    # 报警电话是110 -> 幺幺零; 验证码是382910 -> 三八二九一零; 取件码8-2-3012 -> 八杠二杠三零一二
    Rule(
        "code after its name",
        re.compile(r"(?<![0-9.])[A-Za-z]{0,4}[0-9][0-9A-Za-z]*(?:[- ][0-9A-Z]+)*(?!\.[0-9])"),
        _after_word,
    ),
    # 转8001 -> 转八零零幺
    Rule(
        "extension",
        re.compile(r"(?<=[零幺二三四五六七八九]转)\s?([0-9]{1,6})"),
        lambda match: telephone(match[1]),
    ),
    # 6222 0212 3456 7890 -> digit by digit
    Rule(
        "card",
        re.compile(r"(?<![0-9A-Za-z.])[0-9]{4}(?: [0-9]{4}){2,4}(?: [0-9]{1,3})?(?![0-9A-Za-z.])"),
        lambda match: spell(match[0]),
    ),
    # 1203室 -> 一二零三室; 302路 -> 三零二路; 12306 -> 幺二三零六
    Rule(
        "place number",
        re.compile(
            r"(?<![0-9A-Za-z.])[0-9]{3,4}(?=室(?!内)|房间?(?!价)|路(?:公交|车|$|[，。])|医院|中学|国道|省道|号(?:房|室|包)|病房|教室|宿舍|包[间厢]|寝室|会议室|航班|次(?:列车|航班|高铁|动车))"
        ),
        lambda match: digits(match[0]),
    ),
    # 8-301, 3-2-501 -> 三杠二杠五零一
    Rule(
        "door",
        re.compile(
            r"(?<![0-9A-Za-z.\-])[0-9]{1,3}(?:-[0-9]{1,3}){1,2}-?[0-9]{3,4}(?=[室房，。,]|$)"
        ),
        lambda match: spell(match[0]),
    ),
)
