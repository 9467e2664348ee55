"""How the teacher is led: its graph in two halves (a tiny one here), durations, pauses."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from tts_daemon.errors import CheckpointError
from tts_daemon.text.phrasing import Phrasing
from tts_daemon.workshop.training.teacher.curriculum import Prompt
from tts_daemon.workshop.training.teacher.graph import (
    DURATION,
    ENERGY,
    F0,
    PROSODY_FILE,
    SOUND_FILE,
    WAVEFORM,
    cut,
)
from tts_daemon.workshop.training.teacher.phones import Script
from tts_daemon.workshop.training.teacher.recording import script_of
from tts_daemon.workshop.training.teacher.teacher import (
    Teacher,
    kept_units,
    phone_spans,
    syllables,
    without_whistles,
)


def tiny_graph(path: Path, f0: str = F0) -> None:
    """x -> f0 = 2x, energy = 3x, duration = x + 1, other = 5x; sound = f0 + energy x other."""
    node, number = helper.make_node, helper.make_tensor_value_info
    constants = [
        helper.make_tensor(name, TensorProto.FLOAT, [1], [value])
        for name, value in (("one", 1.0), ("two", 2.0), ("three", 3.0), ("five", 5.0))
    ]
    nodes = [
        node("Mul", ["x", "two"], [f0]),
        node("Mul", ["x", "three"], [ENERGY]),
        node("Add", ["x", "one"], [DURATION]),
        node("Mul", ["x", "five"], ["other"]),
        node("Mul", [ENERGY, "other"], ["product"]),
        node("Add", [f0, "product"], ["audio"]),
    ]
    x, audio = (number(name, TensorProto.FLOAT, [2]) for name in ("x", "audio"))
    graph = helper.make_graph(nodes, "tiny", [x], [audio], constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)


def run(path: Path, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds), strict=True))


def test_both_halves_together_are_the_whole_and_f0_can_be_moved(tmp_path: Path) -> None:
    tiny_graph(tmp_path / "whole.onnx")
    cut(tmp_path / "whole.onnx", tmp_path)
    x = np.array([1.0, 2.0], np.float32)
    between = run(tmp_path / PROSODY_FILE, {"x": x})
    assert between.pop(DURATION).tolist() == [2.0, 3.0]
    assert run(tmp_path / SOUND_FILE, between)[WAVEFORM].tolist() == [17.0, 64.0]
    between[F0] = between[F0] + 100
    assert run(tmp_path / SOUND_FILE, between)[WAVEFORM].tolist() == [117.0, 164.0]


def test_another_graph_is_refused(tmp_path: Path) -> None:
    tiny_graph(tmp_path / "whole.onnx", f0="other_f0")
    with pytest.raises(CheckpointError, match="not the Kokoro graph"):
        cut(tmp_path / "whole.onnx", tmp_path)


def test_a_missing_teacher_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="scripts/train-voice"):
        Teacher(tmp_path)


@pytest.fixture(scope="module")
def spoken() -> Script:
    """`t a → space`, pause, `(y) i ↓ .`: an own y is nothing to the teacher."""
    found = script_of(Prompt("他，以。"), Phrasing())
    assert found is not None
    assert [p.symbol.sy for p in found.phones] == ["t_c", "a_c", "#3", "y_c", "i_c", "#4"]
    return found


UNITS = np.array([9, 2, 1, 3, 4, 20, 30, 2, 8, 5])
"""Silence; t ʰ, a →, comma and space; i ↓; full stop; silence: see OWNERS."""
OWNERS = [0, 0, 1, 1, 2, 2, 4, 4]
ENDING = np.append(UNITS, [6])


def spans_of(spoken: Script) -> np.ndarray:
    return phone_spans(spoken, ENDING, [*OWNERS, 5])


def test_frames_of_letters_add_up_to_phones(spoken: Script) -> None:
    spans = spans_of(spoken)
    assert spans[0] == 18
    assert np.diff(spans).tolist() == [6, 14, 100, 6, 14, 22]  # y has its share of the i
    assert [(s.start, s.rime, s.tone) for s in syllables(spoken, spans)] == [
        (18, 24, 1),
        (138, 144, 3),
    ]


def test_long_silences_are_shortened(spoken: Script) -> None:
    spans = spans_of(spoken)
    keep = kept_units(spoken, spans)
    assert len(keep) == ENDING.sum()
    assert keep[:9].sum() == 6
    assert keep[19:69].sum() == 10
    assert keep[19:24].all()
    assert keep[64:69].all()
    assert keep[79:].sum() == 11


def test_steady_tones_are_taken_out_and_nothing_else() -> None:
    time = np.arange(24000) / 24000
    voice = np.sin(2 * np.pi * 4700 * time)
    whistle = 0.01 * sum(np.sin(2 * np.pi * f * time) for f in (4800, 7200, 9600))
    clean = without_whistles((voice + whistle).astype(np.float32))
    assert np.abs(clean - voice).max() < 0.002
