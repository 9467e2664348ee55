"""What the routes answer to well-behaved and to mistaken clients."""

from __future__ import annotations

import io
import json
import socket
import threading
import wave
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path

import pytest
from fakes.fake_service import FakeSpeechService, tone
from fakes.http_client import HttpClient

from tts_daemon.domain import AudioChunk, Event, EventType, SpeakRequest
from tts_daemon.errors import (
    AudioUnavailableError,
    InvalidRequestError,
    NotReadyError,
    QueueFullError,
    TtsError,
    UnknownVoiceError,
    VoiceError,
)
from tts_daemon.inputs.http.desk import Desk
from tts_daemon.ports import Command, SoFar
from tts_daemon.text.corrections import Corrections

Opened = Callable[..., HttpClient]


def received(wire: socket.socket) -> bytes:
    """More from the door; fails where it has closed the connection."""
    more = wire.recv(65536)
    assert more, "it closed the connection"
    return more


def samples(wav: bytes) -> int:
    with wave.open(io.BytesIO(wav)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (16000, 1, 2)
        return len(sound.readframes(1 << 30)) // 2


def test_speech_comes_as_a_chunked_wav(service: FakeSpeechService, client: HttpClient) -> None:
    service.chunks = [tone(0.1), tone(0.2)]
    body = {"text": "你好", "preset": "happy", "speed": 1.5, "id": "a1"}
    answer = client.post("/api/tts", body)
    assert (answer.status, answer.headers["content-type"]) == (200, "audio/wav")
    assert answer.headers["transfer-encoding"] == "chunked"
    assert answer.headers["x-request-id"] == "a1"
    assert samples(answer.body) == 4800
    request = service.accepted[0]
    assert (request.text, request.preset, request.source) == ("你好", "happy", "http")
    assert request.overrides == {"speed": 1.5}


def test_the_whole_wav_knows_its_length(service: FakeSpeechService, client: HttpClient) -> None:
    service.chunks = [tone(0.1), tone(0.2)]
    for path, body in (
        ("/api/tts?stream=false", "你好"),
        ("/api/tts", {"text": "好", "stream": False}),
    ):
        answer = client.post(path, body)
        with wave.open(io.BytesIO(answer.body)) as sound:
            assert sound.getnframes() == 4800
        assert int(answer.headers["content-length"]) == len(answer.body)


def test_the_first_bytes_come_before_the_last_are_made(
    service: FakeSpeechService, client: HttpClient
) -> None:
    go_on = threading.Event()

    def slowly(request: SpeakRequest, _: SoFar | None) -> Iterator[AudioChunk]:
        yield tone(0.1)
        assert go_on.wait(30)
        yield tone(0.1)

    service.render = slowly  # type: ignore[method-assign]
    with client.connect(
        b"POST /api/tts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n" + "好".encode()
    ) as wire:
        early = b""
        while b"data" not in early:
            early += received(wire)
        assert b"200 OK" in early
        go_on.set()
        rest = early
        while not rest.endswith(b"0\r\n\r\n"):
            rest += received(wire)
    assert len(rest) > 6400


def test_an_old_client_gets_speech_until_the_connection_ends(
    service: FakeSpeechService, client: HttpClient
) -> None:
    service.chunks = [tone(0.1)]
    with client.connect(
        b"POST /api/tts HTTP/1.0\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n" + "好".encode()
    ) as wire:
        answer = b"".join(iter(lambda: wire.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"chunked" not in head
    assert samples(body) == 1600


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("", "text: is empty"),
        ({}, "text: is empty"),
        ({"text": "  "}, "text: is empty"),
        ({"text": "。。"}, "text: holds nothing to speak"),
        ({"text": 5}, "text: 5 is not text"),
        ({"text": "好", "speed": 9}, "speed: "),
        ({"text": "好", "sped": 1}, "did you mean 'speed'?"),
        ({"text": "好", "stream": "maybe"}, "stream: "),
        ('{"text": "好"', "not valid JSON"),
        (b"\xff\xfe", "text: not UTF-8"),
    ],
)
def test_a_bad_request_is_told_which_field(client: HttpClient, body: object, told: str) -> None:
    answer = client.post("/api/tts", body)
    assert (answer.status, answer.json["error"]) == (400, "invalid_request")
    assert told in answer.json["message"]


def test_a_json_request_must_be_an_object(client: HttpClient) -> None:
    answer = client.post("/api/tts", "[1]", **{"Content-Type": "application/json"})
    assert (answer.status, answer.json["message"]) == (400, "not a JSON object")


def test_too_long_is_413(client: HttpClient) -> None:
    assert client.post("/api/tts", "好" * 101).json["error"] == "too_long"
    assert client.post("/api/say", "好" * 101).status == 413
    assert client.post("/v1/audio/speech", {"input": "好" * 101}).status == 413
    huge = client.post("/api/tts", b"x" * 10000)
    assert (huge.status, huge.json["ok"]) == (413, False)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (QueueFullError("full"), 429),
        (NotReadyError("starting"), 503),
        (AudioUnavailableError("no card"), 503),
        (InvalidRequestError("emotion: unknown"), 400),
        (UnknownVoiceError("no such voice"), 400),
        (VoiceError("damaged"), 500),
    ],
)
def test_each_error_has_its_status(
    service: FakeSpeechService, client: HttpClient, error: TtsError, status: int
) -> None:
    service.chunks = [error]
    answer = client.post("/api/tts", "好")
    assert (answer.status, answer.json["error"]) == (status, error.code)
    assert ("retry-after" in answer.headers) == (status in (429, 503))
    openai = client.post("/v1/audio/speech", {"input": "好"})
    assert (openai.status, openai.json["error"]["code"]) == (status, error.code)


