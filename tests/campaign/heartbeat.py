"""The watchdog is fed whatever the daemon does: speaking for minutes, paused, on a slow disk, ...

Everything at the pace of a sound card, through a real notify socket.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path

from fakes.daemon_process import DaemonProcess
from fakes.slow_disk import SlowDisk

from campaign.figures import Figure

PROMISE = (
    "The watchdog is fed in every state: between two signs of life passes at most a third of "
    "WatchdogSec. Everything at the pace of a sound card, a text of 100 s among it."
)
WATCHDOG_S = 30.0
"""WatchdogSec of the unit; a gap may be a third of it."""

LONGEST_TEXT_S = 100.0
SENTENCE = "今天天气晴朗，气温二十六度，适合出门散步；下午可能下雨，请记得带伞。"
SYNC_S = 2.0
WORDS = 50_000


def run(directory: Path, seconds: float, seed: int) -> list[Figure]:
    """Longest gap between two signs of life: 100 s of speech, then each other state for a while."""
    del seed  # nothing here is left to chance
    directory.mkdir()
    disk = SlowDisk(directory, SYNC_S)
    daemon = DaemonProcess(directory)
    daemon.variables = disk.variables
    lexicon = directory / "lexicon.yaml"
    daemon.start(audio={"device": "null"}, text={"lexicon": str(lexicon)})
    part_s = max(2.0, (seconds - LONGEST_TEXT_S) / len(_STATES))
    try:
        gaps_s = {"speaking": _gap_s(daemon, _speak, disk, lexicon, LONGEST_TEXT_S)}
        for name, act in _STATES:
            gaps_s[name] = _gap_s(daemon, act, disk, lexicon, part_s)
    finally:
        daemon.close()
    return [
        Figure(f"longest gap between signs of life, {name}", gap_s, WATCHDOG_S / 3, "s")
        for name, gap_s in gaps_s.items()
    ]


Act = Callable[[DaemonProcess, SlowDisk, Path, float], None]


def _gap_s(daemon: DaemonProcess, act: Act, disk: SlowDisk, lexicon: Path, part_s: float) -> float:
    begin_s = time.monotonic()
    act(daemon, disk, lexicon, part_s)
    end_s = time.monotonic()
    moments = [begin_s, *(beat_s for beat_s in daemon.beats if begin_s < beat_s < end_s), end_s]
    daemon.ask(op="stop")
    return max(after - before for before, after in itertools.pairwise(moments))


def _speak(daemon: DaemonProcess, disk: SlowDisk, lexicon: Path, part_s: float) -> None:
    """More than the ring holds: it is full, and at last it is drained."""
    # The tiny voice makes about 6 s of a sentence.
    daemon.ask(text=SENTENCE * max(1, round(part_s / 6)), wait=True)


def _pause(daemon: DaemonProcess, disk: SlowDisk, lexicon: Path, part_s: float) -> None:
    daemon.ask(text=SENTENCE * 20)
    time.sleep(part_s / 4)
    daemon.ask(op="pause")
    time.sleep(part_s / 2)
    daemon.ask(op="resume")
    time.sleep(part_s / 4)


def _idle(daemon: DaemonProcess, disk: SlowDisk, lexicon: Path, part_s: float) -> None:
    time.sleep(part_s)


def _write(daemon: DaemonProcess, disk: SlowDisk, lexicon: Path, part_s: float) -> None:
    disk.switch.touch()
    end_s = time.monotonic() + part_s
    while time.monotonic() < end_s:
        daemon.ask(text="你好。")
    disk.switch.unlink()


def _learn(daemon: DaemonProcess, disk: SlowDisk, lexicon: Path, part_s: float) -> None:
    """A lexicon that takes seconds to read, while it speaks."""
    end_s = time.monotonic() + part_s
    while time.monotonic() < end_s:
        words = (
            f"{chr(0x4E00 + number % 5000)}{chr(0x5E00 + number // 5000)}: hao3 hao3"
            for number in range(WORDS)
        )
        lexicon.write_text("\n".join(words), encoding="utf-8")
        daemon.ask(text="你好。", wait=True)


_STATES: tuple[tuple[str, Act], ...] = (
    ("paused", _pause),
    ("idle", _idle),
    ("on a disk that takes 2 s", _write),
    ("learning a lexicon of 50,000 words", _learn),
)
