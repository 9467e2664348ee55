"""Runs inside the emulated Pi: speaks a text, and marks where graphs and chunks begin and end.

Usage: pi_guest.py MODELS VOICE TEXT. Standard output: JSON with the graphs in the order of their
calls and the seconds of speech. The marks go to the emulator (count_instructions.c).
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from tts_daemon.runtime.engines import Engines
from tts_daemon.runtime.timing import TimedEngine
from tts_daemon.synthesis.synthesizer import Synthesizer
from tts_daemon.synthesis.voice_pool import VoicePool
from tts_daemon.text.frontend import Frontend
from tts_daemon.voices.store import VoiceStore

FIRST_MARK = 1_000_000
GRAPH, BEGIN, CHUNK, END = range(4)


def mark(kind: int) -> float:
    """Have the emulator print its count of instructions."""
    with contextlib.suppress(OSError):
        os.getpriority(os.PRIO_PROCESS, FIRST_MARK + kind)
    return 0.0


class MarkingEngine(TimedEngine):
    """Marks the begin and the end of every call, and remembers which graph it was."""

    def __init__(self) -> None:
        super().__init__(Engines("onnx"), lambda: mark(GRAPH))
        self.order: list[str] = []

    def count(self, graph: str, call: Callable[[], None]) -> None:
        self.order.append(graph)
        super().count(graph, call)


def main(models: str, voice: str, text: str) -> None:
    """Speak once to warm up, then marked."""
    engine = MarkingEngine()
    pool = VoicePool(VoiceStore([Path(models)], voice), engine, threads=1)
    style = pool.get().usual_style
    synthesizer = Synthesizer(Frontend(), pool)
    for _ in synthesizer.stream(text, style):
        pass
    engine.order.clear()
    audio_s = 0.0
    mark(BEGIN)
    for chunk in synthesizer.stream(text, style):
        mark(CHUNK)
        audio_s += chunk.duration_s
    mark(END)
    print(json.dumps({"audio_s": audio_s, "graphs": engine.order}))


if __name__ == "__main__":
    main(*sys.argv[1:])
