"""tts-bench: the measurement of one voice, in a process of its own, since memory is measured."""

from __future__ import annotations

import json
import math
import statistics
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from tts_daemon.domain import Style
from tts_daemon.runtime.engines import Engines
from tts_daemon.synthesis import comparison
from tts_daemon.synthesis.synthesizer import Synthesizer
from tts_daemon.synthesis.voice import Voice
from tts_daemon.synthesis.voice_pool import VoicePool
from tts_daemon.text.frontend import Frontend
from tts_daemon.voices.manifest import Manifest
from tts_daemon.voices.store import VoiceStore


@dataclass(frozen=True, slots=True)
class MeasureTask:
    """What the process is asked to do.

    Attributes:
        voice: Name of the voice.
        directory: Where it lies.
        text: What to say.
        threads: For the large graphs; 0 for one per core.
        repeats: Runs, after one that does not count.
        reference: File with what the FP32 voice made of the text, to compare with; empty: none.
        save: File to write that to; empty: do not.
        module: What is run to carry it out.
    """

    voice: str
    directory: str
    text: str
    threads: int
    repeats: int
    reference: str = ""
    save: str = ""
    module: str = "tts_daemon.cli.bench_measure"


@dataclass(frozen=True, slots=True)
class Measured:
    """One row of the table; times are medians. `None`: not known on this machine, or no FP32."""

    mode: str
    voice: str
    size_mb: float
    peak_rss_mb: float | None
    latency_50_chars_ms: float
    real_time_factor: float
    first_audio_ms: float
    audio_ms: float
    snr_db: float | None
    mel_distance_db: float | None


def main() -> int:
    """Read a task from standard input, write the measurement to standard output."""
    json.dump(asdict(measure(MeasureTask(**json.load(sys.stdin)))), sys.stdout)
    return 0


def measure(task: MeasureTask) -> Measured:
    """Load the voice, speak, and compare.

    Raises:
        VoiceError: The voice is missing or damaged.
    """
    store = VoiceStore([Path(task.directory)], task.voice)
    voices = VoicePool(store, Engines(), task.threads)
    frontend, voice = Frontend(), voices.get()
    synthesizer = Synthesizer(frontend, voices)
    runs = [_timed(synthesizer, task.text, voice.usual_style) for _ in range(1 + task.repeats)][1:]
    total_s, first_s, audio_s = (statistics.median(values) for values in zip(*runs, strict=True))
    peak_mb = peak_rss_mb()  # before the comparison, which works on whole utterances
    distance = _compare(task, frontend, voice)
    return Measured(
        mode=_mode(voice.manifest),
        voice=task.voice,
        size_mb=round(voice.manifest.size_bytes() / 1e6, 2),
        peak_rss_mb=peak_mb,
        latency_50_chars_ms=round(total_s * 1000, 1),
        real_time_factor=round(total_s / audio_s, 4),
        first_audio_ms=round(first_s * 1000, 1),
        audio_ms=round(audio_s * 1000),
        snr_db=_finite(distance.snr_db) if distance else None,
        mel_distance_db=round(distance.mel_distance_db, 3) if distance else None,
    )


def _mode(manifest: Manifest) -> str:
    """As the table calls it; where the package does not say it, by its graphs."""
    made = str(manifest.quality.get("mode", ""))
    made = made or {"int8": "static", "fp32": "fp32"}[manifest.precision]
    return "fp32-onnx" if made == "fp32" else made.partition("-")[0]


def _timed(synthesizer: Synthesizer, text: str, style: Style) -> tuple[float, float, float]:
    """Seconds to the end and to the first sound, and seconds of speech."""
    begin = time.perf_counter()
    first_s = audio_s = 0.0
    for chunk in synthesizer.stream(text, style):
        first_s = first_s or time.perf_counter() - begin
        audio_s += chunk.duration_s
    return time.perf_counter() - begin, first_s, audio_s


def _compare(task: MeasureTask, frontend: Frontend, voice: Voice) -> comparison.Distance | None:
    clauses = list(frontend.read(task.text, voice.usual_style, voice.traits))
    if task.save:
        comparison.save(comparison.render(voice, clauses), Path(task.save))
    if not task.reference:
        return None
    return comparison.compare(voice, clauses, comparison.load(Path(task.reference)))


def _finite(value: float) -> float | None:
    """Rounded; equal waveforms have no noise, and JSON has no infinity."""
    return round(value, 2) if math.isfinite(value) else None


def peak_rss_mb() -> float | None:
    """Highest resident set so far. `getrusage` would begin with the parent's."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return None
    kilobytes = status.partition("VmHWM:")[2].split()[0]
    return round(int(kilobytes) * 1024 / 1e6, 1)


if __name__ == "__main__":
    sys.exit(main())