def test_a_full_queue_is_429(service: FakeSpeechService, client: HttpClient) -> None:
    service.limit = 0
    answer = client.post("/api/say", "好")
    assert (answer.status, answer.json["error"]) == (429, "queue_full")
    assert int(answer.headers["retry-after"]) > 0


def test_a_failure_in_the_middle_breaks_the_connection(
    service: FakeSpeechService, client: HttpClient
) -> None:
    service.chunks = [tone(0.1), VoiceError("damaged")]
    with client.connect(
        b"POST /api/tts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n" + "好".encode()
    ) as wire:
        heard = b""
        try:
            while piece := wire.recv(65536):
                heard += piece
        except ConnectionResetError:
            pass
    assert not heard.endswith(b"0\r\n\r\n")


def test_say_speaks_on_the_device(service: FakeSpeechService, client: HttpClient) -> None:
    answer = client.post("/api/say", {"text": "你好", "id": "a1", "emotion": "happy"})
    assert answer.json == {"ok": True, "id": "a1", "position": 0}
    assert service.accepted[0].overrides == {"emotion": "happy"}
    ended = client.post("/api/say", {"text": "你好", "wait": True}).json
    assert (ended["event_type"], ended["first_audio_ms"]) == ("finished", 12.5)


def test_rhasspy_speaks_on_the_device_or_answers_with_sound(
    service: FakeSpeechService, client: HttpClient
) -> None:
    service.chunks = [tone(0.1)]
    assert client.post("/api/text-to-speech", "水开了").body.decode() == "水开了"
    assert service.texts == ["水开了"]
    assert samples(client.post("/api/text-to-speech?play=false", "好").body) == 1600
    client.post("/api/text-to-speech?repeat=true", "")
    assert service.commands == [Command.REPEAT]


def test_compressed_speech_leaves_before_the_last_is_made(
    service: FakeSpeechService, client: HttpClient
) -> None:
    go_on = threading.Event()

    def slowly(request: SpeakRequest, _: SoFar | None) -> Iterator[AudioChunk]:
        yield tone(3)
        assert go_on.wait(30)
        yield tone(0.1)

    service.render = slowly  # type: ignore[method-assign]
    body = json.dumps({"input": "好", "response_format": "mp3"}).encode()
    head = f"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}"
    with client.connect(head.encode() + b"\r\n\r\n" + body) as wire:
        early = b""
        while len(early) < 10000:
            early += received(wire)
        go_on.set()
        while not early.endswith(b"0\r\n\r\n"):
            early += received(wire)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("response_format", "amr"),
        ("response_format", ["wav"]),
        ("voice", "nobody"),
        ("speed", 5),
        ("input", ""),
        ("stream_format", "xml"),
    ],
)
def test_openai_errors_name_the_field(client: HttpClient, field: str, value: object) -> None:
    answer = client.post("/v1/audio/speech", {"input": "好", field: value})
    error = answer.json["error"]
    assert (answer.status, error["param"]) == (400, field)
    assert error["type"] == "invalid_request_error"


