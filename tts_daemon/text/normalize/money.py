"""Amounts of money."""

from __future__ import annotations

import re

from tts_daemon.text.normalize.numbers import money
from tts_daemon.text.normalize.rule import DASH, NUMBER, Rule

_SIGNS = {
    "¥": "元", "RMB": "元", "CNY": "元", "CN¥": "元", "JP¥": "日元", "JPY": "日元", "HK$": "港元", "HKD": "港元",
    "US$": "美元", "USD": "美元", "$": "美元", "NT$": "新台币", "A$": "澳元", "AUD": "澳元", "C$": "加元", "CAD": "加元",
    "S$": "新加坡元", "SGD": "新加坡元", "€": "欧元", "EUR": "欧元", "£": "英镑", "GBP": "英镑", "₩": "韩元", "KRW": "韩元",
    "₹": "卢比", "₽": "卢布", "RUB": "卢布", "฿": "泰铢", "THB": "泰铢", "CHF": "瑞士法郎", "₿": "比特币", "BTC": "比特币",
}  # fmt: skip
_SIGN = "|".join(re.escape(sign) for sign in sorted(_SIGNS, key=len, reverse=True))
_CODE = "|".join(sign for sign in _SIGNS if sign.isalpha())
_SCALES = {"k": "千", "K": "千", "M": "百万", "B": "十亿", "w": "万", "W": "万"}
_SCALE = r"(?:\s?(万亿|[万亿千百]|[kKMBwW](?![A-Za-z])))?"
_UNIT = r"(?:元人民币|人民币|元整|元|块钱?|美元|美金|欧元|日元|港币|港元)?"


def _amount(value: str, scale: str | None) -> str:
    return money(value) + _SCALES.get(scale or "", scale or "")


def _signed(match: re.Match[str]) -> str:
    minus = "负" if "-" in (match["minus"] or "") + (match["minus2"] or "") else ""
    words = minus + _amount(match["value"], match["scale"])
    if match["high"]:
        words += "到" + _amount(match["high"], match["scale2"])
    return words + (match["unit"] or _SIGNS[match["sign"]])


RULES = (
    # ￥199.00 -> 一百九十九元; $1.5亿 -> 一点五亿美元; ￥100-200 -> 一百到二百元; -¥50 -> 负五十元
    Rule(
        "amount after its sign",
        re.compile(
            rf"(?P<minus>(?<![0-9A-Za-z])-)?(?<![A-Za-z])(?P<sign>{_SIGN})\s?(?P<minus2>-)?(?P<value>{NUMBER}){_SCALE.replace('(万', '(?P<scale>万')}"
            rf"(?:{DASH}(?:{_SIGN})?\s?(?P<high>{NUMBER}){_SCALE.replace('(万', '(?P<scale2>万')})?(?P<unit>{_UNIT})"
        ),
        _signed,
    ),
    # 100USD -> 一百美元
    Rule(
        "amount before its code",
        re.compile(
            rf"(?<![0-9A-Za-z.])({NUMBER})\s?(万亿|[万亿千百])?\s?({_CODE}|[€£])(?![A-Za-z])"
        ),
        lambda match: _amount(match[1], match[2]) + _SIGNS[match[3]],
    ),
    # 12.80元 -> 十二点八元
    Rule(
        "decimals of yuan",
        re.compile(rf"(?<![0-9A-Za-z.])({NUMBER})(?=\s?(?:元|块钱?|美元|欧元|英镑|港元|日元))"),
        lambda match: money(match[1]) if "." in match[1] else None,
    ),
)
