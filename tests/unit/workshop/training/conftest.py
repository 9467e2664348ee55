"""A corpus of four sung syllable pairs, small enough to train on within a second."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tts_daemon.workshop.training.corpus import corpus as corpora
from tts_daemon.workshop.training.corpus.corpus import Corpus

DURATIONS = [4, 6, 14, 6, 14, 40]


def make_record(number: int, emotion: str, pitch_hz: float) -> dict[str, Any]:
    frames = sum(DURATIONS)
    f0 = np.full(frames, 9.0)
    f0[10:24] = f0[30:44] = pitch_hz
    return {
        "file": f"{number}.flac",
        "text": "妈妈。",
        "emotion": emotion,
        "phones": ["sil", "m_c", "a_c", "m_c", "a_c", "#4"],
        "tones": [0, 1, 1, 5, 5, 0],
        "words": [0, 1, 1, 3, 3, 0],
        "durations": DURATIONS,
        "f0": f0.tolist(),
        "energy": [0.0] * frames,
    }


def sing(record: dict[str, Any]) -> np.ndarray:
    f0 = np.repeat(np.array(record["f0"]), 200)
    voiced = f0 > 100
    phase = 2 * np.pi * np.cumsum(f0) / 16000
    hum = sum(np.sin(k * phase) / k for k in range(1, 6)) * voiced * 0.1
    return hum + np.random.default_rng(0).normal(0, 0.001, len(f0))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Recordings and labels as the teacher's step leaves them."""
    folder = tmp_path / "source"
    folder.mkdir()
    pitches_hz = (200, 300, 220, 180)
    emotions = ("neutral", "angry", "neutral", "sad")
    records = [
        make_record(i, e, p) for i, (e, p) in enumerate(zip(emotions, pitches_hz, strict=True))
    ]
    for record in records:
        soundfile.write(folder / record["file"], sing(record), 16000)
    lines = [json.dumps(record, ensure_ascii=False) for record in records]
    (folder / "labels.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


@pytest.fixture
def corpus(source: Path, tmp_path: Path) -> Corpus:
    """The same, as the trainers read it."""
    corpora.build([source], tmp_path / "cache", lambda _text: None, lambda _line: None)
    return corpora.load(tmp_path / "cache")
