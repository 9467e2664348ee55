"""Who is let in, and what a client that does not behave can do."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest
from fakes.fake_service import FakeSpeechService, tone
from fakes.http_client import HttpClient

from tts_daemon.inputs.http import idle_eviction
from tts_daemon.ports import Command

Opened = Callable[..., HttpClient]
HEAD = b"POST /api/tts HTTP/1.1\r\nHost: localhost\r\n"


def test_without_the_token_nothing_is_told_or_done(
    service: FakeSpeechService, opened: Opened
) -> None:
    client = opened(token="secret")
    for header in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic secret"}):
        answer = client.post("/api/say", "好", **header)
        assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert client.get("/metrics", **header).status == 401
    assert not service.accepted
    assert client.post("/api/say", "好", Authorization="Bearer secret").status == 200
    assert client.get("/").status == client.get("/healthz").status == 200


@pytest.mark.parametrize(
    "host", ["localhost:5000", "127.0.0.1", "[::1]:80", "192.168.1.7", socket.gethostname()]
)
def test_our_own_names_are_known(client: HttpClient, host: str) -> None:
    assert client.get("/api/status", Host=host).status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "", "[", "a@localhost.b"]
)
def test_a_name_that_was_bound_to_our_address_is_refused(client: HttpClient, host: str) -> None:
    assert client.get("/api/status", Host=host).status == 421


@pytest.mark.parametrize("encoding", ["deflate", "gzip"])
def test_a_body_that_is_not_what_it_says_is_refused(
    client: HttpClient, service: FakeSpeechService, encoding: str
) -> None:
    answer = client.post("/api/say", b"no such thing", **{"Content-Encoding": encoding})
    assert (answer.status, answer.json["error"]) == (400, "invalid_request")
    assert service.refused == 1


def test_a_body_that_is_too_large_is_refused_as_a_text_is(client: HttpClient) -> None:
    for body in ("好" * 101, "好" * 100_000):
        answer = client.post("/api/say", body)
        assert (answer.status, answer.json["error"]) == (413, "too_long")


def test_further_names_can_be_configured(opened: Opened) -> None:
    assert opened(names=("tts.lan",)).get("/api/status", Host="tts.lan:5000").status == 200


def test_a_proxy_that_examines_for_us_is_not_examined(opened: Opened) -> None:
    foreign = {"Host": "home.example", "Origin": "https://home.example"}
    client = opened(token="secret", proxies=("127.0.0.1",))
    answer = client.get("/api/status", **foreign)
    assert answer.status == 200
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    other = opened(token="secret", proxies=("192.0.2.1",))
    assert other.get("/api/status", **foreign).status == 421
    assert other.get("/api/status").status == 401
    assert "frame-ancestors 'none'" in other.get("/").headers["content-security-policy"]


def test_pages_of_others_may_not_ask(service: FakeSpeechService, opened: Opened) -> None:
    client = opened(origins=("http://panel.lan",))
    assert client.post("/api/say", "好", Origin="http://evil.example").status == 403
    assert client.post("/api/say", "好", Origin="null").status == 403
    assert client.post("/api/say", "好", Origin="http://[").status == 403
    assert not service.accepted
    own = client.post("/api/say", "好", Host="localhost:5000", Origin="http://localhost:5000")
    assert own.status == 200
    assert "access-control-allow-origin" not in own.headers
    friend = client.post("/api/say", "好", Origin="http://panel.lan")
    assert friend.headers["access-control-allow-origin"] == "http://panel.lan"
    preflight = client.ask("OPTIONS", "/api/say", headers={"Origin": "http://panel.lan"})
    assert preflight.status == 204
    assert "Authorization" in preflight.headers["access-control-allow-headers"]


def test_a_client_that_hangs_up_ends_its_synthesis(
    service: FakeSpeechService, client: HttpClient
) -> None:
    service.chunks = [tone(0.5)] * 100000
    with client.connect(HEAD + b"Content-Length: 3\r\n\r\n" + "好".encode()) as wire:
        wire.recv(1000)
    assert service.render_closed.wait(30)
    assert client.get("/api/status").status == 200


def test_a_client_that_takes_nothing_is_let_go(service: FakeSpeechService, opened: Opened) -> None:
    client = opened(timeout_s=0.1)
    service.chunks = [tone(10)] * 1000
    with client.connect(HEAD + b"Content-Length: 3\r\n\r\n" + "好".encode()):
        assert service.render_closed.wait(30)


@pytest.mark.parametrize(
    "sent", [b"", b"POST /api/tts HT", HEAD, HEAD + b"Content-Length: 30\r\n\r\n{"]
)
def test_a_request_that_never_ends_is_ended(opened: Opened, sent: bytes) -> None:
    client = opened(timeout_s=0.1)
    with client.connect(sent) as wire:
        heard = b"".join(iter(lambda: wire.recv(1000), b""))
    assert not heard or b"408" in heard


def test_what_is_no_http_is_refused_without_a_page_in_the_log(
    client: HttpClient, caplog: pytest.LogCaptureFixture
) -> None:
    with client.connect(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: \x00\r\n\r\n") as wire:
        assert b" 400 " in wire.recv(1000)
    assert client.get("/healthz").status == 200
    assert not caplog.records


def test_one_connection_too_many_may_only_command(
    service: FakeSpeechService, opened: Opened
) -> None:
    client = opened(connections=1)
    with client.connect(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n") as first:
        assert b"200 OK" in first.recv(1000)
        refused = client.post("/api/tts", "好")
        assert (refused.status, "http.connections" in refused.json["message"]) == (503, True)
        assert client.post("/api/command", {"command": "stop"}).status == 200
    assert service.commands == [Command.STOP]


def test_kept_connections_give_way(
    service: FakeSpeechService, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idle_eviction, "GIVES_WAY_AFTER_S", 0.0)
    service.chunks = [tone(0.1)]
    client = opened(connections=2)
    kept = [client.connect(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n") for _ in range(2)]
    try:
        for wire in kept:
            assert b"200 OK" in wire.recv(1000)
        for _ in range(3):
            assert client.post("/api/tts", "好").status == 200
    finally:
        for wire in kept:
            wire.close()


@pytest.mark.parametrize("sent", [b"", b"POST /api/tts HT", HEAD + b"Content-Length: 30\r\n\r\n{"])
def test_clients_that_say_nothing_give_way(
    service: FakeSpeechService, opened: Opened, sent: bytes
) -> None:
    service.chunks = [tone(0.1)]
    client = opened(connections=4)
    silent = [client.connect(sent) for _ in range(20)]
    try:
        for _ in range(5):
            assert client.post("/api/tts", "好").status == 200
    finally:
        for wire in silent:
            wire.close()


def test_too_many_waiting_texts_are_refused(service: FakeSpeechService, opened: Opened) -> None:
    client = opened(waiting=0)
    service.chunks = [tone(10)] * 1000
    held = [client.connect(HEAD + b"Content-Length: 3\r\n\r\n" + "好".encode()) for _ in range(4)]
    try:
        for wire in held:
            assert b"200 OK" in wire.recv(1000)
        answer = client.post("/api/tts", "好")
    finally:
        for wire in held:
            wire.close()
    assert (answer.status, answer.json["error"]) == (429, "queue_full")
