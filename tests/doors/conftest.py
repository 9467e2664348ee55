"""The rooms of these tests, and the image that is built in one of them."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from doors.containerfile import Image
from doors.ports import free_port
from doors.room import CACHE, CHECKOUT, PATH, PYTHON, Room, require_tools
from fakes import own_mounts
from fakes.log_pipe import PATIENCE_S, LogPipe

EXTRAS = ("http", "wyoming")


@pytest.fixture(scope="session")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Room]]:
    """Makes rooms, and gives them back at the end."""
    require_tools()
    own_mounts.enter()
    made: list[Room] = []

    def make(binds: dict[Path, str] | None = None) -> Room:
        made.append(Room(tmp_path_factory.mktemp("room"), binds or {}))
        return made[-1]

    yield make
    for room in made:
        room.close()


@pytest.fixture(scope="session")
def wheels() -> Path:
    """Every wheel that the image needs, so that it can be built where pip finds no index."""
    project = (CHECKOUT / "pyproject.toml").read_bytes()
    constraints = CHECKOUT / "constraints.txt"
    target = CACHE / f"wheels-{PYTHON}"
    stamp = target / hashlib.sha256(project + constraints.read_bytes()).hexdigest()[:16]
    if not stamp.exists():
        target.mkdir(parents=True, exist_ok=True)
        known = tomllib.loads(project.decode())["project"]
        optional = known["optional-dependencies"]
        wanted = [*known["dependencies"], *(line for name in EXTRAS for line in optional[name])]
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:"]
        download += [f"--python-version={PYTHON}", f"--constraint={constraints}", "-d", str(target)]
        download += ["pip", "setuptools"]
        subprocess.run([*download, *wanted], check=True)
        stamp.touch()
    return target


@pytest.fixture(scope="session")
def image(rooms: Callable[..., Room], wheels: Path) -> Image:
    """What the steps of Containerfile make."""
    variables = {"PATH": PATH, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/wheels"}
    made = Image(rooms({wheels: "/wheels"}), variables)
    made.build(CHECKOUT / "Containerfile")
    return made


@pytest.fixture(scope="session")
def ports() -> dict[str, int]:
    return {"http": free_port(), "wyoming": free_port()}


@pytest.fixture(scope="session")
def container(image: Image, ports: dict[str, int]) -> Iterator[subprocess.Popen[str]]:
    """What `podman run` would start, silent."""
    image.variables["TTS_DAEMON__AUDIO__DEVICE"] = "null"
    for name, port in ports.items():
        image.variables[f"TTS_DAEMON__{name.upper()}__PORT"] = str(port)
    process = subprocess.Popen(
        image.command(*image.words("ENTRYPOINT")),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    LogPipe(process).wait_for("ready after")
    yield process
    process.terminate()
    assert process.wait(PATIENCE_S) == 0
