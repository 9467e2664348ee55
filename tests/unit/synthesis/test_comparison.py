"""A voice compared with the one that it was made from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fakes import toy_voice as toy

from tts_daemon.domain import Clause, Style, Symbol
from tts_daemon.runtime.engine import Floats
from tts_daemon.synthesis.comparison import compare, load, render, save
from tts_daemon.synthesis.voice import Voice

PHONES = (
    Symbol("b_c", "tone1", "s_begin", "word_begin"),
    Symbol("a_c", "tone1", "s_end", "word_end"),
    Symbol("#4", "tone_none", "s_none", "word_none"),
)
CLAUSES = [
    Clause(str(count), "", (), (), (), PHONES * count, Style()) for count in (12, 0, 9)
]  # the one without symbols is only a pause


def _voice(**replaced: toy.NumpyGraph) -> Voice:
    return Voice(toy.manifest(), {**toy.graphs(), **replaced})


def test_a_voice_is_no_distance_from_itself() -> None:
    distance = compare(_voice(), CLAUSES, render(_voice(), CLAUSES))
    assert (distance.snr_db, distance.mel_distance_db) == (float("inf"), 0)


def test_a_vocoder_is_judged_on_the_reference_s_frames() -> None:
    def louder(**inputs: Floats) -> dict[str, Floats]:
        outputs = toy.vocoder(**inputs)
        return {**outputs, "waveform": outputs["waveform"] * np.float32(1.1)}

    changed = compare(
        _voice(vocoder=toy.NumpyGraph(louder, states=toy.VOCODER_STATES)),
        CLAUSES,
        render(_voice(), CLAUSES),
    )
    assert changed.snr_db == pytest.approx(20, abs=0.01)
    assert changed.mel_distance_db == pytest.approx(0.83, abs=0.2)  # some bands are empty


def test_other_durations_do_not_spoil_the_comparison() -> None:
    def slower(**inputs: Floats) -> dict[str, Floats]:
        outputs = toy.duration(**inputs)
        return {**outputs, "log_duration": outputs["log_duration"] + np.float32(0.5)}

    slow = _voice(duration=toy.NumpyGraph(slower))
    assert compare(slow, CLAUSES, render(_voice(), CLAUSES)).mel_distance_db == 0


def test_renderings_can_be_kept_in_a_file(tmp_path: Path) -> None:
    renderings = render(_voice(), CLAUSES)
    save(renderings, tmp_path / "a.npz")
    for kept, rendering in zip(load(tmp_path / "a.npz"), renderings, strict=True):
        np.testing.assert_array_equal(kept.frames, rendering.frames)
        np.testing.assert_array_equal(kept.durations, rendering.durations)
        np.testing.assert_array_equal(kept.waveform, rendering.waveform)
