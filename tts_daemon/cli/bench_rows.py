"""tts-bench: one row of the table per voice, each measured in a fresh process."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tts_daemon.cli.bench_measure import Measured, MeasureTask
from tts_daemon.errors import VoiceError
from tts_daemon.voices.manifest import Manifest
from tts_daemon.voices.store import VoicePackage, VoiceStore


@dataclass(frozen=True, slots=True)
class Bench:
    """What is measured.

    Attributes:
        text: What is said.
        threads: For the large graphs; 0 for one per core.
        repeats: Runs to take the median of.
        against: Voice to compare with; None: the same voice in FP32.
    """

    text: str
    threads: int = 1
    repeats: int = 5
    against: str | None = None


def rows(packages: Sequence[VoicePackage], store: VoiceStore, bench: Bench) -> Iterator[Measured]:
    """Measure packages.

    Raises:
        VoiceError: One is missing or damaged, or its measurement failed.
    """
    with tempfile.TemporaryDirectory(prefix="tts-bench-") as directory:
        for package in packages:
            reference = _reference(package, store, bench.against)
            if reference is None:
                yield measure(_task(package, bench))
                continue
            saved = Path(directory) / f"{reference.manifest.name}.npz"
            if not saved.exists():
                measure(replace(_task(reference, bench), repeats=1, save=str(saved)))
            yield measure(replace(_task(package, bench), reference=str(saved)))


def measure(task: MeasureTask) -> Measured:
    """Run one measurement in a fresh process. Raises VoiceError when it fails."""
    print(f"measuring {task.voice}", file=sys.stderr, flush=True)
    done = subprocess.run(  # noqa: S603  (one of our own modules)
        [sys.executable, "-m", task.module],
        input=json.dumps(asdict(task)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise VoiceError(f"{task.voice} cannot be measured: {lines[-1]}")
    return Measured(**json.loads(done.stdout))


def twins(package: VoicePackage, store: VoiceStore) -> list[VoicePackage]:
    """The same voice in other precisions, as far as it is installed."""
    others = (store.find(name) for name in store.names() if name != package.manifest.name)
    return [other for other in others if _model(other.manifest) == _model(package.manifest)]


def _reference(
    package: VoicePackage, store: VoiceStore, against: str | None
) -> VoicePackage | None:
    """What a voice is compared with: the one asked for, or the same one in FP32."""
    if against:
        return store.find(against) if against != package.manifest.name else None
    if package.manifest.precision == "fp32":
        return None
    return next((t for t in twins(package, store) if t.manifest.precision == "fp32"), None)


def _model(manifest: Manifest) -> Manifest:
    """What two packages of one voice have in common."""
    return replace(manifest, name="", title="", graphs={}, quality={})


def _task(package: VoicePackage, bench: Bench) -> MeasureTask:
    return MeasureTask(
        voice=package.manifest.name,
        directory=str(package.directory.parent),
        text=bench.text,
        threads=bench.threads,
        repeats=bench.repeats,
    )
