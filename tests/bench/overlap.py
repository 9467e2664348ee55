"""Would it be faster to let acoustic model and vocoder work at the same time?

    python -m bench.overlap MODELS VOICE [ROUNDS]      (from tests/; JSON on standard output)

As the runtime does it, the stages take turns, and the vocoder has all cores. Here, for comparison,
a second thread makes mel a chunk ahead, and the vocoder has one core less.
"""

from __future__ import annotations

import json
import queue
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tts_daemon.cli.bench import TEXT
from tts_daemon.domain import Clause, MelChunk
from tts_daemon.runtime.engines import Engines
from tts_daemon.runtime.machine import Machine, available_cores
from tts_daemon.synthesis.profile import Choice, Profile
from tts_daemon.synthesis.voice import Voice
from tts_daemon.synthesis.voice_pool import VoicePool
from tts_daemon.text.frontend import Frontend
from tts_daemon.text.symbols import encode
from tts_daemon.vocoder.chunking import ChunkPlan
from tts_daemon.voices.manifest import GRAPHS
from tts_daemon.voices.store import VoiceStore


def main(models: str, name: str, rounds: str = "9") -> None:
    """Measure and print."""
    store = VoiceStore([Path(models)], name)
    cores = available_cores()
    usual = VoicePool(store, Engines(), cores).get()
    split = _pool(store, {"vocoder": max(1, cores - 1)}).get()
    clauses = [c for c in Frontend().read(TEXT, usual.usual_style, usual.traits) if c.symbols]
    times: dict[str, list[float]] = {"taking_turns": [], "overlapped": []}
    for _ in range(1 + int(rounds)):
        for mode, voice in (("taking_turns", usual), ("overlapped", split)):
            begin_s = time.perf_counter()
            for clause in clauses:
                _speak(voice, clause, ahead=mode == "overlapped")
            times[mode].append(time.perf_counter() - begin_s)
    report = {f"{mode}_ms": round(statistics.median(t[1:]) * 1000, 1) for mode, t in times.items()}
    json.dump({"voice": name, "cores": cores, **report}, sys.stdout, indent=1)


def _pool(store: VoiceStore, threads: dict[str, int]) -> VoicePool:
    """All graphs with one thread but those named."""
    manifest = store.find().manifest
    choices = {
        graph: Choice(manifest.name, manifest.graphs[graph].sha256, threads.get(graph, 1))
        for graph in GRAPHS
    }
    return VoicePool(store, Engines(), profile=Profile(Machine.here(), {manifest.name: choices}))


def _speak(voice: Voice, clause: Clause, *, ahead: bool) -> None:
    ids = np.array(encode(clause.symbols, voice.manifest.symbols), np.int64)
    inputs = voice.acoustic.inputs.build(ids, clause.style)
    demands = ChunkPlan().demands(voice.vocoder.look_ahead_frames)
    mel = voice.acoustic.stream(inputs, demands)
    for _ in voice.vocoder.stream(_ahead(mel) if ahead else mel):
        pass


def _ahead(chunks: Iterator[MelChunk]) -> Iterator[MelChunk]:
    """The same chunks, made by another thread while the last one is used."""
    line: queue.Queue[MelChunk | None] = queue.Queue(maxsize=1)

    def make() -> None:
        for chunk in chunks:
            line.put(chunk)
        line.put(None)

    threading.Thread(target=make, daemon=True).start()
    while (chunk := line.get()) is not None:
        yield chunk


if __name__ == "__main__":
    main(*sys.argv[1:])
