"""What a strong machine behind a weak one is worth, and what its faults cost: on loopback.

    python -m bench.remote first        (from tests/; JSON on standard output)
    python -m bench.remote kills [UTTERANCES]
    python -m bench.remote write FIRST.json KILLS.json      (the tables of docs/integrations.md)

Both ends are daemons on this machine, with a link between them that delays and loses segments.
"""

from __future__ import annotations

import json
import random
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fakes.daemon_process import DaemonProcess
from fakes.hearing import read_wav
from fakes.link import Link

from tts_daemon.client import SocketClient
from tts_daemon.runtime.machine import Machine

VOICE = "wuyin"
MODELS = Path(__file__).parents[2] / "models"
PORT = 15871
TEXT = "晚上八点放电影，别忘了带伞"
ROUNDS = 11
DOCS = Path(__file__).parents[2] / "docs" / "integrations.md"
BEGIN, END = "<!-- remote -->\n", "<!-- end of remote -->\n"


@contextmanager
def daemon(directory: Path, **sections: dict[str, Any]) -> Iterator[DaemonProcess]:
    """One that speaks with the embedded voice."""
    directory.mkdir(parents=True, exist_ok=True)
    process = DaemonProcess(directory)
    voice = {"default": VOICE, "models": [str(MODELS)]}
    process.start(**{"voice": voice, "logging": {"level": "info"}, **sections})
    try:
        yield process
    finally:
        process.close()


def weak(directory: Path, link: Link, **audio: str) -> Any:
    """The machine with the loudspeaker."""
    remote = {"url": link.url, "retry_s": 0.5}
    sections = {"synthesis": {"remote": remote, "cache_mb": 0}}
    return daemon(directory, **sections, **({"audio": audio} if audio else {}))


def strong(directory: Path) -> Any:
    """The machine that speaks for others."""
    return daemon(directory, http={"enabled": True, "port": PORT})


# -- first audio ----------------------------------------------------------------------------------


def _delayed(delay_ms: float, loss: float = 0.0) -> Callable[[Link], None]:
    def set_up(link: Link) -> None:
        link.delay_s, link.loss = delay_ms / 1000, loss

    return set_up


def _fails(**fields: Any) -> Callable[[Link], None]:
    def set_up(link: Link) -> None:
        for name, value in fields.items():
            setattr(link, name, value)

    return set_up


CASES: dict[str, tuple[Callable[[Link], None], Callable[[Link], None]]] = {
    "strong, no delay": (_delayed(0), _delayed(0)),
    "strong, 5 ms each way": (_delayed(5), _delayed(5)),
    "strong, 20 ms each way, 1 % of segments lost": (_delayed(20, 0.01), _delayed(20, 0.01)),
    "strong, 20 ms each way, 5 % of segments lost": (_delayed(20, 0.05), _delayed(20, 0.05)),
    "slow: 400 ms each way": (_delayed(0), _delayed(400)),
    "silent: takes the clause and says nothing": (_delayed(0), _fails(stall_after=0)),
    "dies in mid-clause": (_delayed(0), _fails(cut_after=30000)),
    "stalls in mid-clause": (_delayed(0), _fails(stall_after=30000)),
}
"""Case -> the link while the other machine is looked for, and the link when the text comes."""


def first() -> dict[str, Any]:
    """First audio of one clause, case by case, in turns."""
    figures: dict[str, list[dict[str, Any]]] = {name: [] for name in ("none is configured", *CASES)}
    with tempfile.TemporaryDirectory(prefix="remote") as place:
        root = Path(place)
        with strong(root / "strong"), daemon(root / "alone", synthesis={"cache_mb": 0}) as alone:
            link = Link(PORT)
            with weak(root / "weak", link) as board:
                for _ in range(ROUNDS):
                    figures["none is configured"].append(_say(alone))
                    for name, (before, now) in CASES.items():
                        figures[name].append(_one(board, link, before, now))
                # Known to be away: nobody listens any more.
                link.close()
                board.wait_until(lambda status: "remote voice" in status["troubles"])
                figures["known to be away"] = [_say(board) for _ in range(ROUNDS)]
    return {"machine": Machine.here().processor, "rounds": ROUNDS, "cases": figures}


def _one(
    board: DaemonProcess, link: Link, before: Callable[[Link], None], now: Callable[[Link], None]
) -> dict[str, Any]:
    link.delay_s = link.loss = 0.0
    link.cut_after = link.stall_after = None
    before(link)
    board.wait_until(lambda status: "remote voice" not in status["troubles"])
    now(link)
    return _say(board)


def _say(process: DaemonProcess) -> dict[str, Any]:
    return process.ask(text=TEXT, wait=True)


# -- a remote that is killed at random ------------------------------------------------------------


