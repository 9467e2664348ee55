"""tts-bench: the measurement of plain eager torch, in a process of its own."""

from __future__ import annotations

import json
import statistics
import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tts_daemon.cli.bench_measure import Measured, MeasureTask, peak_rss_mb
from tts_daemon.extras import importing
from tts_daemon.runtime.machine import available_cores


def main() -> int:
    """Read a task from standard input, write the measurement to standard output."""
    json.dump(asdict(measure(MeasureTask(**json.load(sys.stdin)))), sys.stdout)
    return 0


def measure(task: MeasureTask) -> Measured:
    """Load a checkpoint and speak; the text is one sentence, heard when it is finished.

    Raises:
        CheckpointError: The model cannot be read.
    """
    with importing("convert"):
        from tts_daemon.workshop.checkpoints import checkpoint
        from tts_daemon.workshop.measure import eager

    eager.use_threads(task.threads or available_cores())
    with checkpoint.open_model(Path(task.directory)) as root:
        files = checkpoint.find_files(root, None)
        voice = checkpoint.load_voice(files)
        size_bytes = files.acoustic.stat().st_size + files.vocoder.stat().st_size
    speaker, sentence = eager.EagerVoice(voice), eager.whole_sentence(voice, task.text)
    seconds, waveform = [], np.zeros(0, np.float32)
    for _ in range(1 + task.repeats):
        begin_s = time.perf_counter()
        waveform = speaker.speak(sentence)
        seconds.append(time.perf_counter() - begin_s)
    latency_s = statistics.median(seconds[1:])
    return _row(task, size_bytes, latency_s, waveform, voice.sample_rate)


def _row(
    task: MeasureTask, size_bytes: int, latency_s: float, waveform: NDArray[np.float32], rate: int
) -> Measured:
    audio_s = len(waveform) / rate
    return Measured(
        mode=task.voice,
        voice=Path(task.directory).name,
        size_mb=round(size_bytes / 1e6, 2),
        peak_rss_mb=peak_rss_mb(),
        latency_50_chars_ms=round(latency_s * 1000, 1),
        real_time_factor=round(latency_s / audio_s, 4),
        first_audio_ms=round(latency_s * 1000, 1),
        audio_ms=round(audio_s * 1000),
        snr_db=None,
        mel_distance_db=None,
    )


if __name__ == "__main__":
    sys.exit(main())
