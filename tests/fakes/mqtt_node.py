"""A node in a process of its own, to be killed: `python mqtt_node.py PORT NODE`.

It answers the pool with a WAV whose length tells the text, 0.01 s for each character, and takes
a moment for it.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fakes.fake_service import FakeSpeechService, tone

from tts_daemon.domain import AudioChunk, SpeakRequest
from tts_daemon.inputs.mqtt.door import MqttDoor
from tts_daemon.inputs.mqtt.values import Retry
from tts_daemon.ports import SoFar
from tts_daemon.settings.schema import MqttSettings, PoolSettings

WORK_S = 0.02


class SlowService(FakeSpeechService):
    """Takes time, as a synthesis does."""

    def render(self, request: SpeakRequest, so_far: SoFar | None = None) -> Iterator[AudioChunk]:
        time.sleep(WORK_S)
        yield tone(0.01 * len(request.text))


def main() -> None:
    port, node = int(sys.argv[1]), sys.argv[2]
    pool = PoolSettings(enabled=True)
    settings = MqttSettings(host="127.0.0.1", port=port, node=node, pool=pool)
    door = MqttDoor(SlowService(), settings, retry=Retry(0.05, 0.2, 0.2))
    door.start()
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    door.stop()


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    main()
