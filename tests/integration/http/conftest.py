"""An HTTP door in front of a fake service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes.fake_service import FakeSpeechService
from fakes.http_client import HttpClient

from tts_daemon.inputs.http.desk import Desk
from tts_daemon.inputs.http.door import HttpDoor
from tts_daemon.settings.schema import HttpSettings
from tts_daemon.voices.store import VoiceStore

VOICES = Path(__file__).parents[2] / "data"


@pytest.fixture
def service() -> FakeSpeechService:
    return FakeSpeechService(max_characters=100)


@pytest.fixture
def opened(service: FakeSpeechService) -> Iterator[Callable[..., HttpClient]]:
    """Opens a door with the given settings and returns a client of it."""
    doors: list[HttpDoor] = []

    def start(desk: Desk | None = None, **settings: object) -> HttpClient:
        wanted = HttpSettings(enabled=True, port=0, **settings)  # type: ignore[arg-type]
        door = HttpDoor(service, wanted, VoiceStore([VOICES]), max_characters=100, desk=desk)
        doors.append(door)
        door.start()
        return HttpClient(door.port)

    yield start
    for door in doors:
        door.stop()


@pytest.fixture
def client(opened: Callable[..., HttpClient]) -> HttpClient:
    """A client of a door with ordinary settings."""
    return opened()
