"""Makes the corpus: recordings of the teacher at 24 kHz, with a line of labels for each.

A folder holds `labels.jsonl` and `wav/`. A record has `file`, `text`, `emotion`, `kind` (of a
question, or null) and, one per symbol, `phones`, `tones`, `flags`, `segments` and `durations`; the
first one, `sil`, is the lead-in. Durations are frames of 12.5 ms and add up to the length of `f0`
(Hz) and `energy`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from tts_daemon.text.normalize import Pronunciation, normalize
from tts_daemon.text.phrasing import Phrasing
from tts_daemon.workshop.training.teacher.curriculum import Prompt
from tts_daemon.workshop.training.teacher.phones import Script, script
from tts_daemon.workshop.training.teacher.teacher import (
    STYLES,
    TEACHER_HOP,
    TEACHER_RATE,
    Reading,
    Teacher,
)

Floats = NDArray[np.float32]

LEVEL_RMS = 0.115
"""Of the frames that are not silent."""
SILENT_BELOW = 0.03
"""Of the loudest frame's root mean square."""
HIGHEST_PEAK = 0.95
REPORT_EVERY = 25


def make_corpus(
    teacher: Teacher,
    tasks: Iterable[Prompt],
    target: Path,
    report: Callable[[str], None],
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Read every task into `target`, but for those that are there already."""
    (target / "wav").mkdir(parents=True, exist_ok=True)
    labels = target / "labels.jsonl"
    done = _whole_lines(labels)
    phrasing = Phrasing()
    with labels.open("a", encoding="utf-8") as lines:
        for number, task in enumerate(tasks):
            name = file_name(task)
            if stop():
                return
            if name in done or (spoken := script_of(task, phrasing)) is None:
                continue
            emotion = style_of(task.text)
            reading = teacher.read(spoken, STYLES[emotion])
            soundfile.write(target / name, levelled(reading.waveform), TEACHER_RATE)
            record = _record(name, spoken, emotion, reading)
            lines.write(json.dumps(record, ensure_ascii=False) + "\n")
            lines.flush()
            done.add(name)
            if number % REPORT_EVERY == 0:
                report(f"teacher: {number} {task.text}")


def script_of(task: Prompt, phrasing: Phrasing) -> Script | None:
    """What is to be read for a task; None where the teacher cannot."""
    spoken = normalize(task.text).text
    given = [Pronunciation(0, len(task.reading), task.reading)] if task.reading else []
    return script(phrasing.read(spoken, given), spoken)


def file_name(task: Prompt) -> str:
    """Of its recording; the same wherever the task stands in a list."""
    return f"wav/{_digest(task.text + ' '.join(task.reading))[:12]}.flac"


def style_of(text: str) -> str:
    """The style in which a text is read; always the same one."""
    names = [name for name, style in STYLES.items() for _ in range(style.share)]
    return names[int(_digest(text), 16) % len(names)]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def levelled(waveform: Floats) -> Floats:
    """The same at the corpus' loudness, silence not counted [N]."""
    frames = waveform[: len(waveform) // TEACHER_HOP * TEACHER_HOP].reshape(-1, TEACHER_HOP)
    power = np.square(frames, dtype=np.float64).mean(axis=1)
    heard = power[power > SILENT_BELOW**2 * power.max(initial=0.0)]
    rms = float(np.sqrt(heard.mean())) if len(heard) else 1.0
    peak = max(float(np.abs(waveform).max(initial=0.0)), 1e-4)
    louder: Floats = waveform * np.float32(min(LEVEL_RMS / rms, HIGHEST_PEAK / peak))
    return louder


def _record(name: str, spoken: Script, emotion: str, reading: Reading) -> dict[str, Any]:
    symbols = [phone.symbol for phone in spoken.phones]
    return {
        "file": name,
        "text": spoken.text,
        "emotion": emotion,
        "kind": spoken.question,
        "phones": ["sil", *(symbol.sy for symbol in symbols)],
        "tones": ["tone_none", *(symbol.tone for symbol in symbols)],
        "flags": ["s_none", *(symbol.syllable_flag for symbol in symbols)],
        "segments": ["word_none", *(symbol.word_segment for symbol in symbols)],
        "durations": [reading.lead_in, *reading.durations.tolist()],
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
