"""What clients of other servers with OpenAI's speech route ran into."""

from __future__ import annotations

import base64
import io
import json
import struct
import subprocess
import threading
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes.fake_service import FakeSpeechService, tone
from fakes.http_client import Answer, HttpClient
from fakes.requirements import need_programs
from strangers.http.conftest import RATE_HZ, SECONDS
from strangers.report import report

from tts_daemon.domain import AudioChunk, SpeakRequest
from tts_daemon.ports import SoFar

ROUTE = "/v1/audio/speech"
SIGNATURES = {
    "mp3": (b"\xff", "audio/mpeg"),
    "opus": (b"OggS", "audio/ogg"),
    "aac": (b"\xff\xf1", "audio/aac"),
    "flac": (b"fLaC", "audio/flac"),
    "wav": (b"RIFF", "audio/wav"),
    "pcm": (b"", "audio/pcm"),
}
STOCK = ("alloy", "ash", "ballad", "coral", "echo", "fable", "onyx", "nova", "sage", "shimmer")


def speak(client: HttpClient, **fields: object) -> Answer:
    """As most clients ask: model, voice, text, and what they add."""
    body = {"model": "tts-1", "voice": "alloy", "input": "你好，世界。", **fields}
    return client.post(ROUTE, body)


def seconds(sound: bytes, directory: Path) -> float:
    """How long a player says that a saved file is."""
    need_programs("ffprobe", install="scripts/test --strangers")
    file = directory / "saved"
    file.write_bytes(sound)
    asked = ("-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0")
    done = subprocess.run(["ffprobe", *asked, file], capture_output=True, text=True, check=True)
    assert not done.stderr, done.stderr
    return float(done.stdout)


@report("open-webui/open-webui#28143", "lucasjinreal/Kokoros#63")
def test_a_client_that_names_no_format_gets_what_browsers_play(client: HttpClient) -> None:
    answer = speak(client)
    assert answer.headers["content-type"] == "audio/mpeg"
    assert answer.body.startswith(b"\xff")


@report("jundot/omlx#1013", "jundot/omlx#753", "moltis-org/moltis#1030")
@report("maemreyo/omnivoice-server#16")
@pytest.mark.parametrize("name", SIGNATURES)
def test_what_comes_is_what_was_asked_for(client: HttpClient, name: str) -> None:
    answer = speak(client, response_format=name)
    signature, media_type = SIGNATURES[name]
    assert answer.body.startswith(signature)
    assert answer.headers["content-type"].split(";")[0] == media_type


@report("EKKOLearnAI/hermes-studio#2328", "jundot/omlx#2231")
def test_a_refused_format_names_those_that_there_are(client: HttpClient) -> None:
    answer = speak(client, response_format="amr")
    assert answer.status == 400
    assert all(name in answer.json["error"]["message"] for name in SIGNATURES)


@report("tashfeenahmed/freellmapi#523", "lucasjinreal/Kokoros#112")
@report("platberlitz/SillyBunny#294", "livekit/agents#6543")
@pytest.mark.parametrize("voice", [*STOCK, "verse", "marin", "cedar", "Shimmer", "ALLOY"])
def test_every_stock_voice_speaks(client: HttpClient, voice: str) -> None:
    assert speak(client, voice=voice).status == 200


@report("diegosouzapw/OmniRoute#10589")
def test_a_voice_of_another_maker_is_refused_by_us(client: HttpClient) -> None:
    answer = speak(client, voice="Rachel")
    assert (answer.status, answer.json["error"]["param"]) == (400, "voice")


@report("lucasjinreal/Kokoros#112", "envoyproxy/ai-gateway#1831", "vllm-project/vllm-omni#4490")
@pytest.mark.parametrize("name", ["mp3", "wav", "pcm"])
@pytest.mark.parametrize("speed", [1.0, 2.0])
def test_events_in_every_format_and_at_every_speed(
    client: HttpClient, name: str, speed: float
) -> None:
    answer = speak(client, stream_format="sse", stream=True, response_format=name, speed=speed)
    assert answer.headers["content-type"] == "text/event-stream"
    events = [json.loads(line[6:]) for line in answer.body.decode().split("\n\n") if line]
    assert [event["type"] for event in events[-1:]] == ["speech.audio.done"]
    sound = b"".join(base64.b64decode(event["audio"]) for event in events[:-1])
    assert sound.startswith(SIGNATURES[name][0])


