"""The installed service when something goes wrong: crashes, hangs, full disks, wrong clocks."""

from __future__ import annotations

import pytest
from system.conftest import CONFIG, configure
from system.machine import Machine

TEXT = "今天天气很好，我们一起去公园散步吧。" * 3
STATE = "/var/lib/tts-daemon"
LEXICON = "/etc/tts-daemon/lexicon.yaml"
JUMP = f"{STATE}/jump"
OTHER_CLOCK = f"""
import pathlib, time

told, jump = time.time, pathlib.Path("{JUMP}")
time.time = lambda: told() + (float(jump.read_text()) if jump.exists() else 0.0)
"""


def speak_two(machine: Machine, *, first: str, second: str) -> None:
    """Have `first` being spoken, and `second` waiting."""
    machine.run(f"tts-say --id {first} {TEXT}; tts-say --id {second} 这句话在等待。")
    machine.wait_until("tts-say --status --json | grep -q speaking")


def test_comes_back_after_a_kill_and_speaks_the_queue(service: Machine) -> None:
    speak_two(service, first="killed", second="after-kill")
    before = service.main_pid()
    service.run(f"kill -KILL {before}")
    service.wait_for_end("after-kill")
    service.wait_for_end("killed")
    assert service.main_pid() != before
    assert service.run("systemctl show -P NRestarts tts-daemon").stdout.strip() == "1"


def test_speaks_the_queue_after_a_power_cut(service: Machine) -> None:
    speak_two(service, first="cut", second="after-cut")
    before = service.run(
        "cat /proc/sys/kernel/random/uuid >/run/this-boot; cat /run/this-boot"
    ).stdout
    service.cut_power()
    service.power_on()
    assert service.run("cat /run/this-boot", check=False).stdout != before
    service.wait_for_end("after-cut")
    service.wait_for_end("cut")


def test_a_long_text_is_spoken_to_its_end_in_one_life(service: Machine) -> None:
    # Three times WatchdogSec, so that a sign of life missed for as long would end it.
    configure(service, CONFIG, "[Service]\nWatchdogSec=10s\n")
    service.run(
        f"timeout 120 tts-say --wait --id long {'今天天气很好，我们一起去公园散步吧。' * 12}"
    )
    (entry,) = service.journal("UTTERANCE_ID=long", "EVENT=finished")
    assert float(entry["AUDIO_MS"]) > 30_000
    assert service.run("systemctl show -P NRestarts tts-daemon").stdout.strip() == "0"


def test_a_hung_worker_is_restarted_by_the_watchdog(service: Machine) -> None:
    # Longer than the worker's heartbeat when it has nothing to do.
    configure(service, CONFIG, "[Service]\nWatchdogSec=10s\n")
    before = service.main_pid()
    # A lexicon on a network share that does not answer: reading it never ends.
    service.run(f"mkfifo {LEXICON} && tts-say --id hung 你好")
    # The doors live on, so nothing but the worker itself may feed the watchdog.
    assert service.status()["ok"]
    service.run(f"rm {LEXICON}")
    service.wait_until(f"test $(systemctl show -P MainPID tts-daemon) -ne {before}")
    service.wait_for_end("hung")
    assert "watchdog" in service.run("journalctl -u tts-daemon -o cat -n 50").stdout


def test_a_full_disk_is_told_and_speech_goes_on(service: Machine) -> None:
    configure(service, 'audio: {device: "null"}\n')
    service.run(f"systemctl stop tts-daemon && mount -t tmpfs -o size=1M tmpfs {STATE}")
    try:
        service.run("systemctl start tts-daemon && tts-say --wait --id roomy 你好")
        service.run(f"cat /dev/zero >{STATE}/fill", check=False)
        service.run("tts-say --wait --id full 你好")
        assert "make room" in service.run("journalctl -u tts-daemon -o cat -n 20").stdout
        service.run(f"rm {STATE}/fill && tts-say --wait --id again 你好")
        assert "is written again" in service.run("journalctl -u tts-daemon -o cat -n 20").stdout
    finally:
        service.run(f"systemctl stop tts-daemon; umount {STATE}")


@pytest.mark.parametrize(("where", "jump_s"), [("ahead", 3e8), ("back", -3e8)])
def test_a_jump_of_the_clock_makes_nothing_older_and_stops_nothing(
    service: Machine, where: str, jump_s: float
) -> None:
    """A Pi has no clock of its own: it believes it is the past until the network tells better."""
    # The machine shares its clock with this one, so only the daemon is told another time.
    service.put("/usr/local/share/other-clock/sitecustomize.py", OTHER_CLOCK)
    configure(service, CONFIG, "[Service]\nEnvironment=PYTHONPATH=/usr/local/share/other-clock\n")
    before = service.main_pid()
    service.run(f"tts-say --command pause && tts-say --ttl 3600 --id waits-{where} 你好")
    service.put("/root/jump", str(jump_s))
    service.run(f"chmod a+r /root/jump && mv /root/jump {JUMP} && tts-say --command resume")
    service.wait_for_end(f"waits-{where}")
    service.run("tts-say --wait --ttl 3600 你好")
    assert service.main_pid() == before
