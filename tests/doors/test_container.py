"""Containerfile, step by step, and what runs in the image that it makes."""

from __future__ import annotations

import asyncio
import subprocess

import pytest
from doors.containerfile import Image, instructions
from doors.room import CHECKOUT
from fakes.http_client import HttpClient
from wyoming.client import AsyncTcpClient
from wyoming.info import Describe, Info


@pytest.mark.timeout(900)
def test_the_image_holds_no_more_than_it_needs(image: Image) -> None:
    assert image.user == "tts"
    assert image.run("id -nG").split() == ["tts", "audio"]
    assert image.run("ls /usr/share/tts-daemon/models").split() == ["xiaoyu"]
    assert "torch" not in image.run("ls /opt/tts-daemon/venv/lib/python3*/site-packages")
    image.run("test -w /var/lib/tts-daemon && ! test -w /opt/tts-daemon/venv")


def test_it_speaks_through_every_door(
    container: subprocess.Popen[str], ports: dict[str, int]
) -> None:
    answer = HttpClient(ports["http"]).post("/v1/audio/speech", {"input": "你好。"})
    assert answer.status == 200
    assert len(answer.body) > 4000

    async def describe() -> Info:
        async with AsyncTcpClient("127.0.0.1", ports["wyoming"]) as client:
            await client.write_event(Describe().event())
            event = await client.read_event()
            assert event is not None
            return Info.from_event(event)

    assert asyncio.run(describe()).tts[0].voices[0].name == "xiaoyu"


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
