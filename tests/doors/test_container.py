"""Containerfile, step by step, and what runs in the image that it makes."""

from __future__ import annotations

import asyncio
import subprocess

import numpy as np
import pytest
from doors.containerfile import Image, instructions
from doors.room import CHECKOUT
from fakes.hearing import read_wav
from fakes.http_client import HttpClient
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize


@pytest.mark.timeout(900)
def test_the_image_holds_no_more_than_it_needs(image: Image) -> None:
    assert image.user == "tts"
    assert image.run("id -nG").split() == ["tts", "audio"]
    assert image.run("ls /usr/share/tts-daemon/models").split() == ["wuyin"]
    assert "torch" not in image.run("ls /opt/tts-daemon/venv/lib/python3*/site-packages")
    image.run("test -w /var/lib/tts-daemon && ! test -w /opt/tts-daemon/venv")


def test_it_speaks_through_every_door(
    container: subprocess.Popen[str], ports: dict[str, int]
) -> None:
    answer = HttpClient(ports["http"]).post("/api/tts?stream=false", {"text": "你好。"})
    assert answer.status == 200
    by_http, rate = read_wav(answer.body)
    described, start, *chunks, stop = asyncio.run(
        asyncio.wait_for(_describe_and_speak(ports["wyoming"]), 60)
    )
    assert Info.from_event(described).tts[0].voices[0].name == "wuyin"
    assert AudioStart.from_event(start).rate == rate
    assert AudioStop.is_type(stop.type)
    sound = b"".join(AudioChunk.from_event(each).audio for each in chunks)
    # A voice that speaks two syllables: neither silence nor a hum, and the same at both doors.
    assert 0.3 * rate < len(by_http) < 3 * rate
    assert np.abs(by_http).max() > 3000
    assert np.array_equal(np.frombuffer(sound, "<i2"), by_http)


async def _describe_and_speak(port: int) -> list[Event]:
    events: list[Event] = []
    async with AsyncTcpClient("127.0.0.1", port) as client:
        await client.write_event(Describe().event())
        await client.write_event(Synthesize("你好。").event())
        while not (events and AudioStop.is_type(events[-1].type)):
            event = await client.read_event()
            assert event is not None, "it closed the connection"
            events.append(event)
    return events


def test_the_health_check_tells_a_daemon_from_none(
    container: subprocess.Popen[str], image: Image
) -> None:
    check = image.command(*image.words("HEALTHCHECK"))
    assert subprocess.run(check, stdout=subprocess.DEVNULL, check=False).returncode == 0
    check += ["--socket", "/run/tts-daemon/nobody.sock"]
    assert subprocess.run(check, stderr=subprocess.DEVNULL, check=False).returncode != 0


def test_the_ports_of_the_configuration_are_declared() -> None:
    known = dict(instructions(CHECKOUT / "Containerfile"))
    assert known["EXPOSE"].split() == ["5000", "10200"]
    assert known["FROM"].startswith("docker.io/library/python:3.13-slim-trixie")
