"""The drop-ins of docs/operations.md: what the sandbox forbids, and what opens it."""

from __future__ import annotations

from system.conftest import CONFIG, configure
from system.machine import Machine

FAR = "203.0.113.7"
TOPIC = "tts/far/availability"
BROKER = f"listener 1883 {FAR}\nallow_anonymous true\n"
MQTT = f'mqtt: {{enabled: true, host: {FAR}, node: far}}\naudio: {{device: "null"}}\n'


def test_a_broker_outside_of_the_home_needs_its_address_allowed(service: Machine) -> None:
    service.address("add", FAR)
    service.put("/etc/mosquitto/conf.d/door.conf", BROKER)
    service.run("systemctl restart mosquitto")
    try:
        configure(service, MQTT)
        service.wait_until("journalctl -b -u tts-daemon -o cat | grep -q 'broker.*203'")
        configure(service, MQTT, f"[Service]\nIPAddressAllow={FAR}\n")
        service.wait_until(f"mosquitto_sub -h {FAR} -W 60 -t {TOPIC} -C 1 | grep -qx online")
    finally:
        service.run("systemctl stop mosquitto")
        service.address("delete", FAR)


def test_a_file_elsewhere_needs_its_directory_opened(service: Machine) -> None:
    service.run("install -d -o tts-daemon /srv/tts")
    settings = 'audio: {device: "wav:/srv/tts/heard.wav"}\n'
    configure(service, settings)
    service.run("tts-say 你好")
    service.wait_until("tts-say --status --json | grep -q no_audio")
    configure(service, settings, "[Service]\nReadWritePaths=/srv/tts\n")
    service.run("tts-say --wait 你好 && test -s /srv/tts/heard.wav")


def test_voices_on_another_disk_wait_for_it(service: Machine) -> None:
    service.put("/etc/fstab", "tmpfs /srv/voices tmpfs mode=0755,noauto 0 0\n")
    unit = "[Unit]\nRequiresMountsFor=/srv/voices\n"
    fill = "cp -r /usr/share/tts-daemon/models/wuyin /srv/voices"
    service.run(f"mkdir -p /srv/voices && systemctl daemon-reload && mount /srv/voices && {fill}")
    try:
        configure(service, CONFIG + "voice: {models: [/srv/voices]}\n", unit)
        service.run("tts-say --wait 你好")
        needed = service.run("systemctl show -P RequiresMountsFor tts-daemon").stdout
        assert "/srv/voices" in needed
    finally:
        service.run(
            "systemctl stop tts-daemon.socket tts-daemon; umount /srv/voices; rm /etc/fstab"
        )


def test_more_memory_is_given(service: Machine) -> None:
    settings = CONFIG + "voice: {memory_mb: 800}\n"
    configure(service, settings, "[Service]\nMemoryMax=2G\n")
    assert service.run("systemctl show -P MemoryMax tts-daemon").stdout.strip() == str(2 << 30)
    service.run("tts-say --wait 你好")
