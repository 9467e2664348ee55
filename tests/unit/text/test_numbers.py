import pytest

from tts_daemon.text.normalize.numbers import cardinal, counted, digits, money, number, telephone


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("0", "零"),
        ("00", "零零"),
        ("7", "七"),
        ("10", "十"),
        ("14", "十四"),
        ("110", "一百一十"),
        ("1015", "一千零一十五"),
        ("2000", "两千"),
        ("2222", "两千二百二十二"),
        ("12000", "一万二千"),
        ("20000", "两万"),
        ("100010", "十万零一十"),
        ("101111", "十万一千一百一十一"),
        ("200000000", "两亿"),
        ("1000000001", "十亿零一"),
        ("1234567890123456", "一千二百三十四万五千六百七十八亿九千零一十二万三千四百五十六"),
        ("12345678901234567", "一二三四五六七八九零一二三四五六七"),
        ("007", "零零七"),
    ],
)
def test_cardinal(written: str, spoken: str) -> None:
    assert cardinal(written) == spoken


def _value(words: str) -> int:
    """The number that Chinese words name; the inverse that the test goes by."""
    total = part = digit = 0
    for char in words:
        if char in "零一二三四五六七八九":
            digit = "零一二三四五六七八九".index(char)
        elif char == "两":
            digit = 2
        elif char in "十百千":
            part += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[char]
            digit = 0
        else:
            part += digit
            scale = {"万": 10**4, "亿": 10**8}[char]
            if scale == 10**8:
                total = (total + part) * scale
            else:
                total += part * scale
            part = digit = 0
    return total + part + digit


@pytest.mark.parametrize("step", [1, 7919, 10_007 * 10_007, 99_999_999_977])
def test_cardinal_names_the_number(step: int) -> None:
    for value in range(1, step * 3000, step * 3 - 1 if step > 1 else 1):
        assert _value(cardinal(str(value))) == value


def test_other_readings() -> None:
    assert digits("2026") == "二零二六"
    assert telephone("110") == "幺幺零"
    assert number("-1,234.50") == "负一千二百三十四点五零"
    assert number("+3") == "正三"
    assert counted("2") == "两"
    assert counted("12") == "十二"
    assert money("199.00") == "一百九十九"
    assert money("12.80") == "十二点八"
    assert money("100") == "一百"
