"""OpenAI's own client, and what pickers and other servers of that kind make clients ask for."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import wave
from collections.abc import Callable, Iterator

import numpy as np
import openai
import pytest
from fakes.fake_service import FakeSpeechService
from fakes.http_client import HttpClient
from fakes.requirements import need_programs
from numpy.typing import NDArray

from tts_daemon.domain import AudioChunk

FORMATS = ("mp3", "opus", "aac", "flac", "wav", "pcm")
SECONDS = 3.0
# What the official client plays, whatever the answer's head says.
PCM_HZ = 24000
RAW = ("-f", "s16le", "-ar", str(PCM_HZ), "-ac", "1")


def whistle(rate: int) -> list[AudioChunk]:
    """440 Hz in four pieces."""
    time = np.arange(round(SECONDS * rate), dtype=np.float32) / rate
    wave_ = np.sin(time * 2 * np.pi * 440) / 2
    return [AudioChunk(piece, rate) for piece in np.array_split(wave_, 4)]


def decoded(sound: bytes, given: tuple[str, ...] = ()) -> NDArray[np.int16]:
    """What ffmpeg hears, at 24 kHz."""
    need_programs("ffmpeg", install="scripts/test")
    command = ["ffmpeg", "-v", "error", "-xerror", *given, "-i", "pipe:0", *RAW, "pipe:1"]
    done = subprocess.run(command, input=sound, capture_output=True, check=True)
    return np.frombuffer(done.stdout, dtype=np.int16)


def is_the_whistle(sound: NDArray[np.int16]) -> bool:
    middle = sound[PCM_HZ : 2 * PCM_HZ] / 32768
    loudest = int(np.abs(np.fft.rfft(middle)).argmax())
    # Frames are whole, and a codec begins with its delay.
    return SECONDS - 0.01 <= len(sound) / PCM_HZ < SECONDS + 0.2 and loudest == 440


@pytest.fixture
def official(client: HttpClient, service: FakeSpeechService) -> Iterator[openai.OpenAI]:
    """Their client, at our address; what is spoken is a whistle."""
    service.chunks = [*whistle(16000)]
    address = f"http://127.0.0.1:{client.port}/v1"
    with openai.OpenAI(base_url=address, api_key="none", max_retries=0) as theirs:
        yield theirs


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("rate", [16000, 22050])
def test_the_official_client_in_every_format(
    official: openai.OpenAI, service: FakeSpeechService, name: str, rate: int
) -> None:
    service.chunks = [*whistle(rate)]
    speech = official.audio.speech
    with speech.with_streaming_response.create(
        model="gpt-4o-mini-tts",
        voice="alloy",
        input="你好",
        instructions="Speak in a cheerful tone.",
        response_format=name,  # type: ignore[arg-type]
    ) as answer:
        sound = answer.read()
    assert is_the_whistle(decoded(sound, RAW if name == "pcm" else ()))


def test_the_published_format_is_mp3(official: openai.OpenAI) -> None:
    answer = official.audio.speech.create(model="tts-1", voice="nova", input="你好")
    assert answer.response.headers["content-type"] == "audio/mpeg"
    assert is_the_whistle(decoded(answer.content, ("-f", "mp3")))


def test_a_wav_knows_its_length_unless_it_is_streamed(official: openai.OpenAI) -> None:
    lengths = {}
    for stream in (None, False, True):
        body = {} if stream is None else {"stream": stream}
        sound = official.audio.speech.create(
            model="tts-1", voice="nova", input="你好", response_format="wav", extra_body=body
        ).content
        with wave.open(io.BytesIO(sound)) as file:
            lengths[stream] = file.getnframes()
    assert lengths[None] == lengths[False] == SECONDS * 16000
    assert lengths[True] > 1 << 30


def test_sound_as_events(client: HttpClient, official: openai.OpenAI) -> None:
    answer = official.audio.speech.create(
        model="gpt-4o-mini-tts", voice="ash", input="你好", stream_format="sse"
    )
    assert answer.response.headers["content-type"] == "text/event-stream"
    lines = answer.content.decode().removesuffix("\n\n").split("\n\n")
    events = [json.loads(line.removeprefix("data: ")) for line in lines]
    assert [event["type"] for event in events[-2:]] == ["speech.audio.delta", "speech.audio.done"]
    assert events[-1]["usage"]["total_tokens"] == 0
    sound = b"".join(base64.b64decode(event["audio"]) for event in events[:-1])
    assert is_the_whistle(decoded(sound, ("-f", "mp3")))


@pytest.mark.parametrize(
    ("voice", "expected"),
    [
        ("alloy", (None, {})),
        ("Alloy", (None, {})),
        ("", (None, {})),
        (None, (None, {})),
        ("HAPPY", ("happy", {})),
        ("tiny", (None, {"voice": "tiny"})),
        ({"id": "happy"}, ("happy", {})),
        ({"id": "verse"}, (None, {})),
        ("coral", ("happy", {})),
        ("my_own", (None, {"voice": "tiny"})),
    ],
)
def test_voices_by_any_name(
    opened: Callable[..., HttpClient], service: FakeSpeechService, voice: object, expected: object
) -> None:
    client = opened(voices={"Coral": "happy", "my_own": "tiny"})
    service.chunks = [*whistle(16000)]
    assert client.post("/v1/audio/speech", {"input": "好", "voice": voice}).status == 200
    request = service.accepted[0]
    assert (request.preset, request.overrides) == expected


def test_a_name_that_stands_for_nothing(opened: Callable[..., HttpClient]) -> None:
    client = opened(voices={"coral": "nobody"})
    for voice, said in (("coral", "http.voices.coral"), ("alloi", "alloy"), (3, "neither a name")):
        error = client.post("/v1/audio/speech", {"input": "好", "voice": voice}).json["error"]
        assert error["param"] == "voice"
        assert said in error["message"]


def test_every_published_speed(client: HttpClient, service: FakeSpeechService) -> None:
    service.chunks = [*whistle(16000)]
    for speed, taken, said in ((0.25, 0.5, "0.5"), (1.5, 1.5, None), (4, 2.0, "2")):
        answer = client.post("/v1/audio/speech", {"input": "好", "speed": speed})
        assert answer.status == 200
        assert answer.headers.get("x-speed-clamped") == said
        assert service.accepted[-1].overrides == {"speed": taken}
    assert client.post("/v1/audio/speech", {"input": "好", "speed": 4.1}).status == 400


def test_fields_of_others_are_left_alone(client: HttpClient, service: FakeSpeechService) -> None:
    service.chunks = [*whistle(16000)]
    body = {"input": "好", "user": "me", "lang_code": "z", "volume_multiplier": 3, "stream": "yes"}
    assert client.post("/v1/audio/speech", body).status == 200
    assert service.accepted[0].overrides == {}


def test_what_pickers_ask_for(client: HttpClient, official: openai.OpenAI) -> None:
    assert [model.id for model in official.models.list()] == ["tts-daemon"]
    for name in ("tts-1", "hexgrad/Kokoro-82M"):
        assert official.models.retrieve(name).id == name
    voices = client.get("/v1/audio/voices").json["voices"]
    assert [voice["id"] for voice in voices][:4] == ["tiny", "neutral", "happy", "alloy"]
    assert client.get("/v1/audio/models").json == {
        "models": [{"id": "tts-daemon", "name": "tts-daemon"}]
    }


@pytest.mark.parametrize("path", ["/", "/v1/models", "/v1/audio/voices", "/healthz", "/api/status"])
def test_a_look_at_the_head_alone(client: HttpClient, path: str) -> None:
    answer = client.ask("HEAD", path)
    assert (answer.status, answer.body) == (200, b"")


def test_aac_without_the_program_says_what_to_do(
    client: HttpClient, service: FakeSpeechService, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.chunks = [*whistle(16000)]
    monkeypatch.setenv("PATH", "")
    answer = client.post("/v1/audio/speech", {"input": "好", "response_format": "aac"})
    assert (answer.status, answer.json["error"]["param"]) == (400, "response_format")
    assert "apt-get install ffmpeg" in answer.json["error"]["message"]
