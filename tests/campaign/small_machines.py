"""A part of a core, little memory, slow disks: what the daemon still does there, in figures."""

from __future__ import annotations

import itertools
import signal
import threading
import time
from pathlib import Path
from typing import Any

from fakes.cgroup import Cgroup, limited
from fakes.daemon_process import DaemonProcess
from fakes.slow_disk import SlowDisk

from campaign.figures import Figure

PROMISE = (
    "With an eighth of a core, with 128 MB, on a disk that takes 200 ms or 2 s: it speaks without "
    "a hole, everything accepted ends, and the end takes at most 2 s. With a sixteenth as well, "
    "but for holes: there the kernel gives it 6 ms in 100."
)
SENTENCE = "今天天气晴朗，气温二十六度，适合出门散步。"
TEXTS = 6
CALLERS = 8
MEMORY_MB = 128
SHARES = (8, 16)
WITHOUT_HOLES = 8
"""The smallest share at which there are none."""
DISKS_S = (0.2, 2.0)
MOST_BEAT_S = 10.0
MOST_END_S = 2.0


def run(directory: Path, seconds: float, seed: int) -> list[Figure]:
    """As long as it takes."""
    del seconds, seed
    directory.mkdir()
    figures: list[Figure] = []
    if Cgroup.is_there():
        for share in SHARES:
            with limited(cores=1 / share) as group:
                figures += _speak(directory / f"core{share}", f"1/{share} of a core", group, share)
        with limited(memory_mb=MEMORY_MB) as group:
            figures += _speak(directory / "memory", f"{MEMORY_MB} MB", group, callers=CALLERS)
            figures.append(Figure(f"{MEMORY_MB} MB: killed for memory", group.kills, 0))
    for sync_s in DISKS_S:
        figures += _speak(directory / f"disk{sync_s:g}", f"a sync of {sync_s:g} s", sync_s=sync_s)
    return figures


def _speak(
    place: Path,
    name: str,
    group: Cgroup | None = None,
    share: int = 1,
    *,
    callers: int = 1,
    sync_s: float = 0.0,
) -> list[Figure]:
    """Texts one after the other at the pace of a sound card, from several callers at once."""
    place.mkdir()
    disk = SlowDisk(place, sync_s)
    daemon = DaemonProcess(place)
    daemon.variables = disk.variables
    try:
        daemon.configure(
            audio={"device": "null"}, synthesis={"cache_mb": 0}, logging={"level": "warning"}
        )
        begin_s = time.monotonic()
        daemon.launch(*(group.wrapper if group else ()))
        daemon.hear("READY=1")
        ready_s = time.monotonic() - begin_s
        if sync_s:
            disk.switch.touch()
        daemon.beats.clear()
        replies = _ask_all(daemon, callers)
        counters = daemon.ask(op="status")["counters"]
        gap_s = max(after - before for before, after in itertools.pairwise(daemon.beats))
        peak_mb = daemon.resident_mb()
        daemon.ask(text=SENTENCE * 10)
        begin_s = time.monotonic()
        daemon.signal(signal.SIGTERM)
        daemon.wait()
        ended_s = time.monotonic() - begin_s
    finally:
        daemon.close()
    firsts_ms = sorted(reply["first_audio_ms"] for reply in replies if "first_audio_ms" in reply)
    unfinished = sum(reply.get("event_type") != "finished" for reply in replies)
    most_holes = 0 if share <= WITHOUT_HOLES else None
    return [
        Figure(f"{name}: ready after", ready_s, unit="s"),
        Figure(f"{name}: first sound, median", firsts_ms[len(firsts_ms) // 2], unit="ms"),
        Figure(f"{name}: texts of {len(replies)} that were not finished", unfinished, 0),
        Figure(f"{name}: holes in the sound", counters.get("underruns", 0), most_holes),
        Figure(f"{name}: longest gap between signs of life", gap_s, MOST_BEAT_S, "s"),
        Figure(f"{name}: memory", peak_mb, unit="MB"),
        Figure(f"{name}: SIGTERM to the end", ended_s, MOST_END_S, "s"),
    ]


def _ask_all(daemon: DaemonProcess, callers: int) -> list[dict[str, Any]]:
    replies: list[dict[str, Any]] = []

    def call(caller: int) -> None:
        for number in range(max(2, TEXTS // callers)):
            replies.append(daemon.ask(text=f"第{caller}位。{SENTENCE}第{number}次。", wait=True))

    threads = [threading.Thread(target=call, args=(caller,)) for caller in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return replies
