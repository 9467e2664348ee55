"""A sound card that takes nothing: a FIFO behind the real ALSA file plugin that nobody reads."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from fakes.daemon_process import DaemonProcess

from campaign.figures import Figure

PROMISE = (
    "A device that takes nothing becomes `no_audio` within 15 s and the utterance is kept; `stop` "
    "and SIGTERM work within 2 s meanwhile."
)
TEXT = "今天天气晴朗，气温二十六度，适合出门散步。" * 10
ASOUNDRC = """\
pcm.!default {{ type plug slave.pcm "tofile" }}
pcm.tofile {{ type file slave.pcm "null" file "{file}" format "raw" }}
pcm.null {{ type null }}
"""


def run(directory: Path, seconds: float, seed: int) -> list[Figure]:
    """As long as it takes."""
    del seconds, seed
    directory.mkdir()
    fifo = directory / "fifo"
    os.mkfifo(fifo)
    # Open for reading, so that ALSA can open it, but never read.
    end = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    (directory / "asoundrc").write_text(ASOUNDRC.format(file=fifo))
    daemon = DaemonProcess(directory)
    daemon.variables = {"ALSA_CONFIG_PATH": str(directory / "asoundrc")}
    try:
        daemon.start(audio={"device": "tofile"})
        return _watch(daemon)
    finally:
        daemon.close()
        os.close(end)


def _watch(daemon: DaemonProcess) -> list[Figure]:
    begin_s = time.monotonic()
    daemon.ask(text=TEXT)
    while daemon.ask(op="status")["state"] != "no_audio":
        time.sleep(0.05)
    noticed_s = time.monotonic() - begin_s
    lost = 1 - daemon.ask(op="status")["queued"]
    begin_s = time.monotonic()
    daemon.ask(op="stop")
    stopped_s = time.monotonic() - begin_s
    begin_s = time.monotonic()
    daemon.signal(signal.SIGTERM)
    daemon.wait()
    return [
        Figure("until a hanging device is `no_audio`", noticed_s, 15, "s"),
        Figure("utterances lost by it", lost, 0),
        Figure("`stop` beside a hanging device", stopped_s, 2, "s"),
        Figure("SIGTERM beside a hanging device", time.monotonic() - begin_s, 2, "s"),
    ]
