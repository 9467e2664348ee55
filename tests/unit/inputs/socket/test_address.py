"""One daemon at a time serves a path, and nothing that is not its own is removed."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tts_daemon.client import SocketClient
from tts_daemon.errors import ConnectionRefusedByDaemonError, SettingsError
from tts_daemon.inputs.socket.address import SocketAddress


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "tts.sock"


@pytest.fixture
def address(path: Path) -> Iterator[SocketAddress]:
    address = SocketAddress(str(path), "no-such-group")
    yield address
    address.release()


def answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


def test_it_is_for_its_owner_and_group(path: Path, address: SocketAddress) -> None:
    with address.listen():
        assert stat.S_IMODE(path.stat().st_mode) == 0o660


def test_the_path_is_given_back(path: Path, address: SocketAddress) -> None:
    with address.listen():
        assert answers(path)
    address.release()
    assert not path.exists()
    with pytest.raises(ConnectionRefusedByDaemonError, match=r"no daemon answers.*scripts/run"):
        SocketClient([path])


def test_the_socket_of_a_successor_is_left_alone(path: Path, address: SocketAddress) -> None:
    with address.listen(), socket.socket(socket.AF_UNIX) as successor:
        path.unlink()
        successor.bind(str(path))
        address.release()
        assert path.exists()


def test_a_stale_socket_is_replaced(path: Path, address: SocketAddress) -> None:
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    assert not answers(path)
    with address.listen():
        assert answers(path)


def test_a_second_daemon_is_refused_and_the_first_goes_on(
    path: Path, address: SocketAddress
) -> None:
    with address.listen():
        second = SocketAddress(str(path), "tts")
        with pytest.raises(SettingsError, match=rf"another tts-daemon \(process {os.getpid()}\)"):
            second.listen()
        assert answers(path)


def test_a_foreign_listener_is_left_alone(path: Path, address: SocketAddress) -> None:
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as foreign:
        foreign.bind(str(path))
        foreign.listen()
        with pytest.raises(SettingsError, match="another program listens"):
            address.listen()
        assert path.exists()


def test_a_file_in_the_way_is_not_removed(path: Path, address: SocketAddress) -> None:
    path.parent.mkdir()
    path.write_text("precious", encoding="utf-8")
    with pytest.raises(SettingsError, match="is no socket"):
        address.listen()
    assert path.read_text(encoding="utf-8") == "precious"


def test_a_path_beyond_the_kernels_limit_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="longer than 107 bytes"):
        SocketAddress(str(tmp_path / ("x" * 120)), "tts").listen()


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"socket\.path: .*file/tts\.sock cannot be served"):
        SocketAddress(str(tmp_path / "file" / "tts.sock"), "tts").listen()
