"""tts-voices, end to end on a tiny random model."""

import builtins
import json
import shutil
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import pytest

import tts_daemon
from tts_daemon.cli import voices
from tts_daemon.extras import install_command
from tts_daemon.voices.manifest import Manifest

SHIPPED = next(Path(__file__).parents[3].glob("models/*/voice.json")).parent


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("model") / "tiny"
    assert voices.main(["make-random", str(directory)]) == 0
    return directory


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    file = tmp_path / "texts.txt"
    file.write_text("你好，今天天气怎么样？\n外面下着小雨，请带好雨伞\n太好了！\n")
    return file


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


def run(models: Path, *arguments: object) -> int:
    return voices.main(["--models", str(models), *map(str, arguments)])


def convert(models: Path, model: Path, name: str, *arguments: object) -> int:
    return run(models, "convert", model, "--name", name, *arguments)


def test_a_voice_from_model_to_removal(
    models: Path, model: Path, texts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert convert(models, model, "mine", "--calibration", texts) == 0
    said = capsys.readouterr().out
    assert "vocoder: " in said
    assert "tts-say --voice mine" in said
    precisions = {
        name: graph.precision for name, graph in Manifest.load(models / "mine").graphs.items()
    }
    assert precisions["vocoder"] == precisions["decoder"] == precisions["encoder"] == "int8"
    assert precisions["duration"] == "fp32"

    assert run(models, "list", "--json") == 0
    assert json.loads(capsys.readouterr().out)["precision"] == "int8"
    assert run(models, "info", "mine", "--json") == 0
    info = json.loads(capsys.readouterr().out)
    assert info["quality"]["graph_snr_db"]["vocoder"] > 20
    assert run(models, "verify") == 0
    assert run(models, "remove", "mine") == 0
    assert list(models.iterdir()) == []


def test_a_place_without_voices_says_how_to_get_one(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(models, "list") == 0
    said = capsys.readouterr()
    assert (said.out, "`tts-voices download` brings one" in said.err) == ("", True)


def test_info_is_a_page_for_people_and_json_for_programs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(SHIPPED.parent, "info", SHIPPED.name) == 0
    page = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in page[:-1]) < 120
    assert any(line.startswith("int8          encoder, variance, ") for line in page)
    assert any(line.startswith("judged        home: ") for line in page)
    assert run(SHIPPED.parent, "info", SHIPPED.name, "--json") == 0
    assert json.loads(capsys.readouterr().out)["name"] == SHIPPED.name


def test_choices(models: Path, model: Path, texts: Path) -> None:
    chosen = ("--calibration", texts, "--exclude", "vocoder", "--exclude", "memory:pnca.w_h_kv")
    words = ("--title", "小明", "--licence", "MIT", "--emotions", "happy,sad")
    assert convert(models, model, "mine", *chosen, *words) == 0
    manifest = Manifest.load(models / "mine")
    assert manifest.graphs["vocoder"].precision == "fp32"
    assert manifest.graphs["memory"].precision == "int8"
    assert (manifest.title, manifest.licence) == ("小明", "MIT")
    assert manifest.emotions == ("happy", "sad")


def test_fp32_needs_no_calibration(models: Path, model: Path) -> None:
    assert convert(models, model, "exact", "--precision", "fp32") == 0
    graphs = Manifest.load(models / "exact").graphs
    assert {graph.precision for graph in graphs.values()} == {"fp32"}


def test_single_files(models: Path, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = model / "voices" / "random_emo"
    files: list[Any] = ["--precision", "fp32"]
    files += ["--am", folder / "am/ckpt/checkpoint_1.pth", "--am-config", folder / "am/config.yaml"]
    assert run(models, "convert", "--name", "mine", *files) == 1
    assert "--voc, --voc-config missing" in capsys.readouterr().err
    files += ["--voc", folder / "voc/ckpt/checkpoint_1.pth", "--se", folder / "am/se.npy"]
    files += ["--voc-config", folder / "voc/config.yaml"]
    files += ["--audio-config", folder / "audio_config.yaml"]
    assert run(models, "convert", "--name", "mine", *files) == 0
    assert run(models, "convert", model, "--name", "other", *files) == 1


def test_an_existing_voice(models: Path, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exact = ("--precision", "fp32")
    assert convert(models, model, "mine", *exact) == 0
    assert convert(models, model, "mine", *exact) == 1
    assert "tts-voices remove mine" in capsys.readouterr().err
    assert convert(models, model, "mine", *exact, "--force") == 0


def test_damage_is_found(models: Path, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert convert(models, model, "mine", "--precision", "fp32") == 0
    graph = models / "mine" / "decoder.onnx"
    graph.write_bytes(graph.read_bytes()[:-1])
    assert run(models, "verify", "mine") == 1
    assert "decoder.onnx" in capsys.readouterr().err
    (models / "mine" / "voice.json").write_text("{")
    assert run(models, "list") == 0
    assert "mine: damaged" in capsys.readouterr().err
    assert run(models, "remove", "mine") == 0


@pytest.mark.parametrize("name", ["nothing", "../models", "."])
def test_only_voices_are_removed(
    models: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    models.mkdir()
    assert run(models, "remove", name) == 1
    assert "no voice" in capsys.readouterr().err
    assert models.is_dir()


def test_a_broken_model_leaves_nothing(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert convert(models, tmp_path / "nowhere", "mine") == 1
    assert "no such directory" in capsys.readouterr().err
    assert not models.exists()


def test_without_the_extra(
    models: Path, model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Afterwards the package is the one of before, with its modules.
    monkeypatch.setattr(tts_daemon, "workshop", import_module("tts_daemon.workshop"))
    for name in [name for name in sys.modules if name.startswith("tts_daemon.workshop")]:
        monkeypatch.delitem(sys.modules, name)
    real = builtins.__import__

    def without_torch(name: str, *rest: Any, **named: Any) -> Any:
        if name.partition(".")[0] == "torch":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without_torch)
    assert convert(models, model, "mine") == 1
    expected = f"tts-voices: torch is missing: {install_command('convert')}\n"
    assert capsys.readouterr().err == expected


class TestJudged:
    FIGURES: ClassVar[dict[str, float]] = {
        "sentences": 40,
        "pinyin_error_percent": 7.5,
        "dnsmos_overall": 3.2,
        "dnsmos_p808": 3.4,
    }

    @pytest.fixture
    def mine(self, tmp_path: Path) -> Path:
        """A directory with one voice."""
        tiny = Path(__file__).parents[2] / "data" / "tiny_voice"
        shutil.copytree(tiny, tmp_path / "models" / "tiny_voice")
        return tmp_path / "models"

    def report(self, tmp_path: Path, content: object) -> Path:
        path = tmp_path / "judged.json"
        path.write_text(json.dumps(content))
        return path

    def test_it_is_in_the_manifest(
        self, mine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        heard = {"home": self.FIGURES}
        report = self.report(tmp_path, {"tiny_voice": {"heard": heard, "emotions": {}}})
        before = Manifest.load(mine / "tiny_voice")
        assert run(mine, "judged", "tiny_voice", report) == 0
        assert "home: 40 sentences, 7.5 % of the syllables wrong" in capsys.readouterr().out
        manifest = Manifest.load(mine / "tiny_voice")
        assert manifest.quality == {**before.quality, "judged": heard}
        assert manifest.graphs == before.graphs
        assert run(mine, "verify") == 0
        assert run(mine, "judged", "tiny_voice", report) == 0

    @pytest.mark.parametrize(
        ("content", "complaint"),
        [
            ({"other": {}}, "says nothing of tiny_voice"),
            ([], "says nothing of tiny_voice"),
            ({"tiny_voice": {}}, "tiny_voice.heard is missing"),
            ({"tiny_voice": {"heard": {"home": {"sentences": 4}}}}, "home.pinyin_error_percent"),
        ],
    )
    def test_reports_of_something_else(
        self,
        mine: Path,
        tmp_path: Path,
        content: object,
        complaint: str,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        before = (mine / "tiny_voice" / "voice.json").read_bytes()
        assert run(mine, "judged", "tiny_voice", self.report(tmp_path, content)) == 1
        assert complaint in capsys.readouterr().err
        assert (mine / "tiny_voice" / "voice.json").read_bytes() == before

    def test_no_report(
        self, mine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(mine, "judged", "tiny_voice", tmp_path / "nothing.json") == 1
        assert "cannot be read as JSON" in capsys.readouterr().err
