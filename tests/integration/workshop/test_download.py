"""tts-voices download through ModelScope's own client, from a hub that stands in for theirs."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
import yaml

from tts_daemon.cli import voices
from tts_daemon.errors import CheckpointError
from tts_daemon.voices.manifest import Manifest
from tts_daemon.workshop.checkpoints.download import HubFile, choose, download

if TYPE_CHECKING:
    from conftest import Hub

pytest.importorskip("modelscope", reason="pip install .[convert]")

MODEL = "damo/speech_sambert-hifigan_tts_zh-cn_16k"
CHECKPOINT = "voices/random_emo/am/ckpt/checkpoint_1.pth"


def fetch(hub: Hub, cache: Path) -> Path:
    return download(MODEL, cache, endpoint=hub.endpoint).root


def test_from_the_hub_to_a_voice(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--endpoint", hub.endpoint, "--cache", str(tmp_path / "cache")]
    options += ["--precision", "fp32", "--licence", "Apache-2.0"]
    models = tmp_path / "models"
    assert voices.main(["--models", str(models), "download", MODEL, *options]) == 0
    assert "MB to download" in capsys.readouterr().out
    manifest = Manifest.load(models / "random_emo")
    assert manifest.provenance["model"] == MODEL
    assert len(manifest.provenance["sha256"][CHECKPOINT]) == 64
    assert "resource.zip" not in hub.sent
    assert voices.main(["--models", str(models), "verify"]) == 0


def test_what_is_there_is_not_fetched_again(hub: Hub, tmp_path: Path) -> None:
    first = fetch(hub, tmp_path / "cache")
    count = len(hub.sent)
    assert count > 0
    assert fetch(hub, tmp_path / "cache") == first
    assert len(hub.sent) == count


def test_no_id_of_this_machine_is_kept_or_sent_twice(hub: Hub, tmp_path: Path) -> None:
    sessions = set()
    for name in ("first", "second"):
        before = len(hub.agents)
        fetch(hub, tmp_path / name)
        sent = [re.findall(r"session_id/(\w+)", agent) for agent in hub.agents[before:]]
        sessions.add(frozenset(one for found in sent for one in found))
    first, second = sessions
    assert first
    assert second
    assert not first & second


def test_an_interrupted_download_goes_on(hub: Hub, tmp_path: Path) -> None:
    hub.cut[CHECKPOINT] = 1000
    with pytest.raises(
        CheckpointError, match=r"cannot be downloaded: .*continues where it stopped"
    ):
        fetch(hub, tmp_path / "cache")
    hub.fail = 0
    before = set(hub.sent)
    root = fetch(hub, tmp_path / "cache")
    assert CHECKPOINT in before
    assert (root / CHECKPOINT).read_bytes() == (hub.root / CHECKPOINT).read_bytes()
    assert hub.begun[CHECKPOINT] == [0, 1000]


def test_a_file_that_was_damaged_here(hub: Hub, tmp_path: Path) -> None:
    checkpoint = fetch(hub, tmp_path / "cache") / CHECKPOINT
    content = bytearray(checkpoint.read_bytes())
    content[500] ^= 1
    checkpoint.write_bytes(content)
    fetch(hub, tmp_path / "cache")
    assert checkpoint.read_bytes() == (hub.root / CHECKPOINT).read_bytes()


def test_a_hub_that_sends_something_else(hub: Hub, tmp_path: Path) -> None:
    hub.sha256[CHECKPOINT] = "0" * 64
    with pytest.raises(CheckpointError, match=r"cannot be downloaded: .*checkpoint_1\.pth"):
        fetch(hub, tmp_path / "cache")
    assert not list((tmp_path / "cache").rglob("am/ckpt/checkpoint_1.pth"))


def test_four_emotional_voices_in_int8(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"{name}_emo" for name in ("zhitian", "zhiyan", "zhizhe", "zhibei")]
    whole = hub.root / "voices" / "random_emo"
    for name in names:
        shutil.copytree(whole, whole.parent / name)
    shutil.rmtree(whole)
    (hub.root / "voices" / "voices.json").write_text(json.dumps({"voices": names}))
    texts = tmp_path / "texts.txt"
    texts.write_text("你好，今天天气怎么样？\n太好了！\n")
    models = tmp_path / "models"
    options = ["--endpoint", hub.endpoint, "--cache", str(tmp_path / "cache")]
    chosen = ["--voice", names[1], "--voice", names[3], "--calibration", str(texts)]
    command = ["--models", str(models), "download", MODEL, *options]
    assert voices.main([*command, *chosen]) == 0
    assert {path.name for path in models.iterdir()} == {names[1], names[3]}
    assert not [path for path in hub.sent if names[0] in path]
    manifest = Manifest.load(models / names[3])
    assert len(manifest.emotions) == 7
    assert manifest.graphs["vocoder"].precision == "int8"
    # What exists is not converted again, and does not keep the others from it.
    assert voices.main([*command, "--calibration", str(texts)]) == 1
    assert "exists" in capsys.readouterr().err
    assert {path.name for path in models.iterdir()} == set(names)


def test_an_old_archive(hub: Hub, tmp_path: Path) -> None:
    with zipfile.ZipFile(hub.root / "voices.zip", "w") as archive:
        for path in (hub.root / "voices").rglob("*"):
            archive.write(path, path.relative_to(hub.root))
    shutil.rmtree(hub.root / "voices")
    options = ["--endpoint", hub.endpoint, "--cache", str(tmp_path / "cache")]
    models = tmp_path / "models"
    arguments = ["--models", str(models), "download", MODEL, *options, "--precision", "fp32"]
    assert voices.main(arguments) == 0
    assert Manifest.load(models / "random_emo").provenance["sha256"].keys() == {
        "configuration.json",
        "voices.zip",
    }


def test_one_voice_that_fails_does_not_stop_the_others(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, broken = hub.root / "voices" / "random_emo", hub.root / "voices" / "broken_emo"
    shutil.copytree(whole, broken)
    checkpoint = broken / "am" / "ckpt" / "checkpoint_1.pth"
    checkpoint.write_bytes(checkpoint.read_bytes()[:5000])
    names = {"voices": ["broken_emo", "random_emo"]}
    (hub.root / "voices" / "voices.json").write_text(json.dumps(names))
    options = ["--endpoint", hub.endpoint, "--cache", str(tmp_path / "cache")]
    models = tmp_path / "models"
    arguments = ["--models", str(models), "download", MODEL, *options, "--precision", "fp32"]
    assert voices.main(arguments) == 1
    assert "broken_emo: " in capsys.readouterr().err
    assert [path.name for path in models.iterdir()] == ["random_emo"]


def test_a_hub_that_does_not_know_the_model(hub: Hub, tmp_path: Path) -> None:
    hub.fail = 404
    with pytest.raises(CheckpointError, match=f"{MODEL}: cannot be downloaded"):
        fetch(hub, tmp_path / "cache")


def test_a_hub_that_is_not_there(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="the network"):
        download(MODEL, tmp_path / "cache", endpoint="http://127.0.0.1:9")


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def test_a_full_disk_is_seen_before_the_download(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10, 9, 1))
    with pytest.raises(CheckpointError, match=r"0 MB free, .* needed; make room"):
        fetch(hub, tmp_path / "cache")
    assert hub.sent == []


class TestChoice:
    FILES = tuple(
        HubFile(path, 10)
        for path in (
            *("configuration.json", "resource.zip", "README.md", "voices/voices.json"),
            *("voices/a/am/config.yaml", "voices/b/am/config.yaml", "voices/b/voc/ckpt/c.pth"),
        )
    )

    def chosen(self, *names: str) -> set[str]:
        return {item.path for item in choose(self.FILES, names, MODEL)}

    def test_all_voices(self) -> None:
        assert self.chosen() == {item.path for item in self.FILES} - {"resource.zip", "README.md"}

    def test_one_voice(self) -> None:
        assert self.chosen("a") == {
            "configuration.json",
            "voices/voices.json",
            "voices/a/am/config.yaml",
        }

    def test_no_such_voice(self) -> None:
        with pytest.raises(CheckpointError, match="no voice c; there are a, b"):
            self.chosen("a", "c")

    def test_no_voices(self) -> None:
        with pytest.raises(CheckpointError, match="is it a Sambert model"):
            choose([HubFile("pytorch_model.bin", 1)], (), MODEL)

    def test_a_path_that_leaves(self) -> None:
        with pytest.raises(CheckpointError, match="leads out of the model"):
            choose([HubFile("voices/../../x", 1)], (), MODEL)


def _as_base_model(root: Path) -> None:
    """The model of the hub in the layout of base models."""
    voice, base = root / "voices" / "random_emo", root / "basemodel_16k"
    base.mkdir()
    (voice / "am").rename(base / "sambert")
    (voice / "voc").rename(base / "hifigan")
    (voice / "audio_config.yaml").rename(base / "audio_config.yaml")
    (base / "speaker_embedding").mkdir()
    (base / "speaker_embedding" / "se.model").write_bytes(bytes(1000))
    shutil.rmtree(root / "voices")


def test_a_base_model(hub: Hub, tmp_path: Path) -> None:
    _as_base_model(hub.root)
    options = ["--endpoint", hub.endpoint, "--cache", str(tmp_path / "cache")]
    models = tmp_path / "models"
    arguments = ["--models", str(models), "download", MODEL, *options, "--precision", "fp32"]
    assert voices.main(arguments) == 0
    (made,) = models.iterdir()
    assert Manifest.load(made).provenance["model"] == MODEL
    assert not [path for path in hub.sent if path.endswith("se.model")]


def test_another_language_is_refused_before_any_weights(hub: Hub, tmp_path: Path) -> None:
    dialect = "damo/speech_sambert-hifigan_tts_chuangirl_Sichuan_16k"
    with pytest.raises(CheckpointError, match=r"Sichuanese: missing is a front end [^\n]*$"):
        download(dialect, tmp_path / "cache", endpoint=hub.endpoint)
    assert hub.sent == []
    config = hub.root / "voices" / "random_emo" / "am" / "config.yaml"
    unit = {**yaml.safe_load(config.read_text()), "linguistic_unit": {"language": "WuuShanghai"}}
    config.write_text(yaml.safe_dump(unit))
    with pytest.raises(CheckpointError, match=r"Shanghainese: missing is a front end"):
        fetch(hub, tmp_path / "cache")
    assert hub.sent
    assert all(path.endswith("config.yaml") for path in hub.sent)
