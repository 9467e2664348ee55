"""The door with the library's own client, in the order in which Home Assistant asks."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from fakes.fake_service import FakeSpeechService, tone
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.ping import Ping, Pong
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeVoice,
)

from tts_daemon.errors import DoorShutError, QueueFullError, VoiceError
from tts_daemon.inputs import admission
from tts_daemon.inputs.wyoming.door import WyomingDoor
from tts_daemon.settings.schema import WyomingSettings
from tts_daemon.voices.store import VoiceStore

VOICES = Path(__file__).parents[2] / "data"
PATIENCE_S = 30.0
Result = TypeVar("Result")
Opened = Callable[..., WyomingDoor]


@pytest.fixture
def service() -> FakeSpeechService:
    fake = FakeSpeechService(max_characters=100)
    fake._snapshot = replace(fake.snapshot(), voices=("tiny_voice", "gone"))
    fake.chunks = [tone(0.1), tone(0.2)]
    return fake


@pytest.fixture
def opened(service: FakeSpeechService) -> Iterator[Opened]:
    doors: list[WyomingDoor] = []

    def start(**settings: int) -> WyomingDoor:
        wanted = WyomingSettings(enabled=True, port=0, **settings)
        door = WyomingDoor(service, wanted, VoiceStore([VOICES]), max_characters=100)
        doors.append(door)
        door.start()
        return door

    yield start
    for door in doors:
        door.stop()


@pytest.fixture
def door(opened: Opened) -> WyomingDoor:
    return opened()


def talk(door: WyomingDoor, conversation: Callable[[AsyncTcpClient], Awaitable[Result]]) -> Result:
    async def connected() -> Result:
        async with AsyncTcpClient("127.0.0.1", door.port) as client, asyncio.timeout(PATIENCE_S):
            return await conversation(client)

    return asyncio.run(connected())


async def until(client: AsyncTcpClient, last: str | None) -> list[Event]:
    """What the server says up to an event of type `last`; None: until it hangs up."""
    heard = []
    while event := await client.read_event():
        heard.append(event)
        if event.type == last:
            break
    return heard


def test_it_describes_its_voices_with_emotions_as_speakers(door: WyomingDoor) -> None:
    async def ask(client: AsyncTcpClient) -> Info:
        await client.write_event(Describe().event())
        event = await client.read_event()
        assert event is not None
        return Info.from_event(event)

    (program,) = talk(door, ask).tts
    assert (program.name, program.installed) == ("tts-daemon", True)
    assert program.supports_synthesize_streaming
    (voice,) = program.voices
    assert (voice.name, voice.languages) == ("tiny_voice", ["zh_CN"])
    assert [speaker.name for speaker in voice.speakers or []][:2] == ["neutral", "angry"]


def test_one_text_comes_back_as_sound(service: FakeSpeechService, door: WyomingDoor) -> None:
    async def ask(client: AsyncTcpClient) -> list[Event]:
        voice = SynthesizeVoice(name="tiny_voice", speaker="happy")
        await client.write_event(Synthesize("你好", voice=voice).event())
        return await until(client, "audio-stop")

    first, *chunks, last = talk(door, ask)
    start = AudioStart.from_event(first)
    assert (start.rate, start.width, start.channels) == (16000, 2, 1)
    assert [AudioChunk.from_event(chunk).samples for chunk in chunks] == [1600, 3200]
    assert AudioStop.is_type(last.type)
    request = service.accepted[0]
    assert (request.text, request.source) == ("你好", "wyoming")
    assert request.overrides == {"voice": "tiny_voice", "emotion": "happy"}


def test_a_stream_of_text_is_spoken_once_sentence_by_sentence(
    service: FakeSpeechService, door: WyomingDoor
) -> None:
    async def ask(client: AsyncTcpClient) -> list[Event]:
        voice = SynthesizeVoice(name="tiny_voice")
        await client.write_event(SynthesizeStart(voice=voice).event())
        for piece in ("今天", "天气很好。我们", "出去玩", "吧！", "好"):
            await client.write_event(SynthesizeChunk(piece).event())
        whole = Synthesize("今天天气很好。我们出去玩吧！好", voice=voice)
        await client.write_event(whole.event())
        await client.write_event(SynthesizeStop().event())
        return await until(client, "synthesize-stopped")

    heard = talk(door, ask)
    assert service.texts == ["今天天气很好。", "我们出去玩吧！", "好"]
    assert all(request.overrides == {"voice": "tiny_voice"} for request in service.accepted)
    assert [event.type for event in heard].count("audio-stop") == 3
    assert SynthesizeStopped.is_type(heard[-1].type)


@pytest.mark.parametrize("text", ["……", "。！？", "", "\n"])
@pytest.mark.parametrize("is_stream", [False, True])
def test_punctuation_alone_is_a_short_silence(
    service: FakeSpeechService, door: WyomingDoor, text: str, is_stream: bool
) -> None:
    async def ask(client: AsyncTcpClient) -> list[Event]:
        if is_stream:
            await client.write_event(SynthesizeStart().event())
            await client.write_event(SynthesizeChunk(text).event())
        await client.write_event(Synthesize(text).event())
        if is_stream:
            await client.write_event(SynthesizeStop().event())
        return await until(client, "synthesize-stopped" if is_stream else "audio-stop")

    start, chunk, stop, *more = talk(door, ask)
    assert [start.type, stop.type] == ["audio-start", "audio-stop"]
    silence = AudioChunk.from_event(chunk)
    assert silence.seconds == pytest.approx(0.1)
    assert not any(silence.audio)
    assert [event.type for event in more] == (["synthesize-stopped"] if is_stream else [])
    assert not service.accepted


def test_punctuation_between_sentences_adds_nothing(
    service: FakeSpeechService, door: WyomingDoor
) -> None:
    async def ask(client: AsyncTcpClient) -> list[Event]:
        await client.write_event(SynthesizeStart().event())
        for piece in ("你好。好", "……", "！\n", "——"):
            await client.write_event(SynthesizeChunk(piece).event())
        await client.write_event(SynthesizeStop().event())
        return await until(client, "synthesize-stopped")

    heard = [event.type for event in talk(door, ask)]
    assert heard.count("audio-stop") == len(service.texts) == 2


def test_the_first_sentence_is_heard_before_the_last_is_known(
    service: FakeSpeechService, door: WyomingDoor
) -> None:
    async def ask(client: AsyncTcpClient) -> None:
        await client.write_event(SynthesizeStart().event())
        await client.write_event(SynthesizeChunk("水开了。请").event())
        await until(client, "audio-stop")
        assert service.texts == ["水开了。"]
        await client.write_event(SynthesizeChunk("关火").event())
        await client.write_event(SynthesizeStop().event())
        await until(client, "synthesize-stopped")

    talk(door, ask)
    assert service.texts == ["水开了。", "请关火"]


def test_a_connection_serves_one_request_after_another(
    service: FakeSpeechService, door: WyomingDoor
) -> None:
    async def ask(client: AsyncTcpClient) -> None:
        await client.write_event(SynthesizeStart().event())
        await client.write_event(SynthesizeChunk("……").event())
        await client.write_event(SynthesizeStop().event())
        await until(client, "synthesize-stopped")
        await client.write_event(Synthesize("好").event())
        await until(client, "audio-stop")
        await client.write_event(Ping("你在吗").event())
        event = await client.read_event()
        assert event is not None
        assert Pong.from_event(event).text == "你在吗"

    talk(door, ask)
    assert service.texts == ["好"]


def test_a_voice_that_is_not_there_gives_way_to_the_default(
    service: FakeSpeechService, door: WyomingDoor
) -> None:
    async def ask(client: AsyncTcpClient) -> list[Event]:
        # An old client's way to ask for a language.
        await client.write_event(Synthesize("好", voice=SynthesizeVoice(name="zh")).event())
        return await until(client, "audio-stop")

    assert len(talk(door, ask)) == 4
    assert service.accepted[0].overrides == {}


@pytest.mark.parametrize(
    ("sent", "code", "told"),
    [
        (Synthesize("好" * 101).event(), "too_long", "101 characters"),
        (Event("synthesize"), "invalid_request", "text: None is not text"),
        (Event("synthesize", {"text": "好", "voice": 5}), "invalid_request", "voice: 5"),
        (SynthesizeChunk("好").event(), "invalid_request", "synthesize-start"),
    ],
)
def test_a_mistake_is_told_and_ends_the_connection(
    service: FakeSpeechService, door: WyomingDoor, sent: Event, code: str, told: str
) -> None:
    async def ask(client: AsyncTcpClient) -> list[Event]:
        await client.write_event(sent)
        return await until(client, None)

    (event,) = talk(door, ask)
    error = Error.from_event(event)
    assert told in error.text
    assert error.code == code
    assert service.refused == 1


@pytest.mark.parametrize(
    "line",
    [b'{"type": "ping", "data": ' + b"[" * 50_000, b'{"type": "ping", "data": 5}', b"[]", b"{}"],
)
def test_what_is_no_event_is_told_without_a_traceback(
    door: WyomingDoor, caplog: pytest.LogCaptureFixture, line: bytes
) -> None:
    async def ask() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(line + b"\n")
        answer = await asyncio.wait_for(reader.read(), PATIENCE_S)
        writer.close()
        return answer

    assert b"invalid_request" in asyncio.run(ask())
    assert "Traceback" not in caplog.text


def test_half_a_surrogate_pair_in_a_ping_is_no_reason_to_fail(door: WyomingDoor) -> None:
    async def ask() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(b'{"type": "ping", "data": {"text": "a\\ud800"}}\n')
        answer = await asyncio.wait_for(reader.readline(), PATIENCE_S)
        writer.close()
        return answer

    assert b'"pong"' in asyncio.run(ask())


def test_a_sentence_that_never_ends_is_refused(door: WyomingDoor) -> None:
    async def ask(client: AsyncTcpClient) -> list[Event]:
        await client.write_event(SynthesizeStart().event())
        for _ in range(3):
            await client.write_event(SynthesizeChunk("好" * 50).event())
        return await until(client, None)

    assert "no sentence ends" in Error.from_event(talk(door, ask)[0]).text


@pytest.mark.parametrize("error", [QueueFullError("full"), VoiceError("damaged")])
def test_a_failure_in_the_middle_is_told(
    service: FakeSpeechService, door: WyomingDoor, error: QueueFullError | VoiceError
) -> None:
    service.chunks = [tone(0.1), error]

    async def ask(client: AsyncTcpClient) -> list[Event]:
        await client.write_event(Synthesize("好").event())
        return await until(client, None)

    heard = talk(door, ask)
    assert [event.type for event in heard] == ["audio-start", "audio-chunk", "error"]
    assert Error.from_event(heard[-1]).code == error.code


def test_a_client_that_hangs_up_ends_its_synthesis(
    service: FakeSpeechService, door: WyomingDoor
) -> None:
    service.chunks = [tone(0.5)] * 100000

    async def ask(client: AsyncTcpClient) -> None:
        await client.write_event(Synthesize("好").event())
        await until(client, "audio-chunk")

    talk(door, ask)
    assert service.render_closed.wait(PATIENCE_S)


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b'{"type": "synthesize", "data_length": 99999999}\n',
        b'{"type": "synthesize", "payload_length": -5, "data_length": 2}\n{}',
        b"[]\n",
        b'{"data": 5}\n',
        b"x" * 100000,
    ],
)
def test_what_is_not_wyoming_ends_only_itself(
    door: WyomingDoor, sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_connection(("127.0.0.1", door.port), timeout=PATIENCE_S) as wire:
        wire.sendall(sent)
        wire.shutdown(socket.SHUT_WR)
        try:
            while wire.recv(1000):
                pass
        except ConnectionResetError:
            pass

    async def ask(client: AsyncTcpClient) -> list[Event]:
        await client.write_event(Synthesize("好").event())
        return await until(client, "audio-stop")

    assert len(talk(door, ask)) == 4
    assert not caplog.records


def test_one_client_too_many_is_told_so(opened: Opened) -> None:
    door = opened(connections=1)

    async def ask(client: AsyncTcpClient) -> list[Event]:
        await client.write_event(Ping().event())
        await until(client, "pong")
        with socket.create_connection(("127.0.0.1", door.port), timeout=PATIENCE_S) as second:
            refusal = await asyncio.to_thread(lambda: second.makefile("rb").readline())
        return [Event(json.loads(refusal)["type"])]

    assert talk(door, ask)[0].type == "error"


def test_an_idle_client_gives_way_to_a_new_one(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "GIVES_WAY_AFTER_S", 0.0)
    door = opened(connections=1)

    async def ask(client: AsyncTcpClient) -> list[Event]:
        await client.write_event(Ping().event())
        return await until(client, "pong")

    with socket.create_connection(("127.0.0.1", door.port), timeout=PATIENCE_S) as idle:
        idle.sendall(b'{"type": "ping"}\n')
        assert idle.recv(1000)
        assert talk(door, ask)[-1].type == "pong"
        while idle.recv(1000):
            pass


@pytest.mark.parametrize("sent", [b"{", b"\xff", b'{"type": "ping", "data_length": 3}\n{{{'])
def test_what_is_no_json_is_refused(door: WyomingDoor, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", door.port), timeout=PATIENCE_S) as wire:
        wire.sendall(sent + b"\n")
        refusal = json.loads(wire.makefile("rb").readline())
    assert refusal["type"] == "error"


def test_a_taken_port_is_a_wrong_setting(service: FakeSpeechService, door: WyomingDoor) -> None:
    settings = WyomingSettings(enabled=True, port=door.port)
    second = WyomingDoor(service, settings, VoiceStore([VOICES]), max_characters=100)
    with pytest.raises(DoorShutError, match="cannot listen"):
        second.start()
    second.stop()
