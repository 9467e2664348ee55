"""What the daemon costs: start, memory, idle time, and a phrase that was prepared.

python -m bench.daemon_costs MODELS VOICE [IDLE_S]      (from tests/; JSON on standard output)
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from fakes.daemon_process import DaemonProcess

from tts_daemon.cli.bench import TEXT

PHRASE = "门开了。"
STARTS = 5


def main(models: str, voice: str, idle_s: str = "12") -> None:
    """Measure and print."""
    starts = [_start_seconds(models, voice) for _ in range(STARTS)]
    with tempfile.TemporaryDirectory() as directory:
        daemon = DaemonProcess(Path(directory))
        daemon.start(**_settings(models, voice, [PHRASE]))
        try:
            report = _measure(daemon, float(idle_s))
        finally:
            daemon.close()
    report |= {"voice": voice, "start_to_ready_s": round(min(starts), 2)}
    json.dump(report, sys.stdout, indent=1)


def _settings(models: str, voice: str, phrases: list[str]) -> dict[str, dict[str, Any]]:
    return {
        "voice": {"default": voice, "models": [str(Path(models).resolve())]},
        "synthesis": {"phrases": phrases, "profile": "/nonexistent"},
    }


def _start_seconds(models: str, voice: str) -> float:
    with tempfile.TemporaryDirectory() as directory:
        daemon = DaemonProcess(Path(directory))
        begin_s = time.perf_counter()
        daemon.start(**_settings(models, voice, []))
        taken_s = time.perf_counter() - begin_s
        daemon.close()
    return taken_s


def _measure(daemon: DaemonProcess, idle_s: float) -> dict[str, Any]:
    daemon.ask(text=TEXT, wait=True)
    unprepared = [
        daemon.ask(text=f"这是今天的第{number}次。", wait=True) for number in "一二三四五"
    ]
    prepared = [daemon.ask(text=PHRASE, wait=True) for _ in range(5)]
    before_s = _cpu_seconds(daemon.pid)
    time.sleep(idle_s)
    idle = (_cpu_seconds(daemon.pid) - before_s) / idle_s
    return {
        "peak_rss_mb": round(_status_kb(daemon.pid, "VmHWM") * 1024 / 1e6, 1),
        "idle_cpu_percent": round(idle * 100, 2),
        "first_audio_ms": round(min(reply["first_audio_ms"] for reply in unprepared), 1),
        "prepared_first_audio_ms": round(max(reply["first_audio_ms"] for reply in prepared), 1),
    }


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _status_kb(pid: int, key: str) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.partition(f"{key}:")[2].split()[0])


if __name__ == "__main__":
    main(*sys.argv[1:])
