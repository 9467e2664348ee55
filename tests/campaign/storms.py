"""Storms of commands from many people at once: each is answered, and in the end it is quiet."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

from fakes.daemon_process import DaemonProcess

from campaign.figures import Figure, percentile

PROMISE = """\
Every command is answered, and every accepted utterance ends."""

PEOPLE = 8
LONG = "今天天气很好，我们去公园散步，然后回家吃饭。" * 10


def run(directory: Path, seconds: float, seed: int) -> list[Figure]:
    """Speak and command for so many seconds."""
    directory.mkdir()
    daemon = DaemonProcess(directory)
    daemon.start(queue={"journal": str(directory / "queue.db"), "limit": 100})
    end_s = time.monotonic() + seconds
    stops_ms: list[float] = []
    failures: list[str] = []

    def act(person: int) -> None:
        chance = random.Random(seed + person)
        while time.monotonic() < end_s:
            command = chance.choice(("say", "say", "stop", "skip", "pause", "resume", "clear"))
            begin_s = time.monotonic()
            fields = {"text": LONG} if command == "say" else {"op": command}
            reply = daemon.ask(**fields)
            if command == "stop":
                stops_ms.append(1000 * (time.monotonic() - begin_s))
            if not reply["ok"] and reply["error"] != "queue_full":
                failures.append(str(reply))

    try:
        people = [threading.Thread(target=act, args=(person,)) for person in range(PEOPLE)]
        for thread in people:
            thread.start()
        for thread in people:
            thread.join()
        daemon.ask(op="stop")
        status = daemon.ask(op="status")
        counters = status["counters"]
        open_ends = counters["accepted"] - sum(
            counters.get(end, 0) for end in ("finished", "cancelled", "expired", "failed")
        )
    finally:
        daemon.close()
    return [
        Figure("stops among commands of eight people at once", len(stops_ms)),
        Figure("until a stop is answered, median", percentile(stops_ms, 50), unit="ms"),
        Figure("until a stop is answered, 99 of 100", percentile(stops_ms, 99), unit="ms"),
        Figure("commands that failed", len(failures), 0),
        Figure("utterances without an end after the last stop", open_ends, 0),
        Figure("not quiet after the last stop", int(status["state"] != "idle"), 0),
    ]
