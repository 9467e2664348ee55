"""scripts/install and scripts/uninstall: from nothing, over upgrades and failures, to nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from system.conftest import CONFIG, SETTINGS
from system.machine import Machine

INSTALL = "/root/tts_daemon/scripts/install"
UNINSTALL = "/root/tts_daemon/scripts/uninstall"
VOICE = "/root/tts_daemon/models/wuyin"
PROGRAM = "readlink /opt/tts-daemon/venv"
BACKUPS = tuple(
    f"/etc/{name}-" for name in ("passwd", "group", "shadow", "gshadow", "subuid", "subgid")
)
"""How it was before the last change of users: written by Debian's own tools."""
OTHERS = (
    *BACKUPS,
    "/var/lib/systemd/",
    "/run/systemd/",
    "/run/log/",
    "/run/udev/",
    "/tmp/systemd-private",
)
"""What a running system writes by itself."""


def own_files(machine: Machine) -> dict[str, str]:
    """Files, users and groups of the machine but for files that change by themselves."""
    files = {path: about for path, about in machine.files().items() if not path.startswith(OTHERS)}
    return files | machine.people()


@pytest.fixture
def broken_voice(bare: Machine) -> Iterator[None]:
    """A checkout whose voice is damaged, so that its version cannot start."""
    bare.run(f"cp {VOICE}/vocoder.onnx /root/ && echo damaged >{VOICE}/vocoder.onnx")
    yield
    bare.run(f"mv /root/vocoder.onnx {VOICE}/vocoder.onnx")


def test_a_look_at_the_machine_changes_nothing(bare: Machine) -> None:
    before = own_files(bare)
    seen = bare.run(f"{INSTALL} --check").stderr
    assert all(f"{name}:" in seen for name in ("system", "memory", "disk", "python"))
    assert "no sound device yet" in seen
    assert own_files(bare) == before


@pytest.mark.usefixtures("broken_voice")
def test_a_first_installation_that_fails_leaves_nothing(bare: Machine) -> None:
    before = own_files(bare)
    result = bare.run(INSTALL, check=False)
    assert result.returncode != 0
    assert "the new version does not start" in result.stderr
    assert own_files(bare) == before


def test_an_installation_is_repeatable_and_keeps_settings_and_queue(bare: Machine) -> None:
    bare.put(SETTINGS, CONFIG + "# mine\n")
    bare.run(INSTALL)
    first = bare.run(PROGRAM).stdout
    bare.run("tts-say --set-volume 40; tts-say --command pause; tts-say --id upgraded 你好")
    bare.run(INSTALL)
    bare.wait_for_end("upgraded")
    assert bare.run(PROGRAM).stdout != first
    assert bare.run(f"cat {SETTINGS}").stdout == CONFIG + "# mine\n"
    assert bare.status()["volume"] == 40
    assert bare.run("ls /opt/tts-daemon/releases | wc -l").stdout.strip() == "1"


@pytest.mark.usefixtures("broken_voice")
def test_an_upgrade_that_does_not_start_is_taken_back(bare: Machine) -> None:
    bare.run("echo '# new' >>/root/tts_daemon/systemd/tts-daemon.service")
    before = bare.run(PROGRAM).stdout
    result = bare.run(INSTALL, check=False)
    assert result.returncode != 0
    assert "Putting the version before this one back" in result.stderr
    assert bare.run(PROGRAM).stdout == before
    assert "# new" not in bare.run("systemctl cat tts-daemon.service").stdout
    assert bare.run("ls /opt/tts-daemon/releases | wc -l").stdout.strip() == "1"
    bare.run("tts-say --wait 还是老样子")


def test_settings_that_do_not_fit_are_named_before_anything_changes(bare: Machine) -> None:
    bare.put(SETTINGS, CONFIG + "presetz: {}\n")
    before, pid = own_files(bare), bare.main_pid()
    result = bare.run(INSTALL, check=False)
    assert result.returncode != 0
    assert "presetz" in result.stderr
    assert own_files(bare).keys() == before.keys()
    assert bare.main_pid() == pid
    bare.put(SETTINGS, CONFIG)


def test_a_disabled_service_stays_disabled(bare: Machine) -> None:
    bare.run("systemctl disable --now tts-daemon.socket tts-daemon.service")
    assert "stays so" in bare.run(INSTALL).stderr
    assert bare.run("systemctl is-active tts-daemon", check=False).stdout.strip() == "inactive"


def test_uninstalling_leaves_no_file(bare: Machine) -> None:
    bare.run(f"{UNINSTALL} && rm -f {SETTINGS}")
    assert bare.run("getent passwd tts-daemon; getent group tts", check=False).stdout == ""
    before = own_files(bare)
    bare.run(f"{INSTALL} && tts-say --wait 你好 && {UNINSTALL}")
    assert own_files(bare) == before


def test_settings_may_be_kept(bare: Machine) -> None:
    bare.put(SETTINGS, CONFIG)
    bare.run(f"{INSTALL} && {UNINSTALL} --keep-settings")
    assert bare.run(f"cat {SETTINGS}").stdout == CONFIG
    bare.run("test -e /var/lib/tts-daemon/queue.db")
