"""The Debian package: built, judged by lintian, installed, upgraded and purged."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from system import images
from system.conftest import CONFIG, SETTINGS
from system.machine import Machine


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built on this machine; lintian's errors make building fail."""
    place = tmp_path_factory.mktemp("package")
    command = [images.CHECKOUT / "scripts/build-deb", "--output", place]
    subprocess.run([*command, "--python", images.PYTHONS[images.SUITE]], check=True)
    (built,) = place.glob("*.deb")
    return built


@pytest.fixture(scope="module")
def packaged(bare: Machine, package: Path) -> Iterator[Machine]:
    """A machine on which the package was installed."""
    shutil.copy(package, bare.root / "root/tts-daemon.deb")
    bare.run("apt-get install --yes --no-install-recommends /root/tts-daemon.deb")
    bare.run("usermod -aG tts insider")
    return bare


def test_the_service_of_the_package_speaks(packaged: Machine) -> None:
    packaged.wait_until("systemctl is-active tts-daemon.service")
    packaged.run("tts-say --wait --id packaged 你好", user="insider")
    (entry,) = packaged.journal("UTTERANCE_ID=packaged", "EVENT=finished")
    assert float(entry["FIRST_AUDIO_MS"]) > 0


def test_every_command_starts(packaged: Machine) -> None:
    for name in ("daemon", "say", "voices", "quantize", "frontend", "bench", "doctor"):
        packaged.run(f"tts-{name} --help")


def test_installing_again_keeps_changed_settings(packaged: Machine) -> None:
    packaged.put(SETTINGS, CONFIG)
    before = packaged.main_pid()
    packaged.run("dpkg --install /root/tts-daemon.deb")
    assert packaged.run(f"cat {SETTINGS}").stdout == CONFIG
    assert packaged.main_pid() not in (0, before)


def test_the_other_way_is_refused_beside_it(packaged: Machine) -> None:
    result = packaged.run("/root/tts_daemon/scripts/install", check=False)
    assert result.returncode != 0
    assert "apt remove tts-daemon" in result.stderr


def test_purging_leaves_no_file(packaged: Machine) -> None:
    packaged.run("apt-get purge --yes tts-daemon")
    places = "/etc /usr /var/lib /run/tts-daemon"
    left = packaged.run(f"find {places} -xdev -name '*tts[-_]daemon*'", check=False)
    assert left.stdout == ""
