"""tts-frontend: how a text is read, stage by stage."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from shutil import get_terminal_size

from tts_daemon.cli import entry
from tts_daemon.cli.box import box
from tts_daemon.domain import Clause
from tts_daemon.errors import InvalidRequestError, TtsError
from tts_daemon.text.frontend import Frontend
from tts_daemon.text.normalize import SKIPPED, normalize
from tts_daemon.text.sentences import Limits
from tts_daemon.text.symbols import symbol_line

_SPEAKER = "F7"
_INDENT = "   "
_WIDE = 120
"""Columns where the output is no terminal."""
_NO_SHORT_START = Limits(first=0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = make_parser().parse_args(arguments)
    try:
        return _run(options)
    except (TtsError, OSError) as error:
        print(f"tts-frontend: {entry.ours(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def make_parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = entry.Parser(prog="tts-frontend", description=__doc__)
    parser.add_argument("text", nargs="*", metavar="TEXT", help="default: standard input")
    parser.add_argument("--json", action="store_true", help="one JSON object a text")
    parser.add_argument(
        "--batch", type=Path, metavar="FILE", help="one text a line in, one JSON object a line out"
    )
    parser.add_argument("--lexicon", type=Path, metavar="FILE", help="a lexicon to try out")
    entry.add_version(parser)
    return parser


def _run(options: argparse.Namespace) -> int:
    if options.lexicon and not options.lexicon.is_file():
        raise InvalidRequestError(f"--lexicon: {options.lexicon}: there is no such file")
    frontend = Frontend(options.lexicon, limits=_NO_SHORT_START)
    if options.batch:
        for text in _lines(options.batch):
            print(json.dumps(_described(frontend, text), ensure_ascii=False), flush=True)
        return 0
    text = " ".join(options.text) if options.text else sys.stdin.read()
    if options.json:
        print(json.dumps(_described(frontend, text), ensure_ascii=False))
    else:
        _print_table(frontend, text)
    return 0


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
        for line in file:
            yield line.rstrip("\r\n")


def _described(frontend: Frontend, text: str) -> dict[str, object]:
    clauses = frontend.read(text, warn=_warn)
    return {"text": text, "sentences": [_sentence(clause) for clause in clauses if clause.symbols]}


def _sentence(clause: Clause) -> dict[str, object]:
    return {
        "text": clause.text,
        "spoken": clause.spoken,
        "words": clause.words,
        "pinyin": clause.pinyin,
        "breaks": clause.breaks,
        "symbols": symbol_line(clause.symbols, clause.style.emotion, _SPEAKER),
        "kind": clause.kind,
        "question": clause.question,
        "dropped": clause.dropped,
        "pauses": clause.pauses,
    }


def _print_table(frontend: Frontend, text: str) -> None:
    for number, clause in enumerate(frontend.read(text, warn=_warn), start=1):
        if not clause.symbols:
            print(f"{number}  pause {clause.pause_after_s:g} s")
            continue
        manner = f"{_kind(clause)}, {clause.style.emotion}, speed {clause.style.speed:g}"
        print(f"{number}  {_line(clause.text)}  ({manner})")
        width = get_terminal_size((_WIDE, 0)).columns - len(_INDENT)
        words = frontend.dictionary_words(clause.spoken)
        for line in (
            *box(("stage", "text"), list(_stages(frontend, clause)), width),
            *box(("word", "part of speech", "lexical pinyin"), _spoken(words), width),
            *box(("prosodic word", "break", "pinyin", "phones"), list(_rows(clause)), width),
        ):
            print(f"{_INDENT}{line}")


def _kind(clause: Clause) -> str:
    return f"{clause.kind} ({clause.question})" if clause.question else clause.kind


def _line(text: str) -> str:
    return " ".join(text.split())


def _stages(frontend: Frontend, clause: Clause) -> Iterator[tuple[str, str]]:
    """What was written, what each rule of the normaliser made of it, and what is said."""
    yield "written", _line(clause.text)
    for rule, text in frontend.stages(clause.text):
        yield rule, _line(text.replace(SKIPPED, "□"))
    yield "spoken", clause.spoken
    skipped = normalize(clause.text).skipped
    if skipped:
        yield "skipped", f"{skipped} without a reading"


def _spoken(words: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    return [(word, pos, pinyin or "-") for word, pos, pinyin in words if pos != "x"]


def _rows(clause: Clause) -> Iterator[tuple[str, str, str, str]]:
    """For each prosodic word: the word, its break, its surface pinyin, its phones."""
    pinyin = iter(clause.pinyin)
    phones: list[list[str]] = [[]]
    for symbol in clause.symbols:
        if symbol.sy.startswith("#"):
            phones.append([])
        else:
            phones[-1].append(symbol.sy)
    for word, level, names in zip(clause.words, clause.breaks, phones, strict=False):
        # Every syllable has two phones; an English word stands as one token.
        count = 1 if word.isascii() else len(names) // 2
        yield word, f"#{level}", " ".join(islice(pinyin, count)), " ".join(names)


def _warn(message: str) -> None:
    print(f"tts-frontend: {entry.ours(message)}", file=sys.stderr)
