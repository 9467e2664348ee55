"""Addresses of machines, pages, people and files: signs are named, digits said one by one."""

from __future__ import annotations

import re

from tts_daemon.text.normalize.numbers import digits
from tts_daemon.text.normalize.rule import Rule

_SIGNS = {
    ".": "点", "@": "艾特", "/": "斜杠", "\\": "反斜杠", ":": "冒号", "-": "杠", "_": "下划线",
    "?": "问号", "=": "等于", "&": "和", "%": "百分号", "#": "井号", "+": "加", "~": "波浪号",
    "*": "星号", "$": "美元符号", "!": "感叹号",
}  # fmt: skip
_START = r"(?<![0-9A-Za-z_.@/\\-])"
_NAME = r"[0-9A-Za-z_-]+"
_DOMAINS = (
    "com|cn|org|net|io|gov|edu|info|cc|tv|me|top|xyz|dev|app|ai|local|lan|home|arpa|"
    "uk|jp|de|hk|tw|us|co"
)
_EXTENSIONS = (
    "pdf|docx?|xlsx?|pptx?|txt|md|jpe?g|png|gif|bmp|svg|webp|heic|mp3|mp4|wav|flac|aac|ogg|avi|mkv|mov|flv|zip|rar|7z|tar|"
    "gz|bz2|xz|iso|img|bin|exe|msi|dmg|deb|rpm|apk|py|js|ts|css|html?|xml|json|ya?ml|csv|tsv|log|conf|cfg|ini|sh|bat|sql|db|onnx|toml"
)
_TAIL = r"(?:[/?#:][!-~]*)?"


def spell(text: str) -> str:
    """Sign by sign: `abc@example.com` -> `abc艾特example点com`."""
    words = "".join(_SIGNS.get(char, char) for char in digits(text))
    # What is left of signs, such as brackets and quotes, separates.
    return re.sub(r"[!-/:-@\[-`{-~]+", " ", words)


def _spell_address(match: re.Match[str]) -> str:
    """The punctuation of the sentence around an address is not part of it."""
    address = match[0].rstrip(".,;:!?'\")]}")
    return spell(address) + match[0][len(address) :]


def _spell(match: re.Match[str]) -> str:
    return spell(match[0])


def _hexadecimal(match: re.Match[str]) -> str | None:
    if re.fullmatch(r"[0-9:]+", match[0]) and "::" not in match[0] and match[0].count(":") < 5:
        return None
    return spell(match[0].upper())


RULES = (
    # https://www.example.com/a?b=1 -> https冒号斜杠斜杠www点example点com斜杠a问号b等于一
    Rule(
        "address", re.compile(r"(?<![A-Za-z])[a-z]{2,8}://[!-~]+"), _spell_address, frozenset("/")
    ),
    # abc@example.com -> abc艾特example点com
    Rule(
        "mail",
        re.compile(rf"{_START}[0-9A-Za-z_.+-]+@{_NAME}(?:\.{_NAME})+"),
        _spell,
        frozenset("@"),
    ),
    # www.example.com, example.cn/path -> www点example点com
    Rule(
        "domain",
        re.compile(
            rf"{_START}(?:[0-9A-Za-z-]+\.)+(?:{_DOMAINS})(?![0-9A-Za-z_-]|\.[0-9A-Za-z]){_TAIL}"
        ),
        _spell_address,
        frozenset("."),
    ),
    # 192.168.1.1 -> 一九二点一六八点一点一; 192.168.1.1:8123 -> …冒号八一二三
    Rule(
        "IP address",
        re.compile(
            r"(?<![0-9A-Za-z.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:/[0-9]{1,2}|:[0-9]{1,5})?(?![0-9A-Za-z]|\.[0-9])"
        ),
        _spell,
        frozenset("."),
    ),
    # AA:BB:CC:11:22:33, fe80::1 -> AA冒号BB冒号…
    Rule(
        "MAC address",
        re.compile(
            r"(?<![0-9A-Za-z:-])(?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2}(?![0-9A-Za-z:-])|(?<![0-9A-Za-z:])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{1,4}(?![0-9A-Za-z:])"
        ),
        _hexadecimal,
        frozenset(":-"),
    ),
    # C:\\Users\\tts, /home/pi/config.yaml, ./start.sh, ~/.bashrc -> 斜杠home斜杠pi斜杠config点yaml
    Rule(
        "path",
        re.compile(
            r"(?<![0-9A-Za-z_.:/\\])(?:[A-Za-z]:\\[0-9A-Za-z_.\\-]+|~?/(?:[0-9A-Za-z_.-]+/)+[0-9A-Za-z_.-]*"
            r"|(?:~|\.{1,2})/[0-9A-Za-z_./-]+)"
        ),
        _spell_address,
        frozenset("/\\"),
    ),
    # docker run -d -> docker run杠d
    Rule(
        "option",
        re.compile(r"(?<=[A-Za-z]) (--?)(?=[A-Za-z]{1,20}(?![0-9A-Za-z]))"),
        lambda match: "杠" * len(match[1]),
        frozenset("-"),
    ),
    # report_v2.pdf -> report下划线v二点pdf; 工资表.xlsx -> 工资表点xlsx
    Rule(
        "file",
        re.compile(
            rf"(?:{_START}[0-9A-Za-z_-]+(?:\.[0-9A-Za-z_-]+)*)?\.(?:{_EXTENSIONS})(?![0-9A-Za-z_])"
        ),
        _spell,
        frozenset("."),
    ),
    # light.living_room, max_len -> light点living下划线room
    Rule(
        "identifier",
        re.compile(
            rf"{_START}(?:[A-Za-z][0-9A-Za-z]*\.)?[0-9A-Za-z]+(?:_[0-9A-Za-z]+)+(?![0-9A-Za-z_])"
        ),
        _spell,
        frozenset("_"),
    ),
)
