"""What people are told in their language: every sentence of the table is one of the source's."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import tts_daemon
from tts_daemon.cli import say
from tts_daemon.errors import InvalidRequestError
from tts_daemon.language import language_of, table, translated
from tts_daemon.requests import request_of

SOURCE = Path(tts_daemon.__file__).parent
HOLE = re.compile(r"\{\d*\}")
SHOWN_ONLY_TO_DEVELOPERS = ("workshop", "native", "acoustic", "_journal_salvage.py", "fields.py")
OF_ARGPARSE = {
    "usage:", "options", "positional arguments", "show this help message and exit",
    "show program's version number and exit", "the following arguments are required: {}",
    "unrecognized arguments: {}", "argument {}: expected one argument",
    "argument {}: not allowed with argument {}", "argument {}: invalid float value: {}",
    "argument {}: invalid int value: {}", "argument {}: invalid choice: {} (choose from {})",
}  # fmt: skip
MOST_MISSING = 0.1
"""Share of what may be said that may still be English alone: a sentence is new before it is old."""


def texts(node: ast.AST) -> Iterator[str]:
    """Every text of the source, with `{}` for what is put in."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value
        elif isinstance(inner, ast.JoinedStr):
            yield sentence(inner) or ""


def sentence(node: ast.expr) -> str | None:
    """A text as the table writes it; None where the node is none."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values)
    return None


def said(tree: ast.AST) -> Iterator[str]:
    """What the source may say to people: errors, findings and help."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        given: list[ast.expr] = []
        if name.endswith("Error"):
            given = call.args[:1]
        elif name == "Finding":
            given = call.args[2:4]
        elif name in {"add_argument", "Parser"}:
            given = [word.value for word in call.keywords if word.arg in {"help", "description"}]
        yield from (found for node in given if (found := sentence(node)))


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(SOURCE.rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def test_every_sentence_of_the_table_stands_in_the_source() -> None:
    pieces = "\n".join(text for _, tree in trees() for text in texts(tree))
    strange = [
        english
        for english in table()
        if english not in OF_ARGPARSE
        and not all(piece.strip(" ():;,") in pieces for piece in HOLE.split(english))
    ]
    assert strange == [], "\n".join(strange)


def test_a_translation_keeps_what_was_put_in() -> None:
    for english, chinese in table().items():
        holes = HOLE.findall(chinese)
        assert len(holes) == len(HOLE.findall(english)), english
        assert chinese != english


def test_the_table_does_not_fall_behind() -> None:
    known = {HOLE.sub("{}", english) for english in table()}
    wanted = {
        text
        for path, tree in trees()
        if not set(SHOWN_ONLY_TO_DEVELOPERS) & {*path.relative_to(SOURCE).parts}
        for text in said(tree)
        if re.search(r"[a-z]{3}.* .*[a-z]{2}", text)
    }
    missing = sorted(text for text in wanted - known if translated(text, "zh") == text)
    assert len(missing) <= MOST_MISSING * len(wanted), "\n".join(missing)


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("text: is empty", "text：没有内容"),
        ("speed: 9 is out of range (times, 0.5 to 2)", "speed：9 超出范围（times，0.5 到 2）"),
        ("spead: unknown field; did you mean 'speed'?", "spead：没有这个字段；是否想写 'speed'？"),
        (
            (
                "x.yaml: quiet_hours: is a section; its keys stand below it, indented\n"
                "x.yaml: mqtt.prt: unknown key; did you mean mqtt.port?"
            ),
            (
                "x.yaml：quiet_hours：这是一节；它的设置项要缩进写在下面\n"
                "x.yaml：mqtt.prt：没有这个设置项；是否想写 mqtt.port？"
            ),
        ),
        ("something that nobody has translated", "something that nobody has translated"),
    ],
)
def test_sentences_are_found_by_what_stands_around_the_holes(english: str, chinese: str) -> None:
    assert translated(english, "en") == english
    assert translated(english, "zh") == chinese


def test_help_and_errors_of_a_command_follow_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LANGUAGE", "zh_CN")
    for arguments, status in ((["--help"], 0), (["--speed", "fast"], 2)):
        with pytest.raises(SystemExit) as ended:
            say.main(arguments)
        assert ended.value.code == status
    shown = capsys.readouterr()
    assert shown.out.startswith("用法：")
    assert "要说的话（默认：标准输入）" in shown.out
    assert "参数 --speed：'fast' 不是数字" in shown.err
    assert "TEXT" in say.make_parser().format_help()


def test_logs_and_replies_to_programs_stay_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "zh_CN")
    with pytest.raises(InvalidRequestError, match="text: is empty"):
        request_of({"text": ""}, "socket")


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "zh_TW.UTF-8"}, "zh"),
        ({"LANGUAGE": "en:zh", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LANG": "zh-CN,zh;q=0.9,en;q=0.8"}, "zh"),
    ],
)
def test_the_environment_chooses(variables: dict[str, str], language: str) -> None:
    assert language_of(variables) == language
