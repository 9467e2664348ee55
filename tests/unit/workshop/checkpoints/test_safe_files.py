"""What comes from outside is read without running, following or unpacking it."""

import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from tts_daemon.errors import CheckpointError
from tts_daemon.workshop.checkpoints import safe_files


class Hostile:
    """Makes a directory when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.trace),)


def test_a_hostile_checkpoint_is_refused_unrun(tmp_path: Path) -> None:
    trace, file = tmp_path / "trace", tmp_path / "checkpoint_1.pth"
    torch.save({"model": {"weight": torch.ones(1)}, "extra": Hostile(trace)}, file)
    with pytest.raises(CheckpointError, match=r"checkpoint_1\.pth: holds something other"):
        safe_files.read_weights(file, "model")
    assert not trace.exists()


def test_a_bare_hostile_pickle_is_refused_unrun(tmp_path: Path) -> None:
    trace, file = tmp_path / "trace", tmp_path / "checkpoint_1.pth"
    file.write_bytes(pickle.dumps(Hostile(trace), protocol=2))
    with pytest.raises(CheckpointError, match=r"checkpoint_1\.pth"):
        safe_files.read_weights(file, "model")
    assert not trace.exists()


def test_states_of_published_trainings_are_harmless(tmp_path: Path) -> None:
    file = tmp_path / "checkpoint_1.pth"
    parameter = torch.nn.Parameter(torch.ones(3))
    optimizer = torch.optim.Adam([parameter])
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [10, 20])
    state = {
        "model": {"weight": torch.ones(3)},
        "optimizer": optimizer.state_dict(),
        "scheduler": schedule.state_dict(),
        "steps": np.float64(12.0),
        "best": np.int64(3),
    }
    torch.save(state, file)
    assert safe_files.read_weights(file, "model")["weight"].tolist() == [1, 1, 1]


@pytest.mark.parametrize("keep", [0, 1, 100, 900])
def test_a_truncated_checkpoint_says_so(tmp_path: Path, keep: int) -> None:
    file = tmp_path / "checkpoint_1.pth"
    torch.save({"model": {"weight": torch.ones(100)}}, file)
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(CheckpointError, match=r"checkpoint_1\.pth: .*download the model again"):
        safe_files.read_weights(file, "model")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ([1, 2], "no key 'model'"),
        ({"weights": {}}, "no key 'model'"),
        ({"model": [1]}, "model is no table"),
        ({"model": {"weight": 3}}, r"model\.weight is no tensor"),
        ({"model": {"weight": torch.ones(2, dtype=torch.int64)}}, r"model\.weight is no tensor"),
        ({"model": {"weight": torch.tensor([1.0, float("nan")])}}, r"model\.weight .* not finite"),
    ],
)
def test_weights_that_are_none(tmp_path: Path, content: object, complaint: str) -> None:
    file = tmp_path / "checkpoint_1.pth"
    torch.save(content, file)
    with pytest.raises(CheckpointError, match=complaint):
        safe_files.read_weights(file, "model")


def test_missing_files_are_named(tmp_path: Path) -> None:
    for read in (
        lambda path: safe_files.read_weights(path, "model"),
        safe_files.read_yaml,
        lambda path: safe_files.read_array(path, 2, "f0"),
    ):
        with pytest.raises(CheckpointError, match=r"nothing-here: No such file"):
            read(tmp_path / "nothing-here")


def bomb(depth: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for level in range(1, depth):
        aliases = ", ".join([f"*a{level - 1}"] * 10)
        lines.append(f"a{level}: &a{level} [{aliases}]")
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (bomb(9), "once expanded"),
        ("a: &a [*a]", "once expanded"),
        ("[" * 5000, "cannot be read"),
        ("a: [1, 2", "cannot be read"),
        ("- 1\n- 2", "no mapping"),
        ("", "no mapping"),
        ("!!python/object/apply:os.getcwd []", "cannot be read"),
        ("a: '" + "x" * safe_files.YAML_BYTES + "'", "longer than"),
        ("a: \x00", "cannot be read"),
    ],
)
def test_hostile_or_broken_yaml(tmp_path: Path, content: str, complaint: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(content)
    with pytest.raises(CheckpointError, match=rf"config\.yaml: .*{complaint}"):
        safe_files.read_yaml(file)


def test_yaml_that_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes(b"a: \xff\xfe")
    with pytest.raises(CheckpointError, match=r"config\.yaml: cannot be read"):
        safe_files.read_yaml(file)


def test_a_few_aliases_are_fine(tmp_path: Path) -> None:
    # yaml.dump writes them for lists that occur twice.
    file = tmp_path / "config.yaml"
    file.write_text("dilations: [&d [1, 3], *d, *d]")
    assert safe_files.read_yaml(file) == {"dilations": [[1, 3]] * 3}


def test_arrays(tmp_path: Path) -> None:
    file = tmp_path / "mvn.npy"
    np.save(file, np.array([[200.0], [50.0]]))
    assert safe_files.read_array(file, 2, "f0").tolist() == [200, 50]
    with pytest.raises(
        CheckpointError, match=r"mvn\.npy: 2 values, but speaker_units asks for 192"
    ):
        safe_files.read_array(file, 192, "speaker_units")
    np.save(file, np.array([np.inf, 1]))
    with pytest.raises(CheckpointError, match="not finite"):
        safe_files.read_array(file, 2, "f0")
    np.save(file, np.array([{"a": 1}], dtype=object))
    with pytest.raises(CheckpointError, match="no array of numbers"):
        safe_files.read_array(file, 1, "f0")
    file.write_bytes(b"\x93NUMPY")
    with pytest.raises(CheckpointError, match="no array of numbers"):
        safe_files.read_array(file, 1, "f0")


def test_paths_stay_inside(tmp_path: Path) -> None:
    root = tmp_path / "model"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    assert safe_files.inside(root, "am/config.yaml") == (root / "am" / "config.yaml").resolve()
    for path in ("../other", "/etc/passwd", "link/secret"):
        with pytest.raises(CheckpointError, match="leads out of the model directory"):
            safe_files.inside(root, path)


@pytest.mark.parametrize("name", ["../evil", "/evil", "voices/../../evil", "C:/evil", "..\\evil"])
def test_archives_do_not_write_outside(tmp_path: Path, name: str) -> None:
    archive, target = tmp_path / "voices.zip", tmp_path / "in" / "target"
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("voices/good", "good")
        content.writestr(name, "evil")
    with pytest.raises(CheckpointError, match=r"voices\.zip: .*leads out of it"):
        safe_files.unzip(archive, target)
    assert not [path for path in tmp_path.rglob("*") if "evil" in path.name or "good" in path.name]


def test_archives_with_links_are_refused(tmp_path: Path) -> None:
    archive = tmp_path / "voices.zip"
    link = zipfile.ZipInfo("voices/link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr(link, "/etc/passwd")
    with pytest.raises(CheckpointError, match="leads out"):
        safe_files.unzip(archive, tmp_path / "target")


def test_archives_that_unpack_to_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safe_files, "ZIP_BYTES", 1000)
    archive = tmp_path / "voices.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as content:
        content.writestr("voices/zeros", bytes(2000))
    with pytest.raises(CheckpointError, match="more than a voice can be"):
        safe_files.unzip(archive, tmp_path / "target")


def test_a_damaged_archive(tmp_path: Path) -> None:
    archive = tmp_path / "voices.zip"
    archive.write_bytes(b"PK\x03\x04 and nothing more")
    with pytest.raises(CheckpointError, match=r"voices\.zip: damaged"):
        safe_files.unzip(archive, tmp_path / "target")
