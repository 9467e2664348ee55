"""Many utterances through one daemon: does its memory grow, does it become slower?

python -m bench.soak MODELS VOICE [UTTERANCES]      (from tests/; JSON on standard output)
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from fakes.daemon_process import DaemonProcess

SAMPLES = 100
"""Utterances at the beginning and at the end that are compared."""
WARM_UP = 100
"""Utterances until caches and arenas have their size."""


def main(models: str, voice: str, utterances: str = "2000") -> None:
    """Run and print."""
    with tempfile.TemporaryDirectory() as directory:
        daemon = DaemonProcess(Path(directory))
        daemon.start(
            voice={"default": voice, "models": [str(Path(models).resolve())]},
            logging={"level": "warning"},
            # Full after some utterances: what it may take belongs to the beginning.
            synthesis={"cache_mb": 2},
        )
        try:
            report = soak(daemon, int(utterances))
        finally:
            daemon.close()
    json.dump({"voice": voice, **report}, sys.stdout, indent=1)


def soak(daemon: DaemonProcess, utterances: int) -> dict[str, Any]:
    """Speak texts that all differ; memory and first audio along the way."""
    memory_mb, first_ms = [], []
    for number in range(WARM_UP + utterances):
        reply = daemon.ask(text=text(number), wait=True)
        assert reply["event_type"] == "finished", reply
        if number >= WARM_UP:
            memory_mb.append(daemon.resident_mb())
            first_ms.append(reply["first_audio_ms"])
    fewest = min(SAMPLES, len(first_ms) // 2)
    begin, end = statistics.median(first_ms[:fewest]), statistics.median(first_ms[-fewest:])
    slope = statistics.linear_regression(range(len(memory_mb)), memory_mb).slope
    return {
        "utterances": utterances,
        "rss_begin_mb": round(memory_mb[0], 1),
        "rss_end_mb": round(memory_mb[-1], 1),
        "kb_per_utterance": round(slope * 1000, 3),
        "first_audio_begin_ms": round(begin, 1),
        "first_audio_end_ms": round(end, 1),
    }


def text(number: int) -> str:
    """Lengths and words that vary."""
    more = "现在室内温度二十三度，湿度百分之五十，一切正常。" * (number % 3)
    return f"第{number}条消息，编号{number * 7919 % 10007}，请查收。{more}"


if __name__ == "__main__":
    main(*sys.argv[1:])