@report("kyutai-labs/pocket-tts#229", "speaches-ai/speaches#665", "AstrBotDevs/AstrBot#10189")
@report("VOICEVOX/voicevox_engine#1880")
def test_a_saved_wav_tells_its_length(client: HttpClient, tmp_path: Path) -> None:
    answer = speak(client, response_format="wav")
    with wave.open(io.BytesIO(answer.body)) as file:
        assert file.getnframes() == SECONDS * RATE_HZ
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert seconds(answer.body, tmp_path) == pytest.approx(SECONDS)


@report("remsky/Kokoro-FastAPI#93", "remsky/Kokoro-FastAPI#94", "remsky/Kokoro-FastAPI#467")
@report("roryeckel/wyoming_openai#73")
@pytest.mark.parametrize("stream", [False, True])
def test_a_wav_is_one_head_and_nothing_but_samples(client: HttpClient, stream: bool) -> None:
    sound = speak(client, response_format="wav", stream=stream).body
    assert sound.count(b"RIFF") == sound.count(b"data") == 1
    assert sound[36:40] == b"data"
    assert len(sound) - 44 == SECONDS * RATE_HZ * 2
    size = struct.unpack("<I", sound[40:44])[0]
    assert size == (0xFFFFFFFF if stream else len(sound) - 44)


@report("remsky/Kokoro-FastAPI#57", "stemdeckapp/stemdeck#473")
@pytest.mark.parametrize("name", ["mp3", "flac", "opus", "wav"])
def test_a_player_sees_the_whole_length(client: HttpClient, tmp_path: Path, name: str) -> None:
    sound = speak(client, response_format=name).body
    assert seconds(sound, tmp_path) == pytest.approx(SECONDS, abs=0.15)


@report("pipecat-ai/pipecat#648", "huggingface/speech-to-speech#531")
def test_raw_samples_are_at_the_rate_that_clients_play(client: HttpClient) -> None:
    answer = speak(client, response_format="pcm")
    assert len(answer.body) / 2 / 24000 == pytest.approx(SECONDS, abs=0.01)
    assert "rate=24000" in answer.headers["content-type"]


@report("devnen/Dia-TTS-Server#21", "Blaizzy/mlx-audio#742")
def test_lists_to_pick_from(client: HttpClient) -> None:
    voices = client.get("/v1/audio/voices").json["voices"]
    assert all(voice["id"] and voice["name"] for voice in voices)
    assert client.get("/v1/audio/models").json["models"]


@report("kyutai-labs/pocket-tts#238", "kyutai-labs/pocket-tts#172")
def test_a_client_that_hangs_up_ends_its_synthesis(
    client: HttpClient, service: FakeSpeechService
) -> None:
    hung_up = threading.Event()

    def endless(request: SpeakRequest, _: SoFar | None) -> Iterator[AudioChunk]:
        try:
            while True:
                yield tone(0.5)
        finally:
            hung_up.set()

    service.render = endless  # type: ignore[method-assign]
    body = json.dumps({"input": "好", "response_format": "pcm"}).encode()
    head = f"POST {ROUTE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    with client.connect(head.encode() + body) as wire:
        assert wire.recv(1000)
    assert hung_up.wait(30)


@report("sfortis/openai_tts#1")
def test_the_token_is_asked_for_as_clients_send_it(opened: Callable[..., HttpClient]) -> None:
    client = opened(token="secret")
    body = {"input": "你好", "voice": "Shimmer"}
    assert client.post(ROUTE, body).json["error"]["code"] == "unauthorized"
    assert client.post(ROUTE, body, Authorization="Bearer secret").status == 200
