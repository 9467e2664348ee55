"""tts-say against a real socket: what arrives, what is printed, how it exits."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile
from fakes.fake_service import SAMPLE_RATE, FakeSpeechService, tone

from tts_daemon.cli.say import main
from tts_daemon.domain import Event, EventType
from tts_daemon.errors import VoiceError
from tts_daemon.extras import start_command
from tts_daemon.inputs.socket.address import SocketAddress
from tts_daemon.inputs.socket.door import UnixSocketDoor
from tts_daemon.ports import Command
from tts_daemon.settings.schema import SocketSettings

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def service() -> FakeSpeechService:
    return FakeSpeechService(limit=2)


@pytest.fixture
def path(
    tmp_path: Path, service: FakeSpeechService, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    path = tmp_path / "tts.sock"
    monkeypatch.setenv("TTS_DAEMON__SOCKET__PATH", str(path))
    address = SocketAddress(str(path), "tts")
    with address.listen() as listener:
        door = UnixSocketDoor(service, listener, SocketSettings())
        door.start()
        yield path
        door.stop()
    address.release()


def test_arguments_are_spoken_in_silence(
    path: Path, service: FakeSpeechService, capsys: Captured
) -> None:
    options = ["--emotion", "sad", "--speed", "1.5", "--priority", "message", "--ttl", "60"]
    assert main([*options, "你好", "世界"]) == 0
    (request,) = service.accepted
    assert request.text == "你好 世界"
    assert request.overrides == {"emotion": "sad", "speed": 1.5}
    assert (request.priority, request.ttl_s) == ("message", 60)
    assert capsys.readouterr() == ("", "")


def test_standard_input_is_spoken(
    path: Path, service: FakeSpeechService, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO("你好\n世界\n".encode()))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert main([]) == 0
    assert service.texts == ["你好\n世界"]


def test_the_socket_can_be_named(
    path: Path, service: FakeSpeechService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TTS_DAEMON__SOCKET__PATH")
    assert main(["--socket", str(path), "你好"]) == 0
    assert service.texts == ["你好"]


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_text_that_was_cut_inside_a_character_is_spoken(
    path: Path,
    service: FakeSpeechService,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Captured,
    cut: int,
) -> None:
    whole = "你好🎉世界"
    data = whole.encode()
    for piece in (data[:cut], data[cut:]):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(piece)))
        main([])
    left, right = data[:cut].decode(errors="ignore"), data[cut:].decode(errors="ignore")
    assert service.texts == [text for text in (left, right) if text]
    is_torn = left + right != whole
    assert ("was cut inside a character" in capsys.readouterr().err) == is_torn


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["！"], 2, "tts-say: text: holds nothing to speak"),
        (["\udce4"], 2, "tts-say: text: not UTF-8 at character 1"),
        (["你\udce4好"], 2, "tts-say: text: not UTF-8 at character 2"),
        (["\udcff你好"], 2, "tts-say: text: not UTF-8 at character 1"),
        (["--speed", "9", "好"], 2, "tts-say: speed: 9.0 is out of range"),
        (["--set-preset", "hapy"], 2, "tts-say: preset: no preset is called 'hapy'"),
        (["--output", "/nowhere/x.wav", "好"], 2, "tts-say: --output: /nowhere/x.wav cannot be"),
        (["--socket", "/nowhere/s", "好"], 3, f"start one: {start_command()}"),
    ],
)
def test_what_goes_wrong_is_said_and_told_by_the_exit_status(
    path: Path,
    service: FakeSpeechService,
    capsys: Captured,
    arguments: list[str],
    status: int,
    message: str,
) -> None:
    service.chunks = [tone(0.1)]
    assert main(arguments) == status
    assert message in capsys.readouterr().err


def test_a_full_queue_may_be_tried_again(path: Path, capsys: Captured) -> None:
    assert [main(["好"]) for _ in range(3)] == [0, 0, 4]
    assert "queue.limit" in capsys.readouterr().err


def test_a_wrong_option_is_wrong_usage(capsys: Captured) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--sped", "1"])
    assert ended.value.code == 2


def test_wait_tells_how_it_ended(path: Path, service: FakeSpeechService, capsys: Captured) -> None:
    assert main(["--wait", "好"]) == 0
    service.finishes = False
    service.submitted.clear()

    def fail(request_id: str) -> None:
        service.emit(Event(EventType.FAILED, request_id, reason="voice", message="is damaged"))

    service.on_submit = fail
    assert main(["--wait", "好"]) == 1
    assert capsys.readouterr().err == "tts-say: failed: is damaged\n"


def test_an_id_that_was_said_before_is_told(path: Path, capsys: Captured) -> None:
    assert [main(["--id", "bell", "叮咚"]) for _ in "12"] == [0, 0]
    assert capsys.readouterr().err == "tts-say: duplicate: accepted before\n"


def test_stop_and_its_relatives_are_commands(path: Path, service: FakeSpeechService) -> None:
    assert main(["--stop"]) == 0
    assert main(["--command", "pause"]) == 0
    assert service.commands == [Command.STOP, Command.PAUSE]


def test_status_is_for_people_and_json_for_programs(path: Path, capsys: Captured) -> None:
    assert main(["--set-volume", "40"]) == 0
    assert main(["--status"]) == 0
    shown = capsys.readouterr().out
    assert "state         idle, 0 waiting" in shown
    assert "volume        40 %" in shown
    assert main(["--status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["volume"] == 40


def test_output_is_a_wav_file(path: Path, service: FakeSpeechService, tmp_path: Path) -> None:
    service.chunks = [tone(0.1), tone(0.2)]
    assert main(["--output", str(tmp_path / "x.wav"), "你好"]) == 0
    with wave.open(str(tmp_path / "x.wav")) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (
            SAMPLE_RATE,
            1,
            2,
        )
        assert sound.getnframes() == 4800


@pytest.mark.parametrize(
    ("ending", "kind"),
    [("flac", ("FLAC", "PCM_16")), ("opus", ("OGG", "OPUS")), ("MP3", ("MP3", "MPEG_LAYER_III"))],
)
def test_the_ending_of_output_names_the_format(
    path: Path, service: FakeSpeechService, tmp_path: Path, ending: str, kind: tuple[str, str]
) -> None:
    service.chunks = [tone(0.3), tone(0.3)]
    output = tmp_path / f"x.{ending}"
    assert main(["--output", str(output), "你好"]) == 0
    info = soundfile.info(output)
    assert (info.format, info.subtype) == kind
    assert info.duration == pytest.approx(0.6, abs=0.15)


@pytest.mark.parametrize("output", ["x.doc", "x"])
def test_an_ending_without_a_format_is_refused_before_anything_is_made(
    path: Path, service: FakeSpeechService, tmp_path: Path, capsys: Captured, output: str
) -> None:
    assert main(["--output", str(tmp_path / output), "你好"]) == 2
    assert "the ending names no format; known: wav, flac, opus, mp3" in capsys.readouterr().err
    assert (service.accepted, list(tmp_path.glob("x*"))) == ([], [])


def test_pauses_and_chimes_are_asked_for(path: Path, service: FakeSpeechService) -> None:
    assert main(["--pause", "1.5", "--chime", "dingdong", "你好"]) == 0
    assert service.accepted[-1].overrides == {"pause": 1.5, "chime": "dingdong"}


def test_the_speed_of_all_that_follows(path: Path, service: FakeSpeechService) -> None:
    assert main(["--set-speed", "1.2"]) == 0
    assert service.snapshot().speed == 1.2


def test_output_to_a_pipe_has_a_right_header(
    path: Path, service: FakeSpeechService, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    service.chunks = [tone(0.1)]
    assert main(["--output", "-", "你好"]) == 0
    with wave.open(io.BytesIO(capfdbinary.readouterr().out)) as sound:
        assert sound.getnframes() == 1600


@pytest.mark.parametrize("chunks", [[VoiceError("bad")], [tone(0.1), VoiceError("bad")]])
def test_a_failed_rendering_leaves_no_file(
    path: Path,
    service: FakeSpeechService,
    tmp_path: Path,
    capsys: Captured,
    chunks: list[object],
) -> None:
    service.chunks = chunks  # type: ignore[assignment]
    assert main(["--output", str(tmp_path / "x.wav"), "你好"]) == 1
    assert capsys.readouterr().err == "tts-say: bad\n"
    assert not (tmp_path / "x.wav").exists()


def test_the_plain_path_imports_nothing_heavy() -> None:
    code = "import sys, tts_daemon.cli.say; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    assert "tts_daemon.client" in loaded
    assert not {"numpy", "yaml", "onnxruntime", "tts_daemon.domain"} & set(loaded)
