"""The Unix socket: what is spoken, what is refused, and which clients harm nobody."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from fakes.fake_service import SAMPLE_RATE, FakeSpeechService, tone

from tts_daemon.client import SocketClient
from tts_daemon.domain import Event, EventType
from tts_daemon.errors import VoiceError
from tts_daemon.inputs import admission
from tts_daemon.inputs.admission import COMMAND_PLACES
from tts_daemon.inputs.socket.address import SocketAddress
from tts_daemon.inputs.socket.door import UnixSocketDoor
from tts_daemon.ports import Command
from tts_daemon.settings.schema import SocketSettings

OpenDoor = Callable[..., FakeSpeechService]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "tts.sock"


@pytest.fixture
def open_door(path: Path) -> Iterator[OpenDoor]:
    with contextlib.ExitStack() as stack:

        def open_one(
            service: FakeSpeechService | None = None, **settings: float
        ) -> FakeSpeechService:
            service = service or FakeSpeechService()
            known = SocketSettings(path=str(path), **settings)
            address = SocketAddress(known.path, known.group)
            stack.callback(address.release)
            listener = stack.enter_context(address.listen())
            door = UnixSocketDoor(service, listener, known)
            door.start()
            stack.callback(door.stop)
            return service

        yield open_one


def connect(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(20)
    connection.connect(str(path))
    return connection


def exchange(path: Path, payload: bytes) -> list[dict[str, object]]:
    """Send, end the input, read every reply."""
    with connect(path) as connection, connection.makefile("rb") as replies:
        connection.sendall(payload)
        connection.shutdown(socket.SHUT_WR)
        return [json.loads(line) for line in replies]


def test_plain_text_is_one_utterance(path: Path, open_door: OpenDoor) -> None:
    service = open_door()
    (reply,) = exchange(path, "你好，\n世界。\n".encode())
    assert service.texts == ["你好，\n世界。"]
    assert reply == {"ok": True, "id": service.accepted[0].id, "position": 0}
    assert service.accepted[0].source == "socket"


def test_json_is_one_request_a_line_and_one_reply_a_line(path: Path, open_door: OpenDoor) -> None:
    service = open_door()
    lines = [{"text": "一", "speed": 1.5}, {"op": "skip"}, {"text": ""}, {"text": "二", "id": "b"}]
    replies = exchange(path, "\n\n".join(map(json.dumps, lines)).encode())
    assert service.texts == ["一", "二"]
    assert service.accepted[0].overrides == {"speed": 1.5}
    assert service.commands == [Command.SKIP]
    assert [reply["ok"] for reply in replies] == [True, True, False, True]
    assert replies[2]["error"] == "invalid_request"
    assert replies[3]["id"] == "b"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"op": "sing"}, "op: 'sing' is none of say"),
        ({"op": 3}, "op: 3 is none of say"),
        ({"op": "volume"}, "volume: is missing"),
        ({"op": "volume", "volume": 101}, "volume: 101 is out of range"),
        ({"op": "preset", "preset": "hapy"}, "no preset is called 'hapy'"),
        ({"text": "x", "wait": "yes"}, "wait: 'yes' is not true or false"),
        ({"text": "x", "\ud800": 1}, "unknown field"),
        ({"text": "\ud800"}, "text: is empty"),
        ({"text": "……"}, "nothing to speak"),
    ],
)
def test_a_refusal_says_why_and_the_connection_lives_on(
    path: Path, open_door: OpenDoor, line: dict[str, object], message: str
) -> None:
    open_door()
    payload = f'{json.dumps(line)}\n{{"text": "好"}}\n'
    refused, accepted = exchange(path, payload.encode())
    assert message in str(refused["message"])
    assert accepted["ok"] is True


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"", "text: is empty"),
        (b" \n", "text: is empty"),
        ("！？".encode(), "nothing to speak"),
        (b"\x00\x01\x02", "text: is empty"),
        ("好".encode() * 10_001, "at most 10000"),
        (b"a" * 200_000, "message: longer than"),
        ("你好".encode()[:4], "not UTF-8 at byte 4"),
        (b"\xed\xa0\x80", "not UTF-8 at byte 1"),
        (b'{"text": "in mid-li', "not valid JSON"),
    ],
)
def test_a_bad_message_is_refused_and_not_spoken(
    path: Path, open_door: OpenDoor, payload: bytes, message: str
) -> None:
    service = open_door()
    (reply,) = exchange(path, payload)
    assert reply["ok"] is False
    assert message in str(reply["message"])
    assert service.texts == []


def test_ten_thousand_characters_are_accepted(path: Path, open_door: OpenDoor) -> None:
    service = open_door()
    exchange(path, "好".encode() * 10_000)
    exchange(path, (json.dumps({"text": "😀好" * 5_000}) + "\n").encode())
    assert [len(text) for text in service.texts] == [10_000, 10_000]


def test_settings_are_changed_and_shown(path: Path, open_door: OpenDoor) -> None:
    open_door()
    with SocketClient([path]) as client:
        assert client.ask(op="volume", volume=30)["volume"] == 30
        assert client.ask(op="speed", speed=1.5)["speed"] == 1.5
        assert client.ask(op="preset", preset="happy")["preset"] == "happy"
        status = client.ask(op="status")
    assert (status["ok"], status["state"], status["volume"]) == (True, "idle", 30)


def test_wait_replies_when_the_utterance_has_ended(path: Path, open_door: OpenDoor) -> None:
    service = open_door(FakeSpeechService(finishes=False))
    replies: list[dict[str, object]] = []
    payload = b'{"text": "a", "id": "mine", "wait": true}\n'
    client = threading.Thread(target=lambda: replies.extend(exchange(path, payload)))
    client.start()
    assert service.submitted.wait(20)
    service.emit(Event(EventType.FINISHED, "somebody else's"))
    service.emit(Event(EventType.STARTED, "mine"))
    assert replies == []
    service.emit(Event(EventType.CANCELLED, "mine", reason="stop"))
    client.join(20)
    (reply,) = replies
    assert (reply["id"], reply["event_type"], reply["reason"]) == ("mine", "cancelled", "stop")


def test_waiting_for_a_redelivered_id_replies_at_once(path: Path, open_door: OpenDoor) -> None:
    open_door()
    payload = b'{"text": "a", "id": "x", "wait": true}\n'
    first, second = exchange(path, payload * 2)
    assert first["event_type"] == "finished"
    assert (second["ok"], second["position"]) == (True, -1)
    assert (second["event_type"], bool(second["reason"])) == ("duplicate", True)


def test_a_client_that_dies_while_waiting_gives_its_place_back(
    path: Path, open_door: OpenDoor
) -> None:
    service = open_door(FakeSpeechService(finishes=False), connections=1)
    with connect(path) as connection:
        connection.sendall(b'{"text": "a", "wait": true}\n')
        assert service.submitted.wait(20)
    assert ask_until_admitted(path)["ok"] is True


def ask_until_admitted(path: Path) -> dict[str, object]:
    """The server notices a dead client in its own time."""
    deadline_s = time.monotonic() + 60
    while time.monotonic() < deadline_s:
        with SocketClient([path]) as client:
            reply = client.ask(op="status")
        if reply.get("error") != "queue_full":
            return reply
        time.sleep(0.01)
    pytest.fail(f"the place of the client that has gone is not given on: {reply}")


def test_sound_is_streamed_block_by_block(path: Path, open_door: OpenDoor) -> None:
    service = open_door()
    service.chunks = [tone(0.1), tone(0.2, level=0.25)]
    with SocketClient([path]) as client:
        head, *blocks, tail = client.render(text="你好")
        assert client.ask(op="status")["ok"] is True
    assert head["sample_rate"] == SAMPLE_RATE
    assert (head["format"], head["channels"]) == ("s16le", 1)
    levels = [int(np.frombuffer(block, "<i2").max()) for block in blocks]
    assert [len(block) for block in blocks] == [3200, 6400]
    assert levels == [16384, 8192]
    assert (tail["event_type"], tail["audio_ms"]) == ("finished", 300.0)
    assert 0 <= tail["real_time_factor"] < 1


def test_a_synthesis_that_fails_in_the_middle_says_so(path: Path, open_door: OpenDoor) -> None:
    service = open_door()
    service.chunks = [tone(0.1), VoiceError("graph is damaged")]
    with SocketClient([path]) as client:
        *_, tail = client.render(text="你好")
    assert tail == {"ok": False, "error": "voice", "message": "graph is damaged"}


def test_a_listener_that_goes_away_ends_the_synthesis(path: Path, open_door: OpenDoor) -> None:
    service = open_door()
    service.chunks = [tone(1.0)] * 1000
    with connect(path) as connection:
        connection.sendall(b'{"op": "render", "text": "x"}\n')
        connection.recv(10)
    assert service.render_closed.wait(20)


def test_a_client_that_hangs_is_let_go_and_others_are_served_meanwhile(
    path: Path, open_door: OpenDoor
) -> None:
    service = open_door(timeout_s=0.3)
    with connect(path) as silent, connect(path) as half:
        half.sendall(b'{"text": "x')
        assert exchange(path, "好".encode())[0]["ok"] is True
        refusal = json.loads(half.makefile("rb").readline())
        assert "its end did not come within 0.3 s" in refusal["message"]
        assert silent.makefile("rb").read().count(b"\n") == 1
    assert service.texts == ["好"]


def test_a_client_that_trickles_has_no_more_time_than_others(
    path: Path, open_door: OpenDoor
) -> None:
    open_door(timeout_s=0.3)
    refusal = threading.Event()
    with connect(path) as connection:

        def trickle() -> None:
            with contextlib.suppress(OSError):
                while not refusal.wait(0.02):
                    connection.sendall("好".encode())

        sender = threading.Thread(target=trickle)
        sender.start()
        reply = json.loads(connection.makefile("rb").readline())
        refusal.set()
        sender.join()
    assert "did not come within" in reply["message"]


def test_a_client_that_dies_in_mid_line_is_harmless(path: Path, open_door: OpenDoor) -> None:
    service = open_door()
    with connect(path) as connection:
        # An abortive close: no orderly end of input, no reading of the reply.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sendall(b'{"text": "half a')
    assert exchange(path, "好".encode())[0]["ok"] is True
    assert service.texts == ["好"]


@pytest.fixture
def waiting(path: Path, open_door: OpenDoor) -> Iterator[FakeSpeechService]:
    """A door of two places, both of which are taken by clients that wait for their sound."""
    service = open_door(FakeSpeechService(finishes=False), connections=2)
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            client = stack.enter_context(connect(path))
            client.sendall(b'{"text": "a", "wait": true}\n')
            assert service.submitted.wait(20)
            service.submitted.clear()
        yield service


@pytest.mark.parametrize("sent", [b"a", b'{"text": "a"}', b'{"op": "render", "text": "a"}'])
def test_one_client_too_many_is_told_so(
    path: Path, waiting: FakeSpeechService, sent: bytes
) -> None:
    (reply,) = exchange(path, sent)
    assert (reply["ok"], reply["error"]) == (False, "queue_full")
    assert "socket.connections" in str(reply["message"])


def test_commands_have_places_of_their_own(path: Path, waiting: FakeSpeechService) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(COMMAND_PLACES):
            client = stack.enter_context(SocketClient([path]))
            assert client.ask(op="stop")["ok"] is True
        with SocketClient([path]) as client:
            assert client.ask(op="stop")["error"] == "queue_full"
    assert waiting.commands == [Command.STOP] * COMMAND_PLACES


@pytest.mark.parametrize("sent", [b"", b"half a tex", b'{"op": "status"}\n'])
def test_an_idle_client_gives_way_to_a_new_one(
    path: Path, open_door: OpenDoor, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(admission, "GIVES_WAY_AFTER_S", 0.0)
    service = open_door(connections=1)
    with connect(path) as idle:
        idle.sendall(sent)
        if sent.endswith(b"\n"):
            assert idle.recv(65536)
        # It comes when the first has its place, since they come in order.
        assert exchange(path, b"a")[0]["ok"] is True
        with idle.makefile("rb") as replies:
            assert json.loads(replies.readline())["error"] == "queue_full"
    assert service.texts == ["a"]


def test_stopping_hangs_up_and_leaves_the_listener_to_its_owner(path: Path) -> None:
    address = SocketAddress(str(path), "tts")
    with address.listen() as listener:
        door = UnixSocketDoor(FakeSpeechService(), listener, SocketSettings())
        door.start()
        with connect(path) as client:
            client.sendall(b'{"op": "status"}\n')
            assert client.recv(1) == b"{"
            door.stop()
            while client.recv(65536):
                pass
        with connect(path):
            pass
    address.release()


def stream(path: Path, service: FakeSpeechService, pieces: list[bytes]) -> list[dict[str, object]]:
    """Open a stream, send pieces, read every reply."""
    with connect(path) as connection, connection.makefile("rb") as replies:
        connection.sendall(b'{"op": "stream", "id": "a", "preset": "happy"}\n')
        first = json.loads(replies.readline())
        for piece in pieces:
            connection.sendall(piece)
        connection.shutdown(socket.SHUT_WR)
        return [first, *(json.loads(line) for line in replies)]


def test_a_text_is_passed_on_while_it_is_written(path: Path, open_door: OpenDoor) -> None:
    service = open_door()
    whole = "你好。再见".encode()
    replies = stream(path, service, [whole[at : at + 1] for at in range(len(whole))])
    assert replies == [{"ok": True, "id": "a", "position": 0}, {"ok": True, "id": "a"}]
    assert (service.texts, service.accepted[0].preset) == (["你好。再见"], "happy")
    assert service.streams[0].warnings == []


def test_a_stream_that_is_no_text_is_spoken_as_far_as_it_is(
    path: Path, open_door: OpenDoor
) -> None:
    service = open_door()
    _, reply = stream(path, service, ["你好".encode(), b"\xff"])
    assert (reply["error"], service.texts) == ("invalid_request", ["你好"])


def test_a_stream_of_an_old_id_is_told_so(path: Path, open_door: OpenDoor) -> None:
    open_door()
    exchange(path, b'{"text": "a", "id": "a"}')
    with connect(path) as connection, connection.makefile("rb") as replies:
        connection.sendall(b'{"op": "stream", "id": "a"}\n')
        reply = json.loads(replies.readline())
        assert replies.readline() == b""
    assert (reply["position"], reply["event_type"]) == (-1, "duplicate")


def test_a_stream_with_a_wrong_field_is_refused(path: Path, open_door: OpenDoor) -> None:
    open_door()
    (reply,) = exchange(path, b'{"op": "stream", "text": "a"}\n')
    assert "text: unknown field" in str(reply["message"])
