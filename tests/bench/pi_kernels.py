"""What our own vocoder kernels cost on a Cortex-A72: every block that runs is priced.

Used by pi_cost.py, whose factor from cycles to time applies: the voice that it was found with was
priced by the same model.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from arm.guest import Guest, missing
from bench.block_cost import Cost, price
from fakes import vocoder_feed

from tts_daemon.native.layout import Layout, read_vocoder
from tts_daemon.vocoder.chunking import ChunkPlan
from tts_daemon.voices.manifest import Manifest

KERNELS = "neon"
CHUNKS = 5
"""Of a clause: the short first ones, and some of the longest."""


@dataclass(frozen=True, slots=True)
class KernelCost:
    """For one voice.

    Attributes:
        first: The first call of an utterance.
        per_second: Of one second of audio, in the clause of `CHUNKS` chunks.
    """

    first: Cost
    per_second: Cost


def kernel_cost(package: Path) -> KernelCost | None:
    """Emulate and price; None where a tool is missing."""
    if missing() or shutil.which("llvm-mca") is None:
        return None
    manifest = Manifest.load(package)
    graph = package / manifest.graphs["vocoder"].file
    layout, _ = read_vocoder(graph)
    demands = list(islice(ChunkPlan().demands(manifest.vocoder_look_ahead_frames), CHUNKS))
    with tempfile.TemporaryDirectory() as directory:
        guest = Guest.build(Path(directory))
        first = _priced(guest, graph, layout, demands[:1], ends=False)
        whole = _priced(guest, graph, layout, demands, ends=True)
    seconds = sum(demands) * layout.hop_length / manifest.sample_rate
    each = Cost(round(whole.instructions / seconds), whole.cycles / seconds)
    return KernelCost(first, each)


def _priced(guest: Guest, graph: Path, layout: Layout, demands: list[int], *, ends: bool) -> Cost:
    """What pieces of noise cost: no instruction depends on what is played."""
    random = np.random.default_rng(0)
    pieces: list[vocoder_feed.Piece] = []
    for frames in demands:
        mel = random.standard_normal((frames, layout.n_mels)).astype(np.float32)
        shape = (layout.harmonics, frames * layout.hop_length)
        source = random.standard_normal(shape).astype(np.float32) if layout.harmonics else None
        pieces.append((mel, source))
    feed = guest.program.with_name("feed")
    vocoder_feed.write(feed, graph, pieces, ends=ends)
    return price(guest.program, guest.play(KERNELS, feed).report)
