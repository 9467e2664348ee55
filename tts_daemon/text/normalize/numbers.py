"""Numbers in Arabic digits to Chinese words. Knows no context: its callers choose the way."""

from __future__ import annotations

LONGEST_CARDINAL = 16
"""More digits than this are read one by one."""

_DIGITS = "零一二三四五六七八九"
_TELEPHONE = str.maketrans("0123456789", "零幺二三四五六七八九")
_PLAIN = str.maketrans("0123456789", _DIGITS)
_PLACES = ("千", "百", "十", "")


def digits(text: str) -> str:
    """One by one: `2026` -> `二零二六`."""
    return text.translate(_PLAIN)


def telephone(text: str) -> str:
    """One by one with 幺 for 1: `110` -> `幺幺零`."""
    return text.translate(_TELEPHONE)


def cardinal(text: str) -> str:
    """A whole number without sign: `12000` -> `一万二千`, `2000` -> `两千`, `007` -> `零零七`."""
    if len(text) > LONGEST_CARDINAL or (len(text) > 1 and text[0] == "0"):
        return digits(text)
    if not text.strip("0"):
        return "零"
    words = _read(int(text))
    return words[1:] if words.startswith("一十") else words


def number(text: str) -> str:
    """A decimal number with sign and thousands: `-1,234.50` -> `负一千二百三十四点五零`."""
    if text[:1] in ("-", "+"):
        return ("负" if text[0] == "-" else "正") + number(text[1:])
    whole, point, fraction = text.replace(",", "").partition(".")
    return cardinal(whole or "0") + (f"点{digits(fraction)}" if point and fraction else "")


def counted(text: str) -> str:
    """A number before a measure word: as `number`, but 2 is 两."""
    return "两" if text == "2" else number(text)


def money(text: str) -> str:
    """An amount: as `counted`, without zeros that end its decimals: `199.00` -> `一百九十九`."""
    return counted(text.rstrip("0").rstrip(".") if "." in text else text)


def _read(value: int, *, leads: bool = True) -> str:
    """Cut at 亿, then at 万; a part that does not fill its places is led in by 零."""
    for unit, size in (("亿", 10**8), ("万", 10**4)):
        if value >= size:
            high, low = divmod(value, size)
            gap = "零" if 0 < low < size // 10 else ""
            head = "两" if high == 2 else _read(high)
            return head + unit + gap + (_read(low, leads=False) if low else "")
    return _read_group(value, leads)


def _read_group(value: int, leads: bool) -> str:
    """1 to 9999: `3015` -> `三千零一十五`; a leading 2000 is 两千, one after 万 is 二千."""
    words, gap = "", False
    for digit, place in zip(f"{value:04d}", _PLACES, strict=True):
        if digit == "0":
            gap = bool(words)
            continue
        name = "两" if digit == "2" and place == "千" and leads else digits(digit)
        words += ("零" if gap else "") + name + place
        gap = False
    return words
