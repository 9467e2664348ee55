"""Amounts of money."""

from __future__ import annotations

import re

from tts_daemon.text.normalize.numbers import money
from tts_daemon.text.normalize.rule import DASH, NUMBER, Rule

_CURRENCIES = {
    "¥": "元", "CN¥": "元", "RMB": "元", "CNY": "元", "JP¥": "日元", "JPY": "日元", "HK$": "港元",
    "HKD": "港元", "NT$": "新台币", "TWD": "新台币", "$": "美元", "US$": "美元", "USD": "美元",
    "A$": "澳元", "AUD": "澳元", "C$": "加元", "CAD": "加元", "S$": "新加坡元", "SGD": "新加坡元",
    "€": "欧元", "EUR": "欧元", "£": "英镑", "GBP": "英镑", "₩": "韩元", "KRW": "韩元",
    "₹": "卢比", "INR": "卢比", "₽": "卢布", "RUB": "卢布", "฿": "泰铢", "THB": "泰铢",
    "CHF": "瑞士法郎", "₿": "比特币", "BTC": "比特币",
}  # fmt: skip
_SIGN = "|".join(re.escape(sign) for sign in sorted(_CURRENCIES, key=len, reverse=True))
_CODE = "|".join(sign for sign in _CURRENCIES if sign.isalpha())
_SCALES = {"k": "千", "K": "千", "M": "百万", "B": "十亿", "w": "万", "W": "万"}
_SCALE = r"(?:万亿|[万亿千百]|[kKMBwW](?![A-Za-z]))"
_UNIT = "元人民币|人民币|元整|元|块钱?|美元|美金|欧元|日元|港币|港元"


def _amount(value: str, scale: str | None) -> str:
    return money(value) + _SCALES.get(scale or "", scale or "")


def _signed(match: re.Match[str]) -> str:
    words = "负" if match["before"] or match["behind"] else ""
    words += _amount(match["value"], match["scale"])
    if match["high"]:
        words += "到" + _amount(match["high"], match["high_scale"])
    return words + (match["unit"] or _CURRENCIES[match["sign"]])


RULES = (
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
            rf"(?<![0-9A-Za-z.])({NUMBER})\s?(万亿|[万亿千百])?\s?({_CODE}|[€£])(?![A-Za-z])"
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
