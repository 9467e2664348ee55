"""tts-bench --tune: which precision and how many threads are fastest for each graph, here."""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from tts_daemon.cli.bench_rows import twins
from tts_daemon.domain import AudioChunk
from tts_daemon.errors import VoiceError
from tts_daemon.runtime.engines import NATIVE, ONNX, TORCHSCRIPT, Engines
from tts_daemon.runtime.machine import Machine, available_cores
from tts_daemon.runtime.native_engine import VOCODER, NativeEngine
from tts_daemon.runtime.timing import TimedEngine
from tts_daemon.service import assembly
from tts_daemon.settings.loader import load
from tts_daemon.settings.schema import Settings
from tts_daemon.synthesis import profile
from tts_daemon.synthesis.profile import Choice, Profile
from tts_daemon.synthesis.synthesizer import Synthesizer
from tts_daemon.synthesis.voice_pool import VoicePool
from tts_daemon.text.frontend import Frontend
from tts_daemon.voices.manifest import GRAPHS
from tts_daemon.voices.store import VoicePackage, VoiceStore

_WORTH = 0.95
"""Another choice must take at most this share of the time: measurements tremble."""

Times = dict[Choice, float]
"""Seconds that one graph took for the text."""
Speak = Callable[[str], Iterator[AudioChunk]]


def tune(options: argparse.Namespace) -> dict[str, Any]:
    """Measure, choose, and write the profile where the daemon reads it.

    Raises:
        VoiceError: A voice is missing or damaged, or the profile cannot be written.
    """
    settings = load(options.config).settings
    store = VoiceStore([options.models]) if options.models else assembly.voice_store(settings)
    path, here = _place(options, settings), Machine.here()
    tuned = profile.read(path, here)
    report = {}
    for name in options.voices or store.names()[:1] or [""]:
        package = store.find(name)
        choices, figures = _tune_voice(package, store, options)
        tuned = replace(tuned, voices={**tuned.voices, package.manifest.name: choices})
        report[package.manifest.name] = figures
    try:
        profile.write(tuned, path)
    except OSError as error:
        raise VoiceError(f"{path}: cannot be written: {error.strerror}; use sudo") from error
    return {
        "profile": str(path),
        "of_system": not options.models,
        "machine": asdict(here),
        "voices": report,
    }


def _place(options: argparse.Namespace, settings: Settings) -> Path:
    """Where the profile goes: voices that are not the system's leave the system's alone."""
    if options.models:
        return Path(options.models) / "tuned.json"
    return Path(settings.synthesis.profile).expanduser()


def _tune_voice(
    package: VoicePackage, store: VoiceStore, options: argparse.Namespace
) -> tuple[Mapping[str, Choice], dict[str, Any]]:
    times = _measure(package, store, options)
    choices = {graph: best(times[graph], package.manifest.name) for graph in GRAPHS}
    tuned = Profile(Machine.here(), {package.manifest.name: choices})
    usual_s, tuned_s = _race(package, store, options, tuned)
    if tuned_s >= usual_s:  # the parts were faster, the whole is not
        choices = {}
    return choices, {
        "usual_ms": round(usual_s * 1000, 1),
        "tuned_ms": round(tuned_s * 1000, 1),
        "graphs": {graph: asdict(choice) for graph, choice in choices.items()},
    }


def _measure(
    package: VoicePackage, store: VoiceStore, options: argparse.Namespace
) -> dict[str, Times]:
    """The fastest of some runs, for every graph in every precision with every number of threads."""
    times: dict[str, Times] = {graph: {} for graph in GRAPHS}
    candidates = [other for other in [package, *twins(package, store)] if _is_onnx(other)]
    for candidate in candidates:
        for threads in thread_counts(available_cores()):
            for engine in _vocoder_engines():
                name = candidate.manifest.name
                print(f"{name}, threads {threads}, {engine}", file=sys.stderr, flush=True)
                choices = _choices(candidate, threads, engine)
                seconds = _graph_seconds(candidate, choices, options)
                for graph, choice in choices.items():
                    times[graph][choice] = min(seconds[graph], times[graph].get(choice, math.inf))
    return times


