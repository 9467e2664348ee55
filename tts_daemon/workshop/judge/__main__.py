"""`python -m tts_daemon.workshop.judge PACKAGE...`: how voices sound.

`scripts/judge-voice` installs what it needs and calls it.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from tts_daemon.domain import Style
from tts_daemon.errors import TtsError
from tts_daemon.workshop.judge.hearing import Listener
from tts_daemon.workshop.judge.pictures import draw
from tts_daemon.workshop.judge.report import judge
from tts_daemon.workshop.judge.speaking import PackageSpeaker

DATA = Path(__file__).parent.parent / "data"
SETS = {name: DATA / f"judge_{name}.txt" for name in ("general", "home", "questions", "english")}
PICTURED = "今天心情不太好，我们去公园散步吧。"


def sentences(count: int | None) -> dict[str, list[str]]:
    """The judged sentences, none of which any training reads."""
    return {
        name: list(filter(None, path.read_text(encoding="utf-8").splitlines()))[:count]
        for name, path in SETS.items()
    }


def pictures(speaker: PackageSpeaker, target: Path) -> None:
    """The same sentence in every emotion."""
    spoken = {name: speaker.speak(PICTURED, Style(emotion=name)) for name in speaker.emotions}
    draw(spoken, target / "emotions.png")


def compared(speakers: dict[str, PackageSpeaker], teacher: Path | None, target: Path) -> None:
    """One sentence by the teacher (a recording at 16 kHz) and by every package."""
    spoken = {name: speaker.speak(PICTURED) for name, speaker in speakers.items()}
    if teacher:
        import soundfile

        waveform, _ = soundfile.read(teacher, dtype="float32")
        spoken = {"teacher": np.asarray(waveform, np.float32), **spoken}
    draw(spoken, target / "compared.png")


def main(arguments: list[str] | None = None) -> int:
    """Judge packages; prints JSON."""
    parser = argparse.ArgumentParser(prog="python -m tts_daemon.workshop.judge")
    parser.add_argument("packages", type=Path, nargs="+", metavar="PACKAGE")
    parser.add_argument("--whisper", type=Path, required=True, help="folder of Whisper base")
    parser.add_argument("--random", type=int, default=200, help="random texts (default 200)")
    parser.add_argument("--count", type=int, help="of each set, only the first so many")
    parser.add_argument("--pictures", type=Path, help="folder for spectrograms")
    parser.add_argument("--teacher", type=Path, help=f"recording of {PICTURED}, for a picture")
    options = parser.parse_args(arguments)
    try:
        print(json.dumps(run(options), ensure_ascii=False, indent=1))
    except TtsError as error:
        print(f"judge: {error}", file=sys.stderr)
        return 1
    return 0


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Judge every package."""
    listener = Listener(options.whisper)
    speakers = {package.name: PackageSpeaker(package) for package in options.packages}

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    reports = {}
    for name, speaker in speakers.items():
        say(f"== {name}")
        reports[name] = judge(speaker, listener, sentences(options.count), options.random, say)
    if options.pictures:
        pictures(next(iter(speakers.values())), options.pictures)
        compared(speakers, options.teacher, options.pictures)
    return reports


if __name__ == "__main__":
    sys.exit(main())
