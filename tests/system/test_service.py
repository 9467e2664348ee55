"""The installed service in a booted system, from installation to removal, in this order."""

from __future__ import annotations

import json
import re

import pytest
from system.machine import Machine

HEARD = "/var/lib/tts-daemon/heard.wav"
CONFIG = f"""\
audio: {{device: "wav:{HEARD}"}}
"""
LONG_TEXT = "今天天气很好，我们一起去公园散步吧。" * 20


@pytest.fixture(scope="module")
def installed(machine: Machine) -> Machine:
    machine.put("/etc/tts-daemon/config.yaml", CONFIG)
    machine.run("/root/tts_daemon/scripts/install")
    machine.run("usermod -aG tts insider")
    return machine


@pytest.fixture
def service(installed: Machine) -> Machine:
    """The installed service, running and with nothing to say."""
    installed.run("systemctl reset-failed tts-daemon.service; systemctl start tts-daemon.service")
    installed.run("tts-say --stop")
    return installed


def main_pid(machine: Machine) -> int:
    return int(machine.run("systemctl show -P MainPID tts-daemon").stdout)


def finished(machine: Machine, utterance_id: str) -> str:
    """A shell condition: the journal says that this utterance was spoken to its end."""
    return f"journalctl -u tts-daemon -o cat UTTERANCE_ID={utterance_id} | grep -q finished"


def test_is_active_and_ready_after_installation(installed: Machine) -> None:
    assert installed.run(
        "systemctl is-active tts-daemon.service tts-daemon.socket"
    ).stdout.split() == [
        "active",
        "active",
    ]


def test_is_active_after_a_boot(installed: Machine) -> None:
    installed.power_off()
    installed.power_on()
    installed.wait_until("systemctl is-active tts-daemon.service")


def test_a_member_of_the_group_may_speak(service: Machine) -> None:
    result = service.run("echo 你好 | tts-say --wait", user="insider")
    assert result.returncode == 0


def test_others_are_refused_and_told_the_remedy(service: Machine) -> None:
    result = service.run("echo 你好 | tts-say", user="outsider", check=False)
    assert result.returncode != 0
    assert "usermod -aG tts" in result.stderr


def test_the_journal_has_fields(service: Machine) -> None:
    service.run(
        """echo '{"text": "你好", "id": "fields"}' | tts-say --json --wait || tts-say --wait 你好"""
    )
    lines = service.run("journalctl -u tts-daemon -o json").stdout.splitlines()
    entries = [json.loads(line) for line in lines]
    finals = [entry for entry in entries if "FIRST_AUDIO_MS" in entry]
    assert finals
    assert all(entry["UTTERANCE_ID"] for entry in finals)


def test_comes_back_after_a_kill_and_speaks_what_waited(service: Machine) -> None:
    service.run(f"tts-say {LONG_TEXT}")
    service.run("tts-say 这句话在等待。")
    before = main_pid(service)
    service.run(f"kill -KILL {before}")
    service.wait_until("systemctl is-active tts-daemon.service")
    service.wait_until("tts-say --status --json | grep -q speaking")
    assert main_pid(service) != before


def test_a_hung_worker_is_restarted_by_the_watchdog(service: Machine) -> None:
    service.run("mkdir -p /etc/systemd/system/tts-daemon.service.d")
    service.put(
        "/etc/systemd/system/tts-daemon.service.d/watchdog.conf", "[Service]\nWatchdogSec=3s\n"
    )
    service.run("systemctl daemon-reload && systemctl restart tts-daemon.service")
    before = main_pid(service)
    service.run(f"kill -STOP {before}")
    service.wait_until(f"test $(systemctl show -P MainPID tts-daemon) -ne {before}")
    service.wait_until("systemctl is-active tts-daemon.service")
    service.run(
        "rm /etc/systemd/system/tts-daemon.service.d/watchdog.conf && systemctl daemon-reload"
    )


def test_reload_keeps_the_process_and_takes_the_new_settings(service: Machine) -> None:
    before = main_pid(service)
    service.put(
        "/etc/tts-daemon/config.yaml", CONFIG + "presets: {neutral: {}, night: {volume: 20}}\n"
    )
    service.run("systemctl reload tts-daemon.service")
    service.wait_until("tts-say --preset night --wait 晚安")
    assert main_pid(service) == before


def test_a_broken_new_file_keeps_the_old_settings(service: Machine) -> None:
    service.put("/etc/tts-daemon/config.yaml", CONFIG + "presetz: {}\n")
    service.run("systemctl reload tts-daemon.service", check=False)
    service.wait_until("journalctl -u tts-daemon -o cat | grep -q presetz")
    service.run("tts-say --preset night --wait 晚安")
    service.put("/etc/tts-daemon/config.yaml", CONFIG)
    service.run("systemctl reload tts-daemon.service")


def test_stops_within_two_seconds_and_announces_it(service: Machine) -> None:
    service.run(f"tts-say {LONG_TEXT}")
    took = service.run(
        "bash -c 'TIMEFORMAT=%R; time systemctl stop tts-daemon.socket tts-daemon.service'"
    )
    assert float(re.findall(r"[\d.]+", took.stderr)[-1]) < 2.0
    journal = service.run("journalctl -u tts-daemon -o cat -n 20").stdout
    assert "stopping" in journal.lower()
    service.run("systemctl start tts-daemon.socket tts-daemon.service")


def test_an_early_client_waits_for_the_socket(service: Machine) -> None:
    service.run("systemctl stop tts-daemon.service")
    service.run("tts-say --wait 早上好", user="insider")


def test_units_verify_and_are_closed(service: Machine) -> None:
    verified = service.run("systemd-analyze verify tts-daemon.service tts-daemon.socket")
    assert verified.stderr == ""
    table = service.run(
        "systemd-analyze security --offline=true /etc/systemd/system/tts-daemon.service"
    )
    exposure = re.search(r"exposure level.*?: ([\d.]+)", table.stdout)
    assert exposure is not None
    assert float(exposure.group(1)) <= 1.5


def test_a_second_installation_keeps_settings_and_voices(service: Machine) -> None:
    service.run("echo '# mine' >> /etc/tts-daemon/config.yaml")
    service.run("/root/tts_daemon/scripts/install")
    assert "# mine" in service.run("cat /etc/tts-daemon/config.yaml").stdout
    service.run("tts-say --wait 又装了一次")


def test_uninstalling_leaves_nothing(installed: Machine) -> None:
    installed.run("/root/tts_daemon/scripts/uninstall")
    places = "/etc /opt /usr/lib /usr/local /usr/share /var/lib /run"
    left = installed.run(
        f"find {places} -xdev -iname '*tts[-_]daemon*' -o -xdev -name 'tts-*' -type l"
    )
    assert left.stdout == ""
    assert installed.run("getent passwd tts-daemon; getent group tts", check=False).stdout == ""