def _vocoder_engines() -> list[str]:
    """What can play a vocoder here."""
    try:
        NativeEngine()
    except VoiceError:
        return [ONNX]
    return [ONNX, NATIVE]


def _choices(package: VoicePackage, threads: int, engine: str) -> dict[str, Choice]:
    """Every graph of a package with so many threads, its vocoder by one engine."""
    name = package.manifest.name
    choices = {
        graph: Choice(name, package.manifest.graphs[graph].sha256, threads) for graph in GRAPHS
    }
    return {**choices, VOCODER: replace(choices[VOCODER], engine=engine)}


def _is_onnx(package: VoicePackage) -> bool:
    return all(package.path(graph).suffix != TORCHSCRIPT for graph in GRAPHS)


def thread_counts(cores: int) -> list[int]:
    """1, 2, 4, ... and the number of cores."""
    counts = {cores, *(2**power for power in range(cores.bit_length()))}
    return sorted(count for count in counts if count <= cores)


def _graph_seconds(
    package: VoicePackage, choices: Mapping[str, Choice], options: argparse.Namespace
) -> dict[str, float]:
    engine = TimedEngine(Engines())
    store = VoiceStore([package.directory.parent], package.manifest.name)
    plan = Profile(Machine.here(), {package.manifest.name: choices})
    speak = _speaker(VoicePool(store, engine, profile=plan))
    runs = []
    for _ in range(1 + options.repeats):
        engine.clear()
        _seconds(speak, options.text)
        runs.append(dict(engine.seconds))
    names = {graph: package.path(graph).stem for graph in GRAPHS}
    return {graph: min(run[name] for run in runs[1:]) for graph, name in names.items()}


def best(times: Times, own: str) -> Choice:
    """The fastest; the voice's own graph with fewest threads where others gain next to nothing."""
    ranked = sorted(times, key=lambda choice: (choice.voice != own, choice.threads))
    chosen = ranked[0]
    for choice in ranked[1:]:
        if times[choice] < times[chosen] * _WORTH:
            chosen = choice
    return chosen


def _race(
    package: VoicePackage, store: VoiceStore, options: argparse.Namespace, tuned: Profile
) -> tuple[float, float]:
    """Seconds for the text as usual and as tuned, taking turns; medians."""
    name = package.manifest.name
    racers = [_speaker(VoicePool(store, Engines(), profile=plan), name) for plan in (None, tuned)]
    laps = [[_seconds(speak, options.text) for speak in racers] for _ in range(1 + options.repeats)]
    usual_s, tuned_s = (statistics.median(lap) for lap in zip(*laps[1:], strict=True))
    return usual_s, tuned_s


def _speaker(pool: VoicePool, name: str = "") -> Speak:
    style = replace(pool.get(name).usual_style, voice=name)
    return partial(Synthesizer(Frontend(), pool).stream, style=style)


def _seconds(speak: Speak, text: str) -> float:
    """What it took to speak a text."""
    begin_s = time.perf_counter()
    for _ in speak(text):
        pass
    return time.perf_counter() - begin_s


def table(report: dict[str, Any]) -> str:
    """For people."""
    return "\n".join(_lines(report))


def _lines(report: dict[str, Any]) -> Iterator[str]:
    for name, voice in report["voices"].items():
        yield f"{name}: {voice['usual_ms']} ms as usual, {voice['tuned_ms']} ms as tuned"
        for graph, choice in voice["graphs"].items():
            engine = "" if choice["engine"] == "auto" else f", {choice['engine']}"
            yield f"  {graph:13} {choice['voice']}, threads {choice['threads']}{engine}"
        if not voice["graphs"]:
            yield "  stays as it is"
    then = "restart the daemon: systemctl restart tts-daemon"
    if not report["of_system"]:
        then = "a daemon reads it where synthesis.profile names it"
    yield f"written to {report['profile']}; {then}"
