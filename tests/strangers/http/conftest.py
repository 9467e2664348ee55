"""An HTTP door in front of a service that whistles."""

from __future__ import annotations

import numpy as np
import pytest
from fakes.fake_service import FakeSpeechService
from integration.http.conftest import client, opened  # noqa: F401

from tts_daemon.domain import AudioChunk

SECONDS = 6.0
RATE_HZ = 16000


@pytest.fixture
def service() -> FakeSpeechService:
    fake = FakeSpeechService(max_characters=2000)
    time = np.arange(round(SECONDS * RATE_HZ), dtype=np.float32) / RATE_HZ
    whistle = np.sin(time * 2 * np.pi * 440) / 2
    fake.chunks = [AudioChunk(piece, RATE_HZ) for piece in np.array_split(whistle, 20)]
    return fake