def test_commands_and_settings(service: FakeSpeechService, client: HttpClient) -> None:
    assert client.post("/api/command", {"command": "stop"}).json["state"] == "idle"
    assert service.commands == [Command.STOP]
    assert client.post("/api/command", {"command": "dance"}).status == 400
    set_ = client.post("/api/settings", {"volume": 35, "speed": 1.5, "preset": "happy"}).json
    assert (set_["volume"], set_["speed"], set_["preset"]) == (35, 1.5, "happy")
    for wrong in ({}, {"volume": 101}, {"colour": 1}, {"preset": "nobody"}):
        assert client.post("/api/settings", wrong).status == 400


def test_what_there_is(client: HttpClient) -> None:
    assert client.get("/api/presets").json == {
        "presets": ["neutral", "happy"],
        "preset": "neutral",
        "chimes": ["ding"],
    }
    assert client.get("/api/status").json["state"] == "idle"
    assert client.get("/healthz").status == client.get("/readyz").status == 200
    # The fake names a voice that is not installed.
    assert client.get("/api/voices").json == {"voices": []}


def test_a_text_is_read_word_by_word(client: HttpClient) -> None:
    reading = client.post("/api/reading", "好").json
    assert reading["sentences"][0]["words"] == [
        {"word": "重庆", "pinyin": ["chong2", "qing4"], "break": 1},
        {"word": "WiFi玩儿", "pinyin": ["WIFI", "wanr2"], "break": 4},
    ]
    assert client.post("/api/reading", {}).status == 400


