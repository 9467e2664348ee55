"""What a whole daemon lets be heard: each wish of a request, on the samples of its device."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from fakes.daemon_process import DaemonProcess
from fakes.hearing import Pcm, assert_says, assert_says_in_order, read_wav

GREETING = "你好，世界。"
START = Callable[..., None]


@pytest.fixture
def heard(daemon: DaemonProcess) -> Path:
    """Where the device writes."""
    return daemon.directory / "heard.wav"


@pytest.fixture
def start(daemon: DaemonProcess, heard: Path) -> START:
    """Start the daemon on a device that takes everything as fast as it comes."""

    def begin(**sections: dict[str, Any]) -> None:
        daemon.start(audio={"device": f"wav-fast:{heard}"}, **sections)

    return begin


@pytest.fixture
def listen(daemon: DaemonProcess, heard: Path) -> Callable[[], tuple[Pcm, int]]:
    """End the daemon; what its device wrote."""

    def end() -> tuple[Pcm, int]:
        daemon.signal(signal.SIGTERM)
        assert daemon.wait() == 0
        return read_wav(heard)

    return end


def say(daemon: DaemonProcess, text: str, **wishes: Any) -> dict[str, Any]:
    """Have one text spoken to its end."""
    return daemon.ask(text=text, wait=True, **wishes)


def test_a_preset_and_a_tag_are_heard(
    daemon: DaemonProcess, start: START, listen: Callable[[], tuple[Pcm, int]]
) -> None:
    start(presets={"glad": {"emotion": "happy"}})
    lengths = [0]
    for text, wishes in (
        (GREETING, {}),
        (GREETING, {"preset": "glad"}),
        (f"[emotion=happy]{GREETING}", {}),
        (GREETING, {"volume": 50}),
        (GREETING, {}),
    ):
        assert say(daemon, text, **wishes)["event_type"] == "finished"
        lengths.append(_length(daemon))
    pcm, rate = listen()
    spoken = [pcm[begin:end] for begin, end in pairwise(lengths)]
    assert_says(spoken[0], rate, GREETING)
    assert_says(spoken[1], rate, GREETING, emotion="happy")
    assert_says(spoken[2], rate, GREETING, emotion="happy")
    assert_says(spoken[3], rate, GREETING, gain=0.5)
    # From the cache by now: the same sound.
    assert_says(spoken[4], rate, GREETING)


def test_clauses_are_heard_in_order_and_pauses_between(
    daemon: DaemonProcess, start: START, listen: Callable[[], tuple[Pcm, int]]
) -> None:
    start()
    say(daemon, "第一句。第二句。")
    whole = _length(daemon)
    say(daemon, "第一句。[pause=700ms]第二句。")
    pcm, rate = listen()
    assert_says(pcm[:whole], rate, "第一句。第二句。")
    with_pause = pcm[whole:]
    assert_says(with_pause[-whole // 2 - rate // 5 :], rate, "第二句。")
    assert len(with_pause) - whole == pytest.approx(0.7 * rate, abs=0.05 * rate)


def test_speed_is_heard(
    daemon: DaemonProcess, start: START, listen: Callable[[], tuple[Pcm, int]]
) -> None:
    start()
    say(daemon, GREETING, speed=2)
    pcm, rate = listen()
    assert_says(pcm, rate, GREETING, speed=2)


def test_the_lexicon_is_heard(
    daemon: DaemonProcess, start: START, listen: Callable[[], tuple[Pcm, int]]
) -> None:
    lexicon = daemon.directory / "lexicon.yaml"
    lexicon.write_text("寰宇: shi4 jie4\n", encoding="utf-8")
    start(text={"lexicon": str(lexicon)})
    say(daemon, "你好，寰宇。")
    assert_says(*listen(), GREETING)


def test_what_is_too_old_is_not_heard(
    daemon: DaemonProcess, start: START, listen: Callable[[], tuple[Pcm, int]]
) -> None:
    start()
    daemon.ask(op="pause")
    daemon.ask(text="水开了。", id="old", ttl_s=0.001)
    daemon.ask(text=GREETING, id="new")
    daemon.ask(op="resume")
    # Its end tells that all before it have ended.
    say(daemon, "第二句。")
    assert_says_in_order(*listen(), GREETING, "第二句。")


def test_a_stop_is_heard(daemon: DaemonProcess, heard: Path) -> None:
    daemon.start(audio={"device": f"wav:{heard}"})
    daemon.ask(text="今天天气很好。" * 20, id="long")
    daemon.wait_until(lambda status: status["state"] == "speaking")
    daemon.ask(op="stop")
    assert say(daemon, GREETING)["event_type"] == "finished"
    daemon.signal(signal.SIGTERM)
    assert daemon.wait() == 0
    pcm, rate = read_wav(heard)
    # The whole text has more than 15 s.
    assert len(pcm) < 5 * rate
    assert_says(pcm, rate, GREETING, alone=False)


def test_what_waited_at_a_crash_is_heard_after_it_in_order(
    daemon: DaemonProcess, start: START, listen: Callable[[], tuple[Pcm, int]]
) -> None:
    start()
    daemon.ask(op="pause")
    assert daemon.ask(text="第一句。", id="a")["ok"] is True
    assert daemon.ask(text="第二句。", id="b")["ok"] is True
    daemon.signal(signal.SIGKILL)
    daemon.wait()
    start()
    assert say(daemon, GREETING)["event_type"] == "finished"
    assert_says_in_order(*listen(), "第一句。", "第二句。", GREETING)


def test_a_token_keeps_strangers_from_being_heard(
    daemon: DaemonProcess, start: START, listen: Callable[[], tuple[Pcm, int]]
) -> None:
    from fakes.http_client import HttpClient

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        client = HttpClient(taken.getsockname()[1])
    start(http={"enabled": True, "port": client.port, "token": "secret"})
    assert client.post("/api/say", {"text": "水开了。"}).status == 401
    say(daemon, GREETING)
    assert_says(*listen(), GREETING)


def _length(daemon: DaemonProcess) -> int:
    """Samples that the device has been given so far."""
    return max(0, (daemon.directory / "heard.wav").stat().st_size - 44) // 2
