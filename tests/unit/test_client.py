"""Where a client looks for the daemon."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tts_daemon.client import SocketClient, candidates
from tts_daemon.errors import ConnectionRefusedByDaemonError
from tts_daemon.settings import places


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "SYSTEM_SOCKET", tmp_path / "system.sock")
    monkeypatch.setattr(places, "SYSTEM_CONFIG", tmp_path / "config.yaml")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("TTS_DAEMON__SOCKET__PATH", raising=False)


def test_the_system_comes_first_then_the_user(tmp_path: Path) -> None:
    assert list(candidates()) == [tmp_path / "system.sock", tmp_path / "tts-daemon" / "tts.sock"]


def test_a_configured_path_is_found(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("socket: {path: /srv/tts.sock}\n", encoding="utf-8")
    assert list(candidates())[-1] == Path("/srv/tts.sock")


def test_a_broken_configuration_is_the_daemons_business(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("socket: {pth: x}\n", encoding="utf-8")
    assert len(list(candidates())) == 2


def test_a_named_socket_is_the_only_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTS_DAEMON__SOCKET__PATH", "/from/variable")
    assert list(candidates()) == [Path("/from/variable")]
    assert list(candidates("/from/option")) == [Path("/from/option")]


def test_every_socket_that_was_tried_is_named_with_the_reason(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(tmp_path / "stale"))
    with pytest.raises(ConnectionRefusedByDaemonError) as caught:
        SocketClient([tmp_path / "none", tmp_path / "stale"])
    assert f"{tmp_path}/none: No such file" in str(caught.value)
    assert f"{tmp_path}/stale: Connection refused" in str(caught.value)


def test_a_daemon_that_stops_in_the_middle_is_told(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        with SocketClient([tmp_path / "s"]) as client:
            connection, _ = listener.accept()
            connection.sendall(b'{"ok": tr')
            connection.close()
            with pytest.raises(ConnectionRefusedByDaemonError, match="stopped before it answered"):
                client.ask(op="status")
