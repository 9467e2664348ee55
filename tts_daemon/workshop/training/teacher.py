"""Makes the corpus: the teacher reads sentences in six styles, with labels exact to the frame.

The teacher is Kokoro-82M (Apache-2.0), a blend of two Mandarin styles. Only its speech is used, its
weights are not shipped. Letters: N samples, T frames of 12.5 ms, L phones.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from tts_daemon.errors import CheckpointError
from tts_daemon.runtime.engine import GraphOptions
from tts_daemon.runtime.onnx_engine import OnnxEngine
from tts_daemon.text.normalize import normalize
from tts_daemon.text.phrasing import Phrasing
from tts_daemon.workshop.training.features import HOP_LENGTH, SAMPLE_RATE
from tts_daemon.workshop.training.teacher_graph import DURATION, open_up
from tts_daemon.workshop.training.teacher_phones import Phone, script

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

TEACHER_RATE = 24000
FRAMES_PER_UNIT = 2
"""The teacher counts durations in units of 25 ms."""
BLEND = {"zf_xiaoxiao": 0.5, "zf_xiaobei": 0.5}
MEAN_F0_HZ = 224.0
"""Of the blend; ranges are widened and narrowed around it."""
LEAD_IN_FRAMES = 8
"""A phone is heard before its label begins (`alignment.py`): less would cut the first one."""
PAUSE_FRAMES = 20
"""Inner pauses are shortened to 0.25 s."""
CROSS_FADE_SAMPLES = 80
LOUDNESS_RMS = 0.1


@dataclass(frozen=True)
class TeacherStyle:
    """How the teacher is made to sound.

    Attributes:
        share: Sentences in this style, relative to the others.
        mean: Factor on the mean f0.
        span: Factor on the range of f0.
        speed: Factor on the speaking rate.
        energy: Added to its energy contour.
    """

    share: int
    mean: float = 1.0
    span: float = 1.0
    speed: float = 1.0
    energy: float = 0.0


STYLES = {
    "neutral": TeacherStyle(11),
    "happy": TeacherStyle(2, 1.15, 1.4, 1.1, 0.6),
    "sad": TeacherStyle(2, 0.9, 0.6, 0.82, -1.2),
    "angry": TeacherStyle(2, 1.08, 1.35, 1.12, 1.8),
    "gentle": TeacherStyle(2, 1.02, 0.8, 0.92, -0.6),
    "excited": TeacherStyle(2, 1.22, 1.5, 1.15, 1.0),
}


@dataclass(frozen=True)
class Reading:
    """What the teacher said.

    Attributes:
        waveform: At 16 kHz [N].
        durations: Frames per phone [L].
        f0: Hz per frame [T].
        energy: Per frame [T].
    """

    waveform: Floats
    durations: Integers
    f0: Floats
    energy: Floats


class Teacher:
    """Reads scripts aloud."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Open `folder`: kokoro.onnx, vocab.json, and the styles' `.bin` files.

        Raises:
            CheckpointError: A file is missing.
        """
        for name in ("kokoro.onnx", "vocab.json", *(f"{style}.bin" for style in BLEND)):
            if not (folder / name).is_file():
                raise CheckpointError(f"{folder / name} is missing; scripts/train-voice fetches it")
        opened = folder / "kokoro_opened.onnx"
        if not opened.is_file():
            open_up(folder / "kokoro.onnx", opened)
        self._graph = OnnxEngine().load(opened, GraphOptions(threads))
        vocabulary = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
        self._ids: dict[str, int] = vocabulary["vocab"]
        tables = [
            weight * np.fromfile(folder / f"{style}.bin", np.float32).reshape(-1, 256)
            for style, weight in BLEND.items()
        ]
        self._styles = np.sum(tables, axis=0)

    def read(self, phones: list[Phone], style: TeacherStyle) -> Reading:
        """Speak a script; the lead-in comes as one more phone at the front."""
        tokens, owners = self._tokens(phones)
        controls = {
            "f0_scale": style.span,
            "f0_bias": MEAN_F0_HZ * (style.mean - style.span),
            "energy_scale": 1.0,
            "energy_bias": style.energy,
            "speed": style.speed,
        }
        row = min(len(tokens), len(self._styles)) - 1
        made = self._graph.run(
            {
                "tokens": np.array([[0, *tokens, 0]], np.int64),
                "style": self._styles[row : row + 1].astype(np.float32),
                **{name: np.array([value], np.float32) for name, value in controls.items()},
            }
        )
        units = made.pop(DURATION).ravel().astype(np.int64)
        f0, energy = made.pop("f0_moved").ravel(), made.pop("energy_moved").ravel()
        (waveform,) = made.values()
        durations = _durations(phones, units, owners)
        lead_in = FRAMES_PER_UNIT * int(units[0])
        _silence_to_pauses(phones, durations, f0[lead_in:], energy[lead_in:])
        at_16k = soxr.resample(waveform.ravel().astype(np.float64), TEACHER_RATE, SAMPLE_RATE)
        whole = Reading(
            at_16k.astype(np.float32), np.concatenate([[lead_in], durations]), f0, energy
        )
        return _trim(whole, [False] + [phone.sy == "#3" for phone in phones])

    def _tokens(self, phones: list[Phone]) -> tuple[list[int], list[int]]:
        """Ids of all letters, and the phone that each belongs to."""
        pairs = [(self._ids[c], place) for place, p in enumerate(phones) for c in p.letters]
        return [token for token, _ in pairs], [owner for _, owner in pairs]


def style_of(text: str) -> str:
    """The style in which a sentence is read; always the same one for a text."""
    names = [name for name, style in STYLES.items() for _ in range(style.share)]
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    return names[int(digest, 16) % len(names)]


def make_corpus(
    teacher: Teacher, texts: Iterable[str], target: Path, report: Callable[[str], None]
) -> None:
    """Read every sentence into `target` (labels.jsonl and wav/); those already there are kept."""
    (target / "wav").mkdir(parents=True, exist_ok=True)
    labels = target / "labels.jsonl"
    done = _whole_lines(labels)
    phrasing = Phrasing()
    with labels.open("a", encoding="utf-8") as lines:
        for number, text in enumerate(texts):
            name = f"wav/{number:05d}.flac"
            if name in done:
                continue
            spoken = normalize(text).text
            phones = script(phrasing.read(spoken), spoken)
            if phones is None:
                continue
            emotion = style_of(text)
            reading = teacher.read(phones, STYLES[emotion])
            soundfile.write(target / name, _levelled(reading.waveform), SAMPLE_RATE)
            record = _record(name, spoken, emotion, phones, reading)
            lines.write(json.dumps(record, ensure_ascii=False) + "\n")
            lines.flush()
            if number % 50 == 0:
                report(f"teacher: sentence {number}")


def _durations(phones: list[Phone], units: Integers, owners: list[int]) -> Integers:
    durations = np.zeros(len(phones), np.int64)
    np.add.at(durations, owners, FRAMES_PER_UNIT * units[1:-1])
    for place, phone in enumerate(phones):
        # ga, ge, go, and y or w before their own vowel: the start of the final is theirs.
        if phone.tone and durations[place] == 0:
            durations[place] = max(1, int(durations[place + 1] * 0.3))
            durations[place + 1] -= durations[place]
    # What is behind the last letter belongs to the last pause.
    durations[-1] += FRAMES_PER_UNIT * int(units[-1])
    return durations


def _silence_to_pauses(
    phones: list[Phone], durations: Integers, f0: Floats, energy: Floats
) -> None:
    """Give the silent end of a final to the pause behind it, in place."""
    ends = np.cumsum(durations)
    for place, phone in enumerate(phones):
        if not phone.sy.startswith("#") or place == 0:
            continue
        silent = 0
        frame = int(ends[place - 1]) - 1
        while (
            durations[place - 1] - silent > 4
            and f0[frame - silent] < 20.0
            and energy[frame - silent] < 0.0
        ):
            silent += 1
        moved = max(0, silent - 2)
        durations[place - 1] -= moved
        durations[place] += moved


def _trim(reading: Reading, inner_pause: list[bool]) -> Reading:
    """Shorten the lead-in and the inner pauses; the cuts are faded into each other."""
    durations = reading.durations.copy()
    starts = np.concatenate([[0], np.cumsum(durations)])
    keep = np.ones(int(starts[-1]), bool)
    excess = int(durations[0]) - LEAD_IN_FRAMES
    if excess > 0:
        keep[:excess] = False
        durations[0] = LEAD_IN_FRAMES
    for place, is_pause in enumerate(inner_pause):
        if is_pause and durations[place] > PAUSE_FRAMES:
            half = PAUSE_FRAMES // 2
            keep[starts[place] + half : starts[place + 1] - (PAUSE_FRAMES - half)] = False
            durations[place] = PAUSE_FRAMES
    waveform = _cut(reading.waveform[: len(keep) * HOP_LENGTH], keep)
    frames = slice(0, len(keep))
    return Reading(waveform, durations, reading.f0[frames][keep], reading.energy[frames][keep])


def _cut(waveform: Floats, keep: NDArray[np.bool_]) -> Floats:
    """Take the frames that `keep` names, with a short cross-fade at each cut."""
    padded = np.zeros(len(keep) * HOP_LENGTH, np.float32)
    padded[: len(waveform)] = waveform
    edges = np.flatnonzero(np.diff(np.concatenate([[0], keep.astype(int), [0]])))
    pieces = [padded[a * HOP_LENGTH : b * HOP_LENGTH].copy() for a, b in edges.reshape(-1, 2)]
    fade = np.linspace(0.0, 1.0, CROSS_FADE_SAMPLES, dtype=np.float32)
    for before, after in pairwise(pieces):
        before[-CROSS_FADE_SAMPLES:] *= fade[::-1]
        after[:CROSS_FADE_SAMPLES] *= fade
    return np.concatenate(pieces)


def _levelled(waveform: Floats) -> Floats:
    peak, rms = float(np.abs(waveform).max()), float(np.sqrt(np.mean(waveform**2)))
    level: Floats = waveform * min(0.9 / max(peak, 1e-4), LOUDNESS_RMS / max(rms, 1e-4))
    return level.astype(np.float32, copy=False)


def _record(
    name: str, text: str, emotion: str, phones: list[Phone], reading: Reading
) -> dict[str, Any]:
    return {
        "file": name,
        "text": text,
        "emotion": emotion,
        "phones": ["sil", *(phone.sy for phone in phones)],
        "tones": [0, *(phone.tone for phone in phones)],
        "words": [0, *(phone.word_code for phone in phones)],
        "durations": reading.durations.tolist(),
        "f0": reading.f0.round().astype(int).tolist(),
        "energy": reading.energy.round(2).astype(float).tolist(),
    }


def _whole_lines(labels: Path) -> set[str]:
    """Names of the recordings that are labelled; a line that was cut off is removed."""
    if not labels.is_file():
        return set()
    whole = [
        line for line in labels.read_text(encoding="utf-8").splitlines(True) if line.endswith("\n")
    ]
    labels.write_text("".join(whole), encoding="utf-8")
    return {json.loads(line)["file"] for line in whole}
