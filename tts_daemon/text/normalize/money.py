"""Amounts of money."""

from __future__ import annotations

import re
from decimal import Decimal

from tts_daemon.text.normalize.numbers import money
from tts_daemon.text.normalize.rule import DASH, NUMBER, Rule

_CURRENCIES = {
    "¥": "元", "CN¥": "元", "RMB": "元", "CNY": "元", "JP¥": "日元", "JPY": "日元", "HK$": "港元",
    "HKD": "港元", "NT$": "新台币", "TWD": "新台币", "$": "美元", "US$": "美元", "USD": "美元",
    "A$": "澳元", "AUD": "澳元", "C$": "加元", "CAD": "加元", "S$": "新加坡元", "SGD": "新加坡元",
    "€": "欧元", "EUR": "欧元", "£": "英镑", "GBP": "英镑", "₩": "韩元", "KRW": "韩元",
    "₹": "卢比", "INR": "卢比", "₽": "卢布", "RUB": "卢布", "฿": "泰铢", "THB": "泰铢",
    "CHF": "瑞士法郎", "₿": "比特币", "BTC": "比特币", "¢": "美分",
}  # fmt: skip
_SIGN = "|".join(re.escape(sign) for sign in sorted(_CURRENCIES, key=len, reverse=True))
_CODE = "|".join(sign for sign in _CURRENCIES if sign.isalpha())
_SCALES = {"k": "千", "K": "千", "w": "万", "W": "万"}
# English counts by thousands, Chinese by ten thousands: $1.5B is fifteen 亿.
_POWERS = {"M": 6, "B": 9, "bn": 9, "T": 12}
_SCALE = r"(?:万亿|[万亿千百]|(?:bn|[kKMBTwW])(?![A-Za-z]))"
_MONEY = (
    "美元|美金|人民币|欧元|日元|英镑|港元|港币|澳元|加元|韩元|卢布|卢比|泰铢|瑞士法郎|新加坡元|"
    "新台币|比特币"
)
_UNIT = "元人民币|人民币|元整|元|块钱?|美元|美金|欧元|日元|港币|港元"


def _by_ten_thousands(value: str, power: int) -> str:
    """`1.5`, 9 -> `十五亿`; `2.5`, 6 -> `二百五十万`."""
    amount = Decimal(value.replace(",", "")).scaleb(power)
    for name, size in (("万亿", 12), ("亿", 8), ("万", 4)):
        if amount >= 10**size:
            return money(f"{amount.scaleb(-size).normalize():f}") + name
    return money(f"{amount.normalize():f}")


def _pair(match: re.Match[str]) -> str:
    return "兑".join(_CURRENCIES.get(side, side) for side in match.groups())


def _amount(value: str, scale: str | None) -> str:
    if scale in _POWERS:
        return _by_ten_thousands(value, _POWERS[scale])
    return money(value) + _SCALES.get(scale or "", scale or "")


def _signed(match: re.Match[str]) -> str:
    words = "负" if match["before"] or match["behind"] else ""
    words += _amount(match["value"], match["scale"])
    if match["high"]:
        words += "到" + _amount(match["high"], match["high_scale"])
    return words + (match["unit"] or _CURRENCIES[match["sign"]])


RULES = (
    # 美元/人民币, USD/JPY -> 美元兑人民币
    Rule(
        "pair of currencies",
        re.compile(rf"(?<![A-Za-z])({_MONEY}|{_CODE})/({_MONEY}|{_CODE})(?![A-Za-z])"),
        _pair,
        frozenset("/"),
    ),
    # ￥199.00 -> 一百九十九元; $1.5亿 -> 一点五亿美元; ￥100-200 -> 一百到二百元; -¥50 -> 负五十元
    Rule(
        "amount after its sign",
        re.compile(
            rf"(?P<before>(?<![0-9A-Za-z])-)?(?<![A-Za-z])(?P<sign>{_SIGN})\s?(?P<behind>-)?"
            rf"(?P<value>{NUMBER})\s?(?P<scale>{_SCALE})?"
            rf"(?:{DASH}(?:{_SIGN})?\s?(?P<high>{NUMBER})\s?(?P<high_scale>{_SCALE})?)?(?P<unit>{_UNIT})?"
        ),
        _signed,
    ),
    # 100USD -> 一百美元
    Rule(
        "amount before its code",
        re.compile(
            rf"(?<![0-9A-Za-z.])({NUMBER})\s?(万亿|[万亿千百])?\s?({_CODE}|[€£¢])(?![A-Za-z])"
        ),
        lambda match: _amount(match[1], match[2]) + _CURRENCIES[match[3]],
    ),
    # 12.80元 -> 十二点八元
    Rule(
        "decimals of yuan",
        re.compile(
            rf"(?<![0-9A-Za-z.])({NUMBER})(?=\s?(?:元|块钱?|美元|欧元|英镑|港元|日元|人民币))"
        ),
        lambda match: money(match[1]) if "." in match[1] else None,
    ),
)
