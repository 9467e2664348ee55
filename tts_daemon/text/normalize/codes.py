"""Telephone numbers and everything whose digits are said one by one."""

from __future__ import annotations

import re

from tts_daemon.text.normalize.numbers import cardinal, digits, telephone
from tts_daemon.text.normalize.rule import HAN, Rule, after, before

_LINK = r"(?:号码?|码|一下|是|为|给|改为|设为|[:：\"“'(（【#*]|\s){0,4}$"
_TELEPHONE_WORDS = re.compile(
    "(?:电话|热线|手机号?|号码|拨打|拨|致电|来电|呼叫|联系方式|联系人|分机|传真|报警|匪警|火警|急救|客服|短号|区号|"
    rf"座机|固话|打|(?<![A-Za-z])(?:[Tt]el|TEL)){_LINK}"
)
_CODE_WORDS = re.compile(
    "(?:(?:验证|校验|动态|取件|取货|取餐|提货|激活|邀请|兑换|识别|条|条形|邮政?编|优惠|授权|配对|房间代|密|机器|追溯|核销|付款|"
    "会议|编|代|错误|故障|状态|股票代|设备|串)码|口令|邮编|端口|PIN|pin|ID|SN|IMEI|"
    "(?:卡|工|学|账|帐|订单|快递|运单|单|车牌|房间?|航班|车次|证|流水|群|批|QQ|微信|直播间|会员|保单|合同|发票|病历|就诊|编|"
    "序列|股票代|尾|会议|座位|身份证|考|准考证|社保|医保|税|牌照|货|型|电表|户|存折)号|"
    "车牌|航班|车次|身份证|尾号|验证码|密码|编号|QQ|房间|快递|会议室|机身码|股票|错误|故障|代号|呼号|频点|ISBN|ISSN)"
    rf"{_LINK}"
)
# 3个, 2次: before these a number counts. 8-16位: so does a range.
_COUNTED = re.compile(
    r"\s?(?:[个次条元块张件位名人台部只份天年月日分秒点小度%％℃万亿千百楼层家封笔单起则倍多余]|号楼|[~\-至到]\s?[0-9]+[个次条元天分秒位])"
)
_DRAWN = re.compile(rf"(?:中奖|开奖|幸运)号码{_LINK}")
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_START = r"(?<![0-9A-Za-z.])"
_END = r"(?![0-9A-Za-z]|\.[0-9])"
_HOTLINES = "1008[56]|1001[01]|1000[01]|1230[5-9]|1231[0-9]|1238[0-9]|1232[0-9]|12345|9[56][0-9]{3}"


def spell(text: str) -> str:
    """A code: digits one by one, a hyphen is 杠: `8-2-3012` -> `八杠二杠三零一二`."""
    return digits(re.sub(r"\*+", "星号", text.replace("-", "杠").replace(" ", "")))


def follows_name(match: re.Match[str]) -> bool:
    """Whether the words before the match announce a code or a telephone number."""
    left = before(match, 20)
    return bool(_TELEPHONE_WORDS.search(left) or _CODE_WORDS.search(left))


def _block(part: str) -> str:
    """The number of a house is counted, that of a flat is spelt: `12-802`."""
    return cardinal(part) if len(part) < 3 else digits(part)


def _telephone(match: re.Match[str]) -> str:
    return telephone(re.sub(r"[^0-9+]", "", match[0]).replace("+", "加"))


def _after_word(match: re.Match[str]) -> str | None:
    code, left = match[0], before(match, 20)
    if _COUNTED.match(after(match)) and "-" not in code:
        return None
    if _DRAWN.search(left):
        return None
    if _TELEPHONE_WORDS.search(left):
        return telephone(re.sub(r"[- ]", "", code)) if len(code) > 2 else None
    if _CODE_WORDS.search(left) and (len(code) > 2 or code[0] == "0"):
        return spell(code)
    return None


def _hotline(match: re.Match[str]) -> str | None:
    return None if _COUNTED.match(after(match)) else telephone(match[0])


def _digits(match: re.Match[str]) -> str:
    return digits(match[0])


