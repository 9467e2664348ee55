"""The installed service on a machine where the broker or the sound card comes late."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from system.conftest import configure
from system.machine import Machine

PASSWORD = "correct horse"
BROKER = """\
listener 1883
allow_anonymous false
password_file /etc/mosquitto/passwords
"""
MQTT = """\
mqtt: {enabled: true, host: 127.0.0.1, username: tts, node: here}
audio: {device: "null"}
"""
CLIENT = f"-h 127.0.0.1 -u tts -P '{PASSWORD}'"
AVAILABILITY = f"mosquitto_sub {CLIENT} -W 60 -t tts/here/availability -C 1"
CARD = """\
pcm.speaker { type plug slave.pcm speaker_file }
pcm.speaker_file {
  type file
  slave.pcm speaker_null
  file "/var/lib/tts-daemon/speaker.raw"
  format raw
}
pcm.speaker_null { type null }
"""


@pytest.fixture
def broker(installed: Machine) -> Iterator[Machine]:
    """A broker that wants a password, not running; the daemon has the password as a credential."""
    installed.run("systemctl disable --now mosquitto")
    installed.put("/etc/mosquitto/conf.d/door.conf", BROKER)
    installed.run(
        f"mosquitto_passwd -b -c /etc/mosquitto/passwords tts '{PASSWORD}'"
        " && chown mosquitto /etc/mosquitto/passwords"
    )
    installed.run(
        "install -m 0600 /dev/stdin /etc/tts-daemon/credentials/mqtt-password", stdin=PASSWORD
    )
    yield installed
    installed.run("systemctl stop mosquitto; rm /etc/tts-daemon/credentials/mqtt-password")


def test_a_broker_that_is_absent_at_boot_is_found_later(broker: Machine) -> None:
    configure(broker, MQTT)
    broker.power_off()
    broker.power_on()
    broker.wait_until("systemctl is-active tts-daemon.service")
    broker.run("systemctl start mosquitto")
    broker.wait_until(f"{AVAILABILITY} | grep -qx online")
    broker.run(f'mosquitto_pub {CLIENT} -q 1 -t tts/here/say -m \'{{"text":"你好","id":"late"}}\'')
    broker.wait_for_end("late")


def test_a_stop_is_announced_to_the_broker(broker: Machine) -> None:
    broker.run("systemctl start mosquitto")
    configure(broker, MQTT)
    broker.wait_until(f"{AVAILABILITY} | grep -qx online")
    broker.run("systemctl stop tts-daemon.socket tts-daemon.service")
    broker.wait_until(f"{AVAILABILITY} | grep -qx offline")


def test_nobody_but_root_and_the_daemon_reads_the_password(broker: Machine) -> None:
    secret = "/etc/tts-daemon/credentials/mqtt-password"
    assert broker.run(f"cat {secret}", user="insider", check=False).returncode != 0
    assert broker.run(f"cat {secret}", user="tts-daemon", check=False).returncode != 0
    assert PASSWORD not in broker.run("tts-daemon --print-config").stdout


def test_a_sound_card_that_is_absent_at_boot_is_found_later(installed: Machine) -> None:
    installed.run("rm -f /etc/asound.conf")
    configure(installed, "audio: {device: speaker}\n")
    installed.power_off()
    installed.power_on()
    installed.wait_until("systemctl is-active tts-daemon.service")
    installed.run("tts-say --id patient 你好")
    installed.wait_until("tts-say --status --json | grep -q no_audio")
    installed.put("/etc/asound.conf", CARD)
    installed.wait_for_end("patient")
    installed.run("test -s /var/lib/tts-daemon/speaker.raw")
    assert installed.status()["state"] == "idle"
