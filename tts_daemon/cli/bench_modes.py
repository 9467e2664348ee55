"""tts-bench: a published model in every mode, from plain torch to static INT8."""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

from tts_daemon.cli.bench_measure import Measured, MeasureTask
from tts_daemon.cli.bench_rows import Bench, measure
from tts_daemon.cli.bench_rows import rows as measure_packages
from tts_daemon.errors import VoiceError
from tts_daemon.extras import importing
from tts_daemon.voices.store import VoiceStore

EAGER = "fp32-torch"
MODES = (EAGER, "fp32-onnx", "dynamic", "static", "fx", "fx-qnnpack")
"""As in the table; all but the first are packages. `fx` is torch's engine for this processor, which
elsewhere than on x86-64 is qnnpack."""
_EAGER_MODULE = "tts_daemon.cli.bench_eager"


def rows(options: argparse.Namespace, directory: Path, bench: Bench) -> Iterator[Measured]:
    """Make the packages that are missing in `directory`, and measure every mode.

    Raises:
        MissingExtraError: The extra `[convert]` is not installed.
        TtsError: The model cannot be read, or a measurement failed.
    """
    model = options.model or _random_model(options.random, directory)
    wanted = options.mode or usual_modes()
    models = directory / "packages"
    _make_packages(model, models, [mode for mode in wanted if mode != EAGER])
    if EAGER in wanted:
        yield measure(_eager_task(model, bench))
    store = VoiceStore([models])
    # Without it nothing could be compared.
    names = [mode for mode in MODES if mode in wanted and mode != EAGER]
    yield from measure_packages([store.find(name) for name in names], store, bench)


def usual_modes() -> list[str]:
    """What is measured where nothing else is asked for: every mode, no engine of torch twice."""
    return [mode for mode in MODES if mode != "fx-qnnpack" or _is_x86()]


def _random_model(size: str, directory: Path) -> Path:
    with importing("convert"):
        from tts_daemon.workshop.models.random_voice import make_random_voice

    model = directory / f"random-{size}"
    if not model.exists():
        _say(f"making a random model of the {size} size")
        make_random_voice(model, size)
    return model


def _make_packages(model: Path, models: Path, modes: list[str]) -> None:
    """Packages named like their modes; `fp32-onnx` always, since others are compared with it."""
    with importing("convert"):
        from tts_daemon.workshop.measure.eager import use_threads
        from tts_daemon.workshop.package import convert

    missing = [
        mode for mode in dict.fromkeys(["fp32-onnx", *modes]) if not (models / mode).exists()
    ]
    if not missing:
        return
    # On a busy machine threads that wait for each other lose more than such small layers gain.
    use_threads(1)
    # Random weights fail every limit of quality; what is measured here is the time.
    choice = convert.Conversion(force=True, mode=conversion_of(missing[0]))
    prepared = convert.prepare(model, choice, _say)
    for mode in missing:
        _say(f"{mode}:")
        choice = convert.Conversion(force=True, mode=conversion_of(mode))
        convert.write(prepared, models / mode, choice, _say)


def conversion_of(mode: str) -> str:
    """The workshop's name of a mode."""
    native = "fx-x86" if _is_x86() else "fx-qnnpack"
    return {"fp32-onnx": "fp32", "fx": native}.get(mode, mode)


def _is_x86() -> bool:
    return platform.machine() == "x86_64"


def _eager_task(model: Path, bench: Bench) -> MeasureTask:
    if not model.exists():
        raise VoiceError(f"{model}: does not exist; a model directory or voices.zip is expected")
    return MeasureTask(
        voice=EAGER,
        directory=str(model),
        text=bench.text,
        threads=bench.threads,
        repeats=bench.repeats,
        module=_EAGER_MODULE,
    )


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
