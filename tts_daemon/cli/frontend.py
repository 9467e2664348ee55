"""tts-frontend: how a text is read, stage by stage."""

from __future__ import annotations

import argparse
import json
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from tts_daemon.domain import Clause
from tts_daemon.errors import TtsError
from tts_daemon.text.frontend import Frontend
from tts_daemon.text.normalize import steps
from tts_daemon.text.sentences import Limits
from tts_daemon.text.symbols import symbol_line

_SPEAKER = "F7"
_NO_SHORT_START = Limits(first=0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except (TtsError, OSError) as error:
        print(f"tts-frontend: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tts-frontend", description=__doc__)
    parser.add_argument("text", nargs="*", metavar="TEXT", help="default: standard input")
    parser.add_argument("--json", action="store_true", help="one JSON object a text")
    parser.add_argument(
        "--batch", type=Path, metavar="FILE", help="one text a line in, one JSON object a line out"
    )
    parser.add_argument("--lexicon", type=Path, metavar="FILE", help="a lexicon to try out")
    return parser


def _run(options: argparse.Namespace) -> int:
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
    }


def _print_table(frontend: Frontend, text: str) -> None:
    for number, clause in enumerate(frontend.read(text, warn=_warn), start=1):
        if not clause.symbols:
            print(f"{number}  pause {clause.pause_after_s:g} s")
            continue
        print(f"{number}  written  {clause.text.strip()}")
        for rule, spoken in steps(clause.text):
            print(f"   {_pad(rule, 14)} {spoken}")
        print(f"   spoken   {clause.spoken}")
        print(f"   style    {clause.style.emotion}, speed {clause.style.speed:g}")
        for row in _rows(clause):
            print(f"   {row}")


def _rows(clause: Clause) -> Iterator[str]:
    """A line for each prosodic word: the word, its break, its pinyin, its phones."""
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
        syllables = " ".join(islice(pinyin, count))
        yield f"{_pad(word, 12)} #{level}  {syllables:24} {' '.join(names)}"


def _pad(text: str, width: int) -> str:
    """Pad to `width` columns; Chinese characters take two."""
    columns = sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
    return text + " " * max(0, width - columns)


def _warn(message: str) -> None:
    print(f"tts-frontend: {message}", file=sys.stderr)
