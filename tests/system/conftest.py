"""The booted machines of these tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fakes import own_mounts
from fakes.requirements import need_programs, need_root
from system import images
from system.machine import Machine

HEARD = "/var/lib/tts-daemon/heard.wav"
CONFIG = f'audio: {{device: "wav:{HEARD}"}}\n'
SETTINGS = "/etc/tts-daemon/config.yaml"


LIMIT_S = 1800
"""Of a test with what it builds; the machine's own patience ends sooner, and says why."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that builds and boots a machine has a time limit of its own."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.timeout(LIMIT_S))


@pytest.fixture(scope="session", autouse=True)
def _tools() -> None:
    need_root("scripts/test --system")
    need_programs(
        "mmdebstrap", "systemd-nspawn", "nsenter", "pgrep", install="scripts/test --system"
    )
    own_mounts.enter()


@contextmanager
def booted(place: Path) -> Iterator[Machine]:
    """A fresh machine with the checkout in /root/tts_daemon, and two people."""
    (place / "checkout").mkdir()
    images.copy_checkout(place / "checkout")
    binds = {images.wheels(): "/wheels", place / "checkout": "/checkout"}
    with images.writable(images.debian(), place) as root:
        machine = Machine(root, binds, place / "console.log")
        try:
            machine.power_on()
            machine.run("cp -r /checkout /root/tts_daemon")
            machine.put("/etc/pip.conf", "[global]\nno-index = true\nfind-links = /wheels\n")
            machine.run("useradd -m insider && useradd -m outsider")
            yield machine
        finally:
            machine.power_off()


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine without the service."""
    with booted(tmp_path_factory.mktemp("bare")) as machine:
        yield machine


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine on which scripts/install was run; `insider` may speak."""
    with booted(tmp_path_factory.mktemp("installed")) as machine:
        machine.run("/root/tts_daemon/scripts/install && usermod -aG tts insider")
        yield machine


@pytest.fixture
def service(installed: Machine) -> Machine:
    """The installed service as it is after an installation, running and with nothing to say."""
    configure(installed, CONFIG)
    return installed


def configure(machine: Machine, settings: str, unit: str = "") -> None:
    """Start the service with these settings and this drop-in, and an empty queue."""
    machine.run("systemctl stop tts-daemon.socket tts-daemon.service; rm -rf /var/lib/tts-daemon/*")
    machine.put(SETTINGS, settings)
    machine.put("/etc/systemd/system/tts-daemon.service.d/test.conf", unit)
    machine.run(
        "systemctl daemon-reload; systemctl reset-failed tts-daemon.service tts-daemon.socket;"
        "systemctl start tts-daemon.socket tts-daemon.service"
    )
