"""A smaller vocoder learns to say what the large one says, and becomes a model directory."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tts_daemon.errors import CheckpointError
from tts_daemon.workshop.checkpoints.checkpoint import find_files, load_voice
from tts_daemon.workshop.distillation import __main__ as command
from tts_daemon.workshop.distillation.lessons import Lessons
from tts_daemon.workshop.distillation.recital import Recital
from tts_daemon.workshop.distillation.student import count_parameters, student_params
from tts_daemon.workshop.distillation.trainer import Distillation, Plan
from tts_daemon.workshop.measure.graph_player import SentenceInputs
from tts_daemon.workshop.models.hifigan import Generator, GeneratorParams
from tts_daemon.workshop.models.random_voice import make_random_voice
from tts_daemon.workshop.models.voice import TorchVoice
from tts_daemon.workshop.quantize import calibration
from tts_daemon.workshop.training.schedule import TimeBudget
from tts_daemon.workshop.training.states import load_state, save_state

# Loading torch's optimisers alone takes long on a busy machine.
pytestmark = pytest.mark.timeout(300)

ONE_HOUR = 60.0
PLAN = Plan(ONE_HOUR, channels=16, pieces=2, piece_frames=12)
TEXTS = ("你好，世界。", "今天的气温是二十六点五摄氏度。", "真的吗？")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    torch.set_num_threads(1)
    yield
    # The command sets this for the whole process; the tests that follow need every number.
    torch.set_flush_denormal(False)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_random_voice(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture
def voice(model: Path) -> TorchVoice:
    return load_voice(find_files(model))


@pytest.fixture
def clauses(voice: TorchVoice) -> list[SentenceInputs]:
    return list(calibration.sentences(voice, TEXTS))


@pytest.fixture
def spoken(voice: TorchVoice, clauses: list[SentenceInputs], tmp_path: Path) -> list[np.ndarray]:
    return Recital(voice, tmp_path / "spoken").speak(clauses, lambda _line: None)


class TestRecital:
    def test_an_interruption_costs_nothing(
        self,
        voice: TorchVoice,
        clauses: list[SentenceInputs],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        kept, lines = tmp_path / "kept", list[str]()
        stops = iter([False, False, True])
        first = Recital(voice, kept).speak(clauses, lines.append, lambda: next(stops))
        assert len(first) == 2
        second = Recital(voice, kept)
        heard: list[SentenceInputs] = []
        acoustic = second._acoustic
        monkeypatch.setattr(second, "_acoustic", lambda item: heard.append(item) or acoustic(item))
        whole = second.speak(clauses, lines.append)
        assert heard == clauses[2:]
        assert all(np.array_equal(one, two) for one, two in zip(first, whole, strict=False))
        assert lines[-1].startswith(f"{len(clauses)} of {len(clauses)} clauses, ")

    def test_another_voice_and_a_damaged_file_are_spoken_anew(
        self, voice: TorchVoice, clauses: list[SentenceInputs], tmp_path: Path
    ) -> None:
        kept = tmp_path / "kept"
        first = Recital(voice, kept).speak(clauses, lambda _line: None)
        for path in kept.iterdir():
            path.write_bytes(path.read_bytes()[:100])
        again = Recital(voice, kept).speak(clauses, lambda _line: None)
        assert all(np.array_equal(one, two) for one, two in zip(first, again, strict=True))
        with torch.no_grad():
            next(voice.acoustic.mel_postnet.parameters()).add_(1.0)
        other = Recital(voice, kept).speak(clauses, lambda _line: None)
        assert not np.array_equal(first[0], other[0])


class TestLessons:
    def test_the_teacher_is_right(self, voice: TorchVoice, spoken: list[np.ndarray]) -> None:
        lesson = Lessons(voice, spoken).draw(3, 10)
        assert lesson.mel.shape == (3, 80, 10)
        assert lesson.waveform.shape == (3, 2000)
        assert torch.equal(lesson.say(voice.vocoder), lesson.waveform)

    def test_unvoiced_frames_are_noise(self, voice: TorchVoice, spoken: list[np.ndarray]) -> None:
        silent = [np.concatenate([clause[:, :-1], 0 * clause[:, -1:]], 1) for clause in spoken]
        source = Lessons(voice, silent).draw(1, 40).source
        assert source is not None
        assert float(source.std()) == pytest.approx(0.1 / 3, rel=0.05)

    def test_a_voice_without_excitation(self, voice: TorchVoice, spoken: list[np.ndarray]) -> None:
        params = replace(voice.vocoder.params, harmonics=0, sample_rate=0)
        plain = replace(voice, f0=None, vocoder=Generator(params))
        assert Lessons(plain, [clause[:, :80] for clause in spoken]).draw(2, 8).source is None

    def test_texts_that_are_too_short(self, voice: TorchVoice) -> None:
        with pytest.raises(CheckpointError, match="longer ones by --texts"):
            Lessons(voice, [np.zeros((9, 82), np.float32)]).draw(1, 10)


class TestStudent:
    def test_it_is_smaller_and_fits(self) -> None:
        large = GeneratorParams(harmonics=8, sample_rate=16000, causal=True)
        small = student_params(large, 64)
        assert (small.hop_length, small.causal, small.harmonics) == (200, True, 8)
        assert count_parameters(Generator(small)) < 0.1 * count_parameters(Generator(large))

    @pytest.mark.parametrize("channels", [0, 24, 512])
    def test_sizes_that_cannot_be(self, channels: int) -> None:
        with pytest.raises(CheckpointError, match=f"--channels {channels}: must be a multiple"):
            student_params(GeneratorParams(), channels)


class TestTraining:
    def make(self, voice: TorchVoice, spoken: list[np.ndarray], state: Path) -> Distillation:
        training = Distillation(voice, spoken, state, PLAN)
        # Past the warm-up, where a few steps would hardly move anything.
        training._clock = TimeBudget(ONE_HOUR, done=0.05)
        return training

    def test_it_learns(self, voice: TorchVoice, spoken: list[np.ndarray], tmp_path: Path) -> None:
        training = self.make(voice, spoken, tmp_path / "state.pt")
        before, lesson = training.examine(), training.lessons.draw(2, 12)
        losses = [training.train_step(lesson) for _ in range(25)]
        assert losses[-1] < 0.8 * losses[0]
        assert training.examine()["snr_db"] > before["snr_db"]

    def test_an_interrupted_one_goes_on(
        self, voice: TorchVoice, spoken: list[np.ndarray], tmp_path: Path
    ) -> None:
        first = self.make(voice, spoken, tmp_path / "state.pt")
        first.train_step(first.lessons.draw(2, 12))
        first.run(lambda _line: None, stop=lambda: True)
        second = self.make(voice, spoken, tmp_path / "state.pt")
        assert second.step == 1
        for name, value in first.student.state_dict().items():
            assert torch.equal(second.student.state_dict()[name], value), name

    def test_of_another_size(
        self, voice: TorchVoice, spoken: list[np.ndarray], tmp_path: Path
    ) -> None:
        path = tmp_path / "state.pt"
        self.make(voice, spoken, path).save()
        state = load_state(path)
        assert state is not None
        save_state(path, {**state, "channels": 32})
        with pytest.raises(CheckpointError, match=r"state\.pt: of a vocoder of 32 channels"):
            Distillation(voice, spoken, path, PLAN)


class TestCommand:
    @pytest.fixture
    def arguments(self, model: Path, tmp_path: Path) -> list[str]:
        texts = tmp_path / "texts.txt"
        # Long enough for a piece, and more than the one that is held out.
        texts.write_text("今天的气温是二十六点五摄氏度\n外面下着小雨请带好雨伞\n")
        options = ["--texts", str(texts), "--channels", "16"]
        return [str(model), str(tmp_path / "small"), *options]

    def test_from_a_model_to_a_smaller_one(
        self, arguments: list[str], tmp_path: Path, model: Path
    ) -> None:
        assert command.main([*arguments, "--minutes", "0", "--force"]) == 0
        small, large = load_voice(find_files(tmp_path / "small")), load_voice(find_files(model))
        assert small.vocoder.params.resblock_kernels == (3, 7)
        assert small.notes.emotions == large.notes.emotions
        assert isinstance(small.notes.provenance, dict)
        assert "distilled" in small.notes.provenance["vocoder"]
        assert {path.name for path in tmp_path.iterdir()} == {"small", "texts.txt"}
        weights = small.acoustic.state_dict()
        assert all(torch.equal(weights[k], v) for k, v in large.acoustic.state_dict().items())

    def test_one_that_is_far_from_its_teacher_is_not_written(
        self, arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        options = [*arguments, "--minutes", "0", "--margin", "0.01"]
        assert command.main(options) == 1
        assert "dB from its teacher, at most 0.01 (--margin)" in capsys.readouterr().err
        assert not (tmp_path / "small").exists()
        # Nothing has to be spoken or begun again.
        assert list((tmp_path / "small.spoken").iterdir())
        state = load_state(tmp_path / "small.state.pt")
        assert state is not None
        assert state["progress"] < 1
        assert command.main([*options[:-1], "1000"]) == 0
        assert {path.name for path in tmp_path.iterdir()} == {"small", "texts.txt"}

    def test_what_exists_is_left_alone(
        self, arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "small").mkdir()
        assert command.main(arguments) == 1
        assert "small: exists" in capsys.readouterr().err

    def test_interrupted(
        self,
        arguments: list[str],
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        wanted = iter([False, False, True])
        monkeypatch.setattr(command.Interruption, "__call__", lambda _self: next(wanted, True))
        assert command.main(arguments) == 130
        assert "goes on from" in capsys.readouterr().out
        assert len(list((tmp_path / "small.spoken").iterdir())) == 2
        assert not (tmp_path / "small").exists()

    def test_the_first_interrupt_ends_it_while_the_teacher_speaks(
        self, arguments: list[str], tmp_path: Path
    ) -> None:
        texts = tmp_path / "texts.txt"
        texts.write_text("今天的气温是二十六点五摄氏度\n" * 2000)
        process = subprocess.Popen(
            [sys.executable, "-m", "tts_daemon.workshop.distillation", *arguments],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert " of 2000 clauses" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=60)
        assert process.returncode == 130
        assert "stopped; the same command goes on from" in told