def test_events_tell_the_state_and_then_what_happens(
    service: FakeSpeechService, client: HttpClient
) -> None:
    with client.connect(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n") as wire:
        heard = b""
        while b"event: state" not in heard:
            heard += received(wire)
        service.emit(Event(EventType.FINISHED, "a1", audio_ms=5.0))
        while b'"audio_ms": 5.0' not in heard:
            heard += received(wire)
    assert b"event: utterance" in heard


def test_metrics_count_answers(client: HttpClient) -> None:
    client.get("/api/status")
    client.get("/no/such/path")
    lines = client.get("/metrics").body.decode().splitlines()
    assert 'tts_http_requests_total{route="/api/status",status="200"} 1' in lines
    assert 'tts_http_requests_total{route="other",status="404"} 1' in lines
    assert 'tts_state{state="idle"} 1' in lines
    assert 'tts_utterances_total{end="finished"} 0' in lines


def test_the_files_of_the_page_are_served(client: HttpClient) -> None:
    for path in ("/", "/page.js", "/shared/style.css", "/manifest.webmanifest"):
        answer = client.get(path)
        assert answer.status == 200
        assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert resources.files("tts_daemon.inputs.http").joinpath("web/index.html").is_file()
    json.loads(client.get("/api/openapi.json").body)


def test_errors_are_in_the_language_that_is_asked_for(client: HttpClient) -> None:
    for language, message in (("zh-CN,zh;q=0.9", "text：没有内容"), ("de", "text: is empty")):
        refused = client.post("/api/say", {"text": ""}, **{"Accept-Language": language})
        assert refused.json["error"] == "invalid_request"
        assert refused.json["message"] == message
    refused = client.post("/v1/audio/speech", {"input": ""}, **{"Accept-Language": "zh"})
    assert refused.json["error"]["param"] == "input"


def test_a_history_tells_what_every_door_said_unless_that_is_switched_off(
    opened: Callable[..., HttpClient], service: FakeSpeechService
) -> None:
    open_door, private_door = opened(), opened(show_texts=False)
    for number in range(60):
        service.emit(Event(EventType.QUEUED, f"u{number}", source="mqtt", text="水开了"))
    service.emit(Event(EventType.FAILED, "u59", reason="poison", source="mqtt", text="水开了"))
    told = open_door.get("/api/history").json["utterances"]
    assert len(told) == 50
    assert (told[0]["id"], told[0]["event_type"], told[0]["text"]) == ("u59", "failed", "水开了")
    assert "水开了" not in private_door.get("/api/history").body.decode()


def test_only_who_is_known_may_change_the_lexicon(
    opened: Callable[..., HttpClient], tmp_path: Path
) -> None:
    desk = Desk(Corrections(tmp_path / "lexicon.yaml"))
    entry = {"word": "单县", "reading": "shan4 xian4"}
    assert opened(desk=desk).post("/api/lexicon", entry).status == 403
    known = opened(desk=desk, token="secret")
    assert known.post("/api/lexicon", entry).status == 401
    bearer = {"Authorization": "Bearer secret"}
    assert known.post("/api/lexicon", entry, **bearer).json["previous"] is None
    assert known.get("/api/lexicon", **bearer).json == {"can_save": True, "entries": [entry]}
    undone = known.post("/api/lexicon", entry | {"reading": None}, **bearer)
    assert undone.json["previous"] == "shan4 xian4"
    assert known.post("/api/lexicon", entry | {"reading": "shan4"}, **bearer).status == 400


def test_a_clause_for_another_daemon(client: HttpClient, service: FakeSpeechService) -> None:
    service.chunks = [tone(0.1), tone(0.1)]
    symbols = ["n_c$tone3$s_begin$word_begin", "i_c$tone3$s_end$word_end"]
    answer = client.post("/api/clause", {"symbols": symbols, "speed": 1.5})
    assert answer.status == 200
    assert answer.headers["content-type"] == "audio/pcm;rate=16000;encoding=signed-int;bits=16"
    assert (answer.headers["x-frames"], answer.headers["x-hop-length"]) == ("10,10", "200")
    assert len(answer.body) == 2 * 2 * 1600
    (clause,) = service.clauses
    assert ([symbol.sy for symbol in clause.symbols], clause.style.speed) == (["n_c", "i_c"], 1.5)
    refused = client.post("/api/clause", {"symbols": ["n_c"]})
    assert (refused.status, refused.json["error"]) == (400, "invalid_request")


def test_a_text_comes_as_symbols_line_by_line(client: HttpClient) -> None:
    answer = client.post("/api/symbols", {"text": "重庆"})
    assert answer.headers["content-type"] == "application/x-ndjson"
    (clause,) = [json.loads(line) for line in answer.body.splitlines()]
    assert clause["voice"] == "tiny_voice"
    manifest = client.get("/api/voices/tiny_voice/voice.json").json
    assert manifest["symbols"]["sy"][clause["ids"][0]] == "#4"
    assert len(clause["ids"]) == 4
    assert clause["style"]["speed"] == 1.0


def test_only_files_of_a_voice_are_handed_out(client: HttpClient) -> None:
    manifest = client.get("/api/voices/tiny_voice/voice.json").json
    for graph in manifest["graphs"].values():
        answer = client.get(f"/api/voices/tiny_voice/{graph['file']}")
        assert (answer.status, len(answer.body)) == (200, graph["bytes"])
    for path in ("tiny_voice/quality.json", "nobody/voice.json", "tiny_voice/..%2fspoken.npz"):
        assert client.get(f"/api/voices/{path}").status == 404


def test_what_a_browser_has_is_not_sent_again(client: HttpClient) -> None:
    for path in ("/page.js", "/api/voices/tiny_voice/vocoder.onnx"):
        tag = client.get(path).headers["etag"]
        assert client.ask("GET", path, headers={"If-None-Match": tag}).status == 304


def test_webassembly_may_run_in_the_page_alone(client: HttpClient) -> None:
    secure = {"Sec-Fetch-Dest": "document"}
    for path, may in (("/", True), ("/synthesis/worker.js", True), ("/page.js", False)):
        headers = client.ask("GET", path, headers=secure).headers
        assert ("'wasm-unsafe-eval'" in headers["content-security-policy"]) is may
        assert ("cross-origin-embedder-policy" in headers) is may
    assert "cross-origin-opener-policy" not in client.get("/").headers
