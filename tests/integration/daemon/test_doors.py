"""A whole daemon with its optional doors open: from the text to the sound of the tiny voice."""

from __future__ import annotations

import asyncio
import signal
import socket

import numpy as np
import pytest
from fakes.daemon_process import VOICE, DaemonProcess
from fakes.hearing import assert_says, read_wav
from fakes.http_client import HttpClient
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.event import Event
from wyoming.tts import Synthesize


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def test_http_speaks_tells_and_reads(daemon: DaemonProcess) -> None:
    client = HttpClient(free_port())
    daemon.start(http={"enabled": True, "port": client.port})
    answer = client.post("/api/tts", {"text": "你好，世界。", "emotion": "happy"})
    assert (answer.status, answer.headers["content-type"]) == (200, "audio/wav")
    assert_says(*read_wav(answer.body), "你好，世界。", emotion="happy")
    said = client.post("/api/say", {"text": "你好", "wait": True}).json
    assert said["event_type"] == "finished"
    assert client.get("/api/status").json["counters"]["finished"] == 1
    (voice,) = [
        known for known in client.get("/api/voices").json["voices"] if known["name"] == VOICE
    ]
    assert (voice["sample_rate"], voice["emotions"][0]) == (16000, "neutral")
    reading = client.post("/api/reading", {"text": "重庆"}).json
    assert reading["sentences"][0]["words"][0]["pinyin"] == ["chong2", "qing4"]
    unknown = client.post("/api/tts", {"text": "好", "emotion": "bored"})
    assert (unknown.status, "emotion" in unknown.json["message"]) == (400, True)


def test_a_daemon_ends_while_clients_listen(daemon: DaemonProcess) -> None:
    client = HttpClient(free_port())
    daemon.start(http={"enabled": True, "port": client.port})
    text = "今天天气很好。" * 1000
    head = f"POST /api/tts HTTP/1.1\r\nHost: localhost\r\nContent-Length: {3 * len(text)}\r\n\r\n"
    with (
        client.connect(head.encode() + text.encode()) as listening,
        client.connect(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n") as watching,
    ):
        assert b"200 OK" in listening.recv(100)
        assert b"200 OK" in watching.recv(100)
        daemon.signal(signal.SIGTERM)
        assert daemon.wait() == 0
    assert "Traceback" not in daemon.log


def test_wyoming_speaks(daemon: DaemonProcess) -> None:
    port = free_port()
    daemon.start(wyoming={"enabled": True, "port": port})

    async def ask() -> list[Event]:
        events: list[Event] = []
        async with AsyncTcpClient("127.0.0.1", port) as client:
            await client.write_event(Synthesize("你好，世界。").event())
            while not (events and AudioStop.is_type(events[-1].type)):
                event = await client.read_event()
                assert event is not None
                events.append(event)
        return events

    first, *chunks, _ = asyncio.run(asyncio.wait_for(ask(), 60))
    start = AudioStart.from_event(first)
    assert (start.width, start.channels) == (2, 1)
    sound = b"".join(AudioChunk.from_event(event).audio for event in chunks)
    assert_says(np.frombuffer(sound, np.int16), start.rate, "你好，世界。")


def test_a_daemon_ends_while_wyoming_waits_for_its_sound(daemon: DaemonProcess) -> None:
    port = free_port()
    daemon.start(wyoming={"enabled": True, "port": port})

    async def ask_and_end() -> None:
        async with AsyncTcpClient("127.0.0.1", port) as client:
            await client.write_event(Synthesize("今天天气很好。" * 100).event())
            daemon.signal(signal.SIGTERM)
            while await client.read_event():
                pass

    asyncio.run(asyncio.wait_for(ask_and_end(), 60))
    assert daemon.wait() == 0
    assert "Traceback" not in daemon.log
    assert "CancelledError" not in daemon.log


@pytest.mark.parametrize("door", ["http", "wyoming"])
def test_a_taken_port_is_waited_for(daemon: DaemonProcess, door: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        daemon.start(**{door: {"enabled": True, "port": port}})
        (told,) = daemon.ask(op="status")["troubles"].items()
        assert told[0] == door
        assert f"{door}: cannot listen on 127.0.0.1" in told[1]
        # The others work meanwhile.
        assert daemon.ask(text="好", wait=True)["event_type"] == "finished"
    daemon.wait_until(lambda status: not status["troubles"])
    socket.create_connection(("127.0.0.1", port)).close()
    assert "Traceback" not in daemon.log


def test_a_name_that_does_not_resolve_does_not_hold_up_the_end(daemon: DaemonProcess) -> None:
    daemon.start(http={"enabled": True, "host": "nowhere.invalid"})
    assert "nowhere.invalid" in daemon.ask(op="status")["troubles"]["http"]
    daemon.signal(signal.SIGTERM)
    assert daemon.wait() == 0
