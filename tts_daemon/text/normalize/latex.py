"""LaTeX, as language models write it, to plain notation that the other rules read.

`$a^2+b^2=c^2$` -> `a的平方加b的平方等于c的平方`. A subset: what school and recipes need. A command
that is not known stays as it is written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from tts_daemon.text import tables
from tts_daemon.text.normalize.numbers import number
from tts_daemon.text.normalize.rule import Change, after, before

_FORMULA = re.compile(
    r" ?(?:\$\$(?P<display>[^$]{1,500})\$\$"
    r"|(?<![A-Za-z\\$])\$(?P<inline>[^$\n一-鿿]{0,200}(?:\\(?:text|mbox|mathrm)\{[^{}$\n]{0,80}\}[^$\n一-鿿]{0,200})*)\$"
    r"|\\\((?P<round>[^\n]{1,300}?)\\\)|\\\[(?P<square>[^$]{1,500}?)\\\]) ?"
)
# `$x$`, `$a+b=c$`; but `$5-$10` and `$HOME/$USER` are none.
_IS_MATHS = re.compile(
    r"[\\^_]|[A-Za-z0-9)]\s*[=+<>*!]|^\s*-?[A-Za-z]{1,2}\s*$|[0-9]\s*/\s*[0-9]|^-?[0-9.]+%?$"
)
_DEGREES = re.compile(r"\^\s*\{?\s*\\circ\s*\}?|\\degree")
_BARE = re.compile(r"(?<![A-Za-z:\\])\\(?:[A-Za-z]+)")
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[0-9]+(?:[.,][0-9]+)*%?|\s+|.", re.DOTALL)
_BESIDE_HAN = re.compile(r"(?<=[一-鿿，]) +| +(?=[一-鿿，])")
_LAST_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?$")
# The square of a length is an area: 0.5 m^2.
_LENGTH = re.compile(r"[0-9] ?[kcdm]?m$")
_ARGUMENT = re.compile(r"[A-Za-z0-9]{1,2}\)")
_OPERATORS = {
    "+": "加", "=": "等于", "<": "小于", ">": "大于", "*": "乘", "±": "正负", "×": "乘",
    "÷": "除以",
    "≤": "小于等于", "≥": "大于等于", "≠": "不等于", "≈": "约等于", "·": "乘",
}  # fmt: skip
_WORDY = {"frac", "dfrac", "tfrac", "sqrt", "binom", "vec", "bar", "overline"}
_PLAIN = frozenset(
    (
        "text",
        "mathrm",
        "mathbf",
        "mathit",
        "mbox",
        "boxed",
        "textbf",
        "operatorname",
        "hat",
        "tilde",
    )
)
_SILENT = frozenset(
    (
        "left",
        "right",
        "big",
        "Big",
        "bigg",
        "Bigg",
        "displaystyle",
        "limits",
        "begin",
        "end",
        "mathbb",
    )
)
_DEEPEST = 12


@cache
def _names() -> dict[str, str]:
    return dict(line.split("\t") for line in tables.data_lines("latex.tsv"))


def read(text: str) -> str:
    """Formulas between dollars, and commands that stand alone, become words."""
    if "$" not in text and "\\" not in text:
        return text
    text = _FORMULA.sub(_formula, text)
    if "\\" not in text:
        return text
    return _bare_commands(_DEGREES.sub("°", text))


def _formula(match: re.Match[str]) -> str:
    content = next(group for group in match.groups() if group is not None)
    if match["inline"] is not None and not _IS_MATHS.search(content):
        return match[0]
    spoken = _BESIDE_HAN.sub("", _FormulaReader(_DEGREES.sub("°", content)).sequence()).strip()
    left, right = before(match, 1), after(match, 1)
    head = " " if left.isascii() and left.isalnum() else ""
    return head + spoken + (" " if right.isascii() and right.isalnum() else "")


def _bare_commands(text: str) -> str:
    """`答案是 \\frac{3}{4}。`: each known command takes its own arguments."""
    parts: list[str] = []
    position = 0
    for match in _BARE.finditer(text):
        name = match[0][1:]
        if match.start() < position or not _is_known(name):
            continue
        reader = _FormulaReader(text, match.start())
        spoken = reader.command()
        parts += [text[position : match.start()], spoken]
        position = reader.position
    return "".join([*parts, text[position:]])


def _is_known(name: str) -> bool:
    return name in _WORDY or name in _PLAIN or name in _SILENT or name in _names()


@dataclass(slots=True)
class _FormulaReader:
    """Reads LaTeX from left to right; a formula that is nested too deep is left as it stands."""

    source: str
    position: int = 0
    depth: int = 0

    def sequence(self, closing: str = "") -> str:
        """Everything up to `closing`, or to the end."""
        words = ""
        while self.position < len(self.source):
            piece = self._token()
            if piece == closing:
                break
            if piece.isalpha() and words[-1:].isdigit():
                words = _LAST_NUMBER.sub(lambda match: number(match[0]), words)  # 2x, no unit
            words += self._part(piece, words)
        return words

    def command(self) -> str:
        """The command at the position, with its arguments."""
        return self._command(self._token()[1:])

    def _token(self) -> str:
        match = _TOKEN.match(self.source, self.position)
        if match is None:
            return ""
        self.position = match.end()
        return match[0]

    def _group(self) -> str:
        """What a command or a `^` takes: braces, or one piece."""
        piece = self._token()
        while piece.isspace():
            piece = self._token()
        if piece != "{" or self.depth > _DEEPEST:
            return self._command(piece[1:]) if piece[:1] == "\\" else piece
        self.depth += 1
        inside = self.sequence("}")
        self.depth -= 1
        return inside.strip()

    def _part(self, piece: str, words: str) -> str:
        if piece == "{":
            self.position -= 1
            return self._group()
        if piece == "^":
            exponent = self._group()
            unit = _LENGTH.search(words) and exponent in ("2", "3")
            return "²³"[int(exponent) - 2] if unit else _power(exponent)
        if piece == "!":
            return "的阶乘"
        if piece == "_":
            return self._index(words)
        if piece[0] == "\\":
            return self._command(piece[1:])
        if piece == "-":
            return (
                "减" if re.search(r"[0-9A-Za-z一-鿿)）]\s*$", words) and not _open(words) else "负"
            )
        if piece == "/" and not (
            words[-1:].isdigit() and self.source[self.position :][:1].isdigit()
        ):
            return "除以"
        if piece == "(":
            return self._bracket(words)
        return _OPERATORS.get(piece, "" if piece in "}&)" else piece)

    def _bracket(self, words: str) -> str:
        """`f(x)` -> f x; `2(a+b)` -> 2括号a加b."""
        called = words[-1:].isalpha() and _ARGUMENT.match(self.source, self.position)
        return " " if called else "括号"

    def _index(self, words: str) -> str:
        """`x_1` -> x1; `x_n` -> x n; after a sum or an integral the index is a bound."""
        index = self._group()
        if words.endswith(("log", "log ")):
            return f"以{index}为底"
        if words.endswith(("求和", "积分", "连乘")):
            return f"从{index}{self._upper()}"
        return index if index[:1].isdigit() else f" {index}"

    def _upper(self) -> str:
        """The upper bound that follows a lower one: `到n`."""
        if self.source[self.position :].lstrip()[:1] != "^":
            return ""
        self.position = self.source.index("^", self.position) + 1
        return f"到{self._group()}的"

    def _command(self, name: str) -> str:
        if name in ("frac", "dfrac", "tfrac"):
            above, below = self._group(), self._group()
            return f"{below}分之{above}"
        if name == "sqrt":
            return self._root()
        if name == "binom":
            return f"{self._group()}选{self._group()}"
        if name == "vec":
            return f"向量{self._group()}"
        if name in _PLAIN or name in ("bar", "overline"):
            return self._text()
        if name in _SILENT:
            return self._swallow(name)
        if not name.isalpha():
            return {"\\": "，", "%": "%", "$": "$", "{": "", "}": "", "|": "的模"}.get(name, " ")
        return _names().get(name, f"\\{name}")

    def _root(self) -> str:
        degree = ""
        if self.source[self.position :][:1] == "[":
            end = self.source.find("]", self.position)
            if end > 0:
                degree = f"{self.source[self.position + 1 : end]}次"
                self.position = end + 1
        return f"{degree}根号{self._group()}"

    def _text(self) -> str:
        """The words of `\\text{m/s}` stand as they are."""
        end = self.source.find("}", self.position)
        if self.source[self.position :][:1] != "{" or "\\" in self.source[self.position : end]:
            return self._group()
        inside = self.source[self.position + 1 : end]
        self.position = end + 1
        return inside

    def _swallow(self, name: str) -> str:
        if name in ("begin", "end") and self.source[self.position :][:1] == "{":
            self._group()
        elif name in ("left", "right") and self.source[self.position :][:1] == ".":
            self.position += 1
        return ""


def _open(words: str) -> bool:
    return words.rstrip().endswith(tuple(_OPERATORS.values()))


def _power(exponent: str) -> str:
    """`2` -> 的平方, `n` -> 的n次方, `′` -> the sign itself."""
    if exponent in ("′", "'", "°"):
        return exponent
    if exponent in ("2", "3"):
        return "的平方" if exponent == "2" else "的立方"
    return f"的{exponent}次方"


# $x^2$ -> x的平方; \\frac{3}{4} -> 4分之3
RULES = (Change("LaTeX", read),)