def kills(utterances: str = "200") -> dict[str, Any]:
    """Every utterance is heard once and without a gap, whoever speaks it."""
    count, chance = int(utterances), random.Random(7)
    with tempfile.TemporaryDirectory(prefix="remote") as place:
        root, link = Path(place), Link(PORT)
        wav = root / "heard.wav"
        ended = threading.Event()
        killer = _Killer(root / "strong", ended, chance)
        with weak(root / "weak", link, device=f"wav:{wav}") as board:
            killer.start()
            events = _speak(board, count)
            ended.set()
            killer.join()
        pcm, rate = read_wav(wav)
    finished = Counter(event["id"] for event in events if event["event_type"] == "finished")
    return {
        "utterances": count,
        "kills": killer.kills,
        "finished once": sum(times == 1 for times in finished.values()),
        "lost": count - len(finished),
        "twice": sum(times > 1 for times in finished.values()),
        "spoken by": Counter(event["spoken_by"] for event in events),
        "gaps, ms": sorted(round(event["gaps_ms"]) for event in events),
        "told, s": round(sum(event["audio_ms"] for event in events) / 1000, 2),
        "spoken, s": round(len(pcm) / rate, 2),
    }


class _Killer(threading.Thread):
    """Kills and starts the other machine's daemon at random, and begins with a kill."""

    def __init__(self, directory: Path, ended: threading.Event, chance: random.Random) -> None:
        super().__init__(daemon=True)
        self._directory, self._ended, self._chance = directory, ended, chance
        self.kills = 0

    def run(self) -> None:
        """Until told to end."""
        while not self._ended.is_set():
            with strong(self._directory / str(self.kills)) as process:
                self._ended.wait(self._chance.uniform(0.5, 6.0))
                process.signal(signal.SIGKILL)
                process.wait()
                self.kills += 1
            self._ended.wait(self._chance.uniform(0.0, 2.0))


def _speak(board: DaemonProcess, count: int) -> list[dict[str, Any]]:
    """Each waits for its end, so that silence between utterances is nobody's fault."""
    texts = ("今天下午三点在会议室开会", "请把客厅和厨房的灯都关掉", "外面下雨了出门记得带伞")
    events = []
    with SocketClient([board.socket]) as client:
        for number in range(count):
            begin_s = time.monotonic()
            event = client.ask(text=texts[number % 3], id=f"u{number}", wait=True)
            taken_ms = (time.monotonic() - begin_s) * 1000
            # What it took beyond its own length is silence that does not belong to it, all of it.
            gaps_ms = taken_ms - event["first_audio_ms"] - event["audio_ms"]
            events.append({**event, "gaps_ms": gaps_ms})
    return events


# -- the tables -----------------------------------------------------------------------------------


def write(first_file: str, kills_file: str) -> None:
    """Write what was measured between the marks of docs/integrations.md."""
    text = DOCS.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    tables = "\n".join(_tables(_read(first_file), _read(kills_file)))
    DOCS.write_text(f"{head}{BEGIN}{tables}\n{END}{tail}", encoding="utf-8")


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(name).read_text(encoding="utf-8"))
    return found


def _tables(measured: dict[str, Any], killed: dict[str, Any]) -> Iterator[str]:
    yield (
        f"Measured by `tests/bench/remote.py` on loopback ({measured['machine']}, two cores, busy),"
        f" both ends with the embedded voice, {measured['rounds']} rounds in turns, one clause of"
        " 12 characters; medians, with the lowest and the highest."
    )
    yield "\n| the other machine | first audio, ms | spoken by |"
    yield "|---|---|---|"
    for name, events in measured["cases"].items():
        values = [event["first_audio_ms"] for event in events]
        by = Counter(event.get("spoken_by", "local") for event in events)
        spread = f"{statistics.median(values):.0f} ({min(values):.0f} to {max(values):.0f})"
        yield f"| {name} | {spread} | {', '.join(f'{who} {n}' for who, n in by.items())} |"
    gaps = killed["gaps, ms"]
    speakers = ", ".join(f"{who} {count}" for who, count in killed["spoken by"].items())
    yield (
        f"\n{killed['utterances']} utterances while the other machine was killed"
        f" {killed['kills']} times: {killed['lost']} lost, {killed['twice']} told twice, spoken by"
        f" {speakers}. {killed['told, s']} s of speech were told and {killed['spoken, s']} s heard."
        " What an utterance took from its first sample to its end, less its own length (all the"
        f" gaps in it, and the time to tell): {statistics.median(gaps):.0f} ms, at most"
        f" {max(gaps)} ms; {sum(gap > 300 for gap in gaps)} of them more than 300 ms, while"
        " both daemons, their starts and other work shared two cores."
    )


if __name__ == "__main__":
    step, *rest = sys.argv[1:]
    made = {"first": first, "kills": kills, "write": write}[step](*rest)  # type: ignore[operator]
    if made is not None:
        print(json.dumps(made, ensure_ascii=False, indent=1))
