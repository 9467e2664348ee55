"""A daemon in a process of its own that hums: `python humming_daemon.py PORT NODE JOURNAL`."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fakes.speaking import HummingSynthesizer, make_player

from tts_daemon.inputs.mqtt.door import MqttDoor
from tts_daemon.inputs.mqtt.values import Retry
from tts_daemon.settings.schema import MqttSettings

SIGNALS = {signal.SIGTERM, signal.SIGINT}


def main(port: int, node: str, journal: Path) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    player = make_player(HummingSynthesizer(), journal)
    door = MqttDoor(
        player, MqttSettings(host="127.0.0.1", port=port, node=node), retry=Retry(0.05, 0.2, 0.2)
    )
    player.start()
    door.start()
    signal.sigwait(SIGNALS)
    door.stop()
    player.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