def _word_of_digits(match: re.Match[str]) -> str | None:
    """Where nothing else is said, a number is one: `几个人？520`."""
    alone = match.group().strip() == match.string.strip(" ，。！？~")
    if match[1]:
        return digits(match[1])
    return digits(match[2]) if match[2] not in ("88", "520", "521", "1314") or not alone else None


def _spell(match: re.Match[str]) -> str:
    return spell(match[0])


RULES = (
    # 138-1234-5678, +86 13812345678 -> 幺三八…
    Rule(
        "mobile",
        re.compile(rf"{_START}(?:\+?86[- ]?)?1[3-9][0-9][- ]?[0-9]{{4}}[- ]?[0-9]{{4}}{_END}"),
        _telephone,
    ),
    # 010-12345678, (010)12345678, 0755 1234567 -> 零幺零…
    Rule(
        "landline",
        re.compile(
            rf"{_START}[(（]?0(?:10|2[0-9]|[3-9][0-9]{{2}})[)）]?[- ]?"
            rf"[1-9][0-9]{{2,3}}[- ]?[0-9]{{4}}{_END}"
        ),
        _telephone,
    ),
    # +86-10-12345678 -> 加八六幺零…
    Rule(
        "international number",
        re.compile(
            r"(?<![0-9A-Za-z])\+[1-9][0-9]{0,2}[- ][0-9]{1,4}[- ][0-9]{3,4}[- ]?[0-9]{4}(?![0-9])"
        ),
        _telephone,
        frozenset("+"),
    ),
    # 138****1234 -> 幺三八星号幺二三四; 3301**********1234 -> 三三零一星号一二三四
    Rule(
        "masked number",
        re.compile(rf"{_START}([0-9]{{3,6}})\*{{2,20}}([0-9]{{2,4}})(?![0-9*])"),
        lambda match: (telephone if len(match[1]) == 3 else digits)(f"{match[1]}星号{match[2]}"),
        frozenset("*"),
    ),
    # 400-800-1234 -> 四零零八零零幺二三四
    Rule(
        "service number",
        re.compile(rf"{_START}[48]00[- ]?[0-9]{{3,4}}[- ]?[0-9]{{3,4}}{_END}"),
        _telephone,
    ),
    # 12306, 95588 -> 幺二三零六; 12345元 counts
    Rule(
        "hotline",
        re.compile(
            rf"{_START}(?:{_HOTLINES})(?=\s?(?:热线|客服|投诉|平台|举报|市民|购票|买票|订票|官网))|(?<=给)(?:{_HOTLINES})(?=打)"
        ),
        _hotline,
    ),
    # 110报警, 119火警, 120急救 -> 幺幺零报警
    Rule(
        "emergency number",
        re.compile(
            rf"{_START}1(?:10|19|20|22|14)(?=\s?(?:报警|急救|火警|匪警|电话|热线|查号|指挥|接警|民警|警察|救护|中心|调度))"
        ),
        _telephone,
    ),
    # 沪A·12345 -> 沪A一二三四五
    Rule(
        "number plate",
        re.compile(rf"(?<=[{_PROVINCES}])([A-Z])[· ]?([0-9A-Z]{{5,6}})(?![0-9A-Za-z])"),
        lambda match: match[1] + digits(match[2]),
    ),
    # 报警电话是110 -> 幺幺零; 验证码是382910 -> 三八二九一零; 取件码8-2-3012 -> 八杠二杠三零一二
    Rule(
        "code after its name",
        re.compile(
            r"(?<![0-9A-Za-z.])[A-Za-z]{0,4}-?[0-9][0-9A-Za-z]*(?:[- ][0-9A-Z]+)*(?!\.[0-9])"
        ),
        _after_word,
    ),
    # 订单#20251122-001 -> 订单井号二零二五一一二二杠零零一
    Rule(
        "code after a number sign",
        re.compile(r"#([0-9]{4,20}(?:-[0-9]{1,10})?)(?![0-9A-Za-z.])"),
        lambda match: f"井号{spell(match[1])}",
        frozenset("#"),
    ),
    # 转8001 -> 转八零零幺
    Rule(
        "extension",
        re.compile(r"(?<=[零幺二三四五六七八九]转)\s?([0-9]{1,6})"),
        lambda match: telephone(match[1]),
    ),
    # 贵州茅台(600519), 600519.SH -> 六零零五一九
    Rule(
        "share",
        re.compile(
            rf"(?<=[{HAN}A-Z][(（])(?:(SH|SZ|BJ|sh|sz|bj)[.]?)?([0-9]{{5,6}})(?:\.(SH|SZ|BJ|HK))?(?=[)）])"
            r"|(?<![0-9A-Za-z.])()([0-9]{5,6})\.(SH|SZ|BJ|HK)(?![A-Za-z])"
        ),
        lambda match: f"{match[1] or ''}{digits(match[2] or match[5])}{match[3] or match[6] or ''}",
    ),
    # 886，我先下了 -> 八八六; 哈哈2333 -> 二三三三
    Rule(
        "number that is a word",
        re.compile(
            r"(?:(?<![0-9A-Za-z.\-+:/])(?<![一-鿿] )(?<![一-鿿])|(?<=[哈啊哦呵嘿])"
            r"|(?<=死我了)|(?<=笑死))"
            r"(?:(23{3,}|6{3,}|5{3,})(?![0-9.:%℃/+-]|\s?[个元块米度年月日号人次件条份点分秒斤克千百万亿楼室路座位股美台套只张页本多毫公])"
            r"|(88|886|8866|520|521|1314|5201314|7456|9494)"
            r"(?=\s*(?:[，。！？~～!,、)）]|$|[啦啊了喽哈呀的嘛]|快乐|宝贝|老婆|老公|亲爱|我爱)))"
        ),
        _word_of_digits,
    ),
    # 6222 0212 3456 7890 -> digit by digit
    Rule(
        "card",
        re.compile(rf"{_START}[0-9]{{4}}(?: [0-9]{{4}}){{2,4}}(?: [0-9]{{1,3}})?{_END}"),
        _spell,
    ),
    # 送到3-202, 我住12-802 -> 三杠二零二; 3-101室漏水
    Rule(
        "flat after a place",
        re.compile(
            r"(?:(?<=[到住在是给家苑园城区村里栋幢楼院址])|(?<=门牌[号：:])|(?<=地址[：:]))\s?"
            r"([0-9]{1,2}(?:-[0-9]{1,2})?-[1-9][0-9]?0[1-9]|[0-9]{1,2}(?:-[0-9]{1,2})?-[1-9][0-9]?[1-3][0-9])"
            r"(?![0-9A-Za-z.%-]|\s?[个人元块度年月日天分秒米斤克岁次页公])"
            r"|(?<![0-9A-Za-z.\-])([0-9]{1,3}(?:-[0-9]{1,3})?-[0-9]{3,4})(?=[室房户])"
        ),
        lambda match: "杠".join(_block(part) for part in (match[1] or match[2]).split("-")),
        frozenset("-"),
    ),
    # 1203室 -> 一二零三室; 302路 -> 三零二路; 301医院 -> 三零一医院
    Rule(
        "place number",
        re.compile(
            rf"{_START}[0-9]{{3,4}}(?=室(?!内)|房(?!价)|路(?![口灯由程线人边过])|医院|中学|国道|省道|号(?:房|室|包)|病房|教室|宿舍|"
            "包[间厢]|寝室|会议室|航班|次(?:列车|航班|高铁|动车)|开头|字头|打头)"
        ),
        _digits,
    ),
    # 1单元1802 -> 1单元一八零二
    Rule(
        "flat",
        re.compile(
            r"(?:(?<=单元)|(?<=号楼)|(?<=[栋幢])|(?<=[0-9]层))[0-9]{3,4}(?![0-9.户个人层元])"
        ),
        _digits,
    ),
    # 8-301, 3-2-501 -> 三杠二杠五零一
    Rule(
        "door",
        re.compile(
            r"(?<![0-9A-Za-z.\-])[0-9]{1,3}(?:-[0-9]{1,3}){1,2}-?[0-9]{3,4}(?=[室房，。,]|$)"
        ),
        _spell,
    ),
)
