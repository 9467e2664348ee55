"""Plain numbers: ordinals, counts with 两, ranges, and what is left."""

from __future__ import annotations

import re

from tts_daemon.text.normalize.numbers import cardinal, counted, digits, number
from tts_daemon.text.normalize.rule import DASH, NUMBER, Rule, after

# Two of these are 两. 号 楼 月 日 级 班 路 线 等 档 are numbered, not counted: 二号, 二楼.
_MEASURES = (
    r"个|次(?![元方])|天|年(?!级)|小时|分(?![之贝])|秒|点(?![五零])|时(?![代期间])|周|星期|晚|夜|人(?!民)|位|名|只|条|张|件|台|部|辆|本|"
    r"册|篇|封|份|块|元(?![一二]次)|角|毛|盏|扇|套|间|场|把|杯|瓶|碗|盘|袋|箱|盒|包|支|枝|棵|朵|颗|粒|滴|片|段|句|首|门|家|所|座|口|头|匹|群|对|"
    r"双|副|组|列|倍|成|步|圈|遍|趟|回|下|顿|种|类|样|项|批|公里|里(?![程面边头外])|千米|米|厘米|毫米|公斤|千克|毫克|微克|克|斤|吨|升|毫升|平(?:方|米)|立方|度|室|厅|"
    r"岁|刻|轮|局|万|亿|千|百|股|篮|桶|罐|壶|锅|串|束|卷|根|节|课|集|英寸|寸|尺|英里|海里|亩|公顷|页|单(?!元)|票|处|道|则|通|声|针|剂|"
    r"工作日|学分|学期|世纪|格|码|筐|车|户|笔|顶|幅|面|扎|打|听|勺|匙|瓣|帧|桌|拨|餐|觉|番|胜|负|钟头|半|多|盆|株|枚|艘|架|辈|端|边|侧|旁|国|省|"
    r"市|地|岸|极|者|方|代人|行|站(?!台)|[大小](?:[勺碗杯份盘块瓶袋包箱盒])|层(?:楼(?![梯层])|小楼|别墅|蛋糕|口罩|床|楼高)"
)
_COUNTED = rf"(?=\s?(?:{_MEASURES}))"
_START = r"(?<![0-9A-Za-z.])"


def _range(match: re.Match[str]) -> str:
    """`3-5天` -> `三到五天`; a falling pair is a score: `96-91` -> `九十六比九十一`."""
    low, high = match[1], match[2]
    falls = float(low.replace(",", "")) > float(high.replace(",", ""))
    if falls and "-" in match[0]:
        return f"{number(low)}比{number(high)}"
    read = counted if re.match(rf"\s?(?:{_MEASURES})", after(match)) else number
    return f"{read(low)}到{read(high)}"


def _either(match: re.Match[str]) -> str | None:
    """Two neighbours are a guess, `两三天`; others are a list."""
    low, high = int(match[1]), int(match[2])
    return (
        counted(match[1]) + cardinal(match[2]) if high == low + 1 or (low, high) == (3, 5) else None
    )


def _number(match: re.Match[str]) -> str:
    """Nine digits and more are a code unless they count something or end in round thousands."""
    text = match[0]
    code = text.isdigit() and len(text) >= 9 and not text.endswith("000")
    if code and not re.match(rf"\s?(?:{_MEASURES})", after(match)):
        return digits(text)
    return number(text)


def _sign(match: re.Match[str]) -> str:
    return "负" if match[0][0] == "-" else "加"


RULES = (
    # 第01期 -> 第一期
    Rule(
        "ordinal",
        re.compile(r"(?<=第)\s?([0-9]+)(?![0-9.]|\s?[-~])"),
        lambda match: number(match[1].lstrip("0") or "0"),
    ),
    # 2#楼 -> 二号楼
    Rule(
        "number with a number sign",
        re.compile(rf"{_START}([0-9]{{1,4}})#"),
        lambda match: f"{number(match[1])}号",
        frozenset("#"),
    ),
    # 一(2)班 -> 一二班
    Rule(
        "class",
        re.compile(r"(?<=[一二三四五六七八九高初0-9])[(（]([0-9]{1,2})[)）](?=班)"),
        lambda match: number(match[1]),
    ),
    # 2、3天 -> 两三天
    Rule("either", re.compile(rf"{_START}([1-9])[、,，]([1-9]){_COUNTED}"), _either),
    # 95折 -> 九五折
    Rule("discount", re.compile(rf"{_START}([1-9][1-9])(?=折)"), lambda match: digits(match[1])),
    # 满200-30 -> 满二百减三十
    Rule(
        "discount from an amount",
        re.compile(rf"(?<=满)({NUMBER})\s?[-减]\s?({NUMBER})(?=[，。！；、,\s元块）)]|$)"),
        lambda match: f"{number(match[1])}减{number(match[2])}",
    ),
    # 3-5天 -> 三到五天; 2~3个 -> 两到三个; 96-91 -> 九十六比九十一
    Rule("range", re.compile(rf"{_START}({NUMBER}){DASH}({NUMBER})(?![0-9A-Za-z])"), _range),
    # 3万-5万 -> 三万到五万; 3天-5天 -> 三天到五天
    Rule(
        "range of counts",
        re.compile(rf"(?<=[0-9][万亿千百元个天次年人岁米度级楼层斤])\s?[-~—]\s?(?={NUMBER})"),
        lambda match: "到",
        frozenset("-~—"),
    ),
    # 100+条 -> 一百多条; 10万+阅读 -> 十万多阅读
    Rule(
        "more than",
        re.compile(rf"{_START}({NUMBER})(?:([万亿千])\+|\+(?=\s?(?:{_MEASURES}|[，。,.！!]|$)))"),
        lambda match: f"{number(match[1])}{match[2] or ''}多",
        frozenset("+"),
    ),
    # 2个 -> 两个; 2万 -> 两万
    Rule("counted", re.compile(rf"{_START}(?<!零下)0?2{_COUNTED}"), lambda match: "两"),
    # 二十~三十 -> 二十到三十
    Rule(
        "range in characters",
        re.compile(r"(?<=[一二三四五六七八九十百千万亿])\s?[-~—]\s?(?=[一二两三四五六七八九十])"),
        lambda match: "到",
        frozenset("-~—"),
    ),
    # 10 20 30 -> 十，二十，三十
    Rule("numbers in a row", re.compile(r"(?<=[0-9]) +(?=[0-9])"), lambda match: "，"),
    # -5 -> 负五; +5 -> 加五
    Rule(
        "sign",
        re.compile(r"(?<![0-9A-Za-z.)）零一二三四五六七八九十百千万亿])[-+]\s?(?=[0-9])"),
        _sign,
        frozenset("-+"),
    ),
    # 1,234 -> 一千二百三十四; 3.14 -> 三点一四; 007 -> 零零七
    Rule("number", re.compile(NUMBER), _number),
)
