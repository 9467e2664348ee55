"""The installed service in a booted system, while nothing is wrong."""

from __future__ import annotations

import re

from system.conftest import CONFIG, SETTINGS, configure
from system.machine import Machine

READ_BOOT = """
import sqlite3
queue = sqlite3.connect("/var/lib/tts-daemon/queue.db")
print(*queue.execute("SELECT boot FROM utterances").fetchone())
"""
LONG_TEXT = "今天天气很好，我们一起去公园散步吧。" * 20


def test_is_active_and_enabled_after_an_installation(service: Machine) -> None:
    units = "tts-daemon.service tts-daemon.socket"
    assert service.run(f"systemctl is-active {units}").stdout.split() == ["active"] * 2
    assert service.run(f"systemctl is-enabled {units}").stdout.split() == ["enabled"] * 2


def test_is_active_after_a_boot(service: Machine) -> None:
    service.power_off()
    service.power_on()
    service.wait_until("systemctl is-active tts-daemon.service")
    service.run("tts-say --wait 早上好", user="insider")


def test_is_ready_only_with_a_voice_that_speaks(service: Machine) -> None:
    configure(service, CONFIG, "[Service]\nRestart=no\n")
    service.put(SETTINGS, CONFIG + "voice: {default: nobody}\n")
    assert service.run("systemctl restart tts-daemon.service", check=False).returncode != 0


def test_wrong_settings_are_not_tried_again(service: Machine) -> None:
    service.put(SETTINGS, CONFIG + "mqqt: {}\n")
    assert service.run("systemctl restart tts-daemon.service", check=False).returncode != 0
    assert service.run("systemctl show -P NRestarts tts-daemon").stdout.strip() == "0"
    assert "did you mean mqtt?" in service.run("systemctl status tts-daemon", check=False).stdout


def test_a_member_of_the_group_may_speak(service: Machine) -> None:
    service.run("echo 你好 | tts-say --wait", user="insider")


def test_others_are_refused_and_told_the_remedy(service: Machine) -> None:
    result = service.run("echo 你好 | tts-say", user="outsider", check=False)
    assert result.returncode != 0
    assert "usermod -aG tts" in result.stderr


def test_an_early_client_waits_for_the_service(service: Machine) -> None:
    service.run("systemctl stop tts-daemon.service")
    service.run("tts-say --wait 早上好", user="insider")


def test_the_journal_has_fields(service: Machine) -> None:
    service.run("tts-say --wait --id fields 你好")
    (entry,) = service.journal("UTTERANCE_ID=fields", "EVENT=finished")
    assert float(entry["FIRST_AUDIO_MS"]) > 0
    assert float(entry["REAL_TIME_FACTOR"]) > 0
    assert entry["SOURCE"] == "socket"
    assert entry["SYSLOG_IDENTIFIER"] == "tts-daemon"
    assert entry["PRIORITY"] == "6"


def test_without_systemd_python_it_is_ready_and_the_journal_has_lines(service: Machine) -> None:
    module = service.run(
        "ls -d /opt/tts-daemon/venv/lib/python3*/site-packages/systemd"
    ).stdout.strip()
    service.run(f"mv {module} {module}.away")
    try:
        # This returns when the daemon has said READY=1.
        service.run("systemctl restart tts-daemon.service && tts-say --wait --id plain 你好")
        (entry,) = [one for one in service.journal() if one["MESSAGE"].startswith("finished plain")]
        assert entry["PRIORITY"] == "6"
        assert "UTTERANCE_ID" not in entry
    finally:
        service.run(f"mv {module}.away {module}")


def test_a_reload_keeps_the_process_and_takes_the_new_settings(service: Machine) -> None:
    before = service.main_pid()
    service.put(SETTINGS, CONFIG + "presets: {night: {volume: 20}}\n")
    service.run("systemctl reload tts-daemon.service")
    service.wait_until("tts-say --preset night --wait 晚安")
    assert service.main_pid() == before


def test_a_broken_new_file_keeps_the_old_settings(service: Machine) -> None:
    service.put(SETTINGS, CONFIG + "presetz: {}\n")
    service.run("systemctl reload tts-daemon.service")
    service.wait_until("journalctl -u tts-daemon -o cat | grep -q presetz")
    service.run("tts-say --wait 晚安")


def test_stops_within_two_seconds_and_announces_it(service: Machine) -> None:
    # A stop that takes longer would be ended by force, and be no success.
    configure(service, CONFIG, "[Service]\nTimeoutStopSec=2s\n")
    service.run(f"tts-say {LONG_TEXT}")
    service.wait_until("tts-say --status --json | grep -q speaking")
    service.run("systemctl stop tts-daemon.socket tts-daemon.service")
    assert service.run("systemctl show -P Result tts-daemon").stdout.strip() == "success"
    assert service.journal()[-1]["MESSAGE"].startswith("Stopped")
    assert "stopping" in [entry["MESSAGE"] for entry in service.journal("-n", "10")]


def test_the_units_verify_and_are_closed(service: Machine) -> None:
    service.run("rm -r /etc/systemd/system/tts-daemon.service.d && systemctl daemon-reload")
    units = "tts-daemon.service tts-daemon.socket"
    verified = service.run(f"systemd-analyze verify {units}")
    assert verified.stdout + verified.stderr == ""
    table = service.run("systemd-analyze security --no-pager tts-daemon.service").stdout
    exposure = re.search(r"exposure level.*?: ([\d.]+)", table)
    assert exposure is not None
    assert float(exposure.group(1)) <= 1.5


def test_the_sandbox_shows_what_the_queue_and_the_kernels_need(service: Machine) -> None:
    service.run("tts-say --wait 你好")
    assert service.run("python3 -", stdin=READ_BOOT).stdout.strip()
    service.run(f"grep -q . /proc/{service.main_pid()}/root/proc/cpuinfo")
