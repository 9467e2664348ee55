"""What our own kernels cost on a Cortex-A72: every block that runs is priced.

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
from fakes import decoder_feed, decoders, vocoder_feed

from tts_daemon.errors import VoiceError
from tts_daemon.native.decoder import DecoderLayout, read_decoder
from tts_daemon.native.layout import Layout, read_vocoder
from tts_daemon.vocoder.chunking import ChunkPlan
from tts_daemon.voices.manifest import Manifest
from tts_daemon.workshop.models.sambert import SambertConfig

KERNELS = "neon"
CHUNKS = 5
"""Of a clause: the short first ones, and some of the longest."""
PAST, VIEW = 26, 42
"""What a decoder's step looks at in the middle of a clause."""


@dataclass(frozen=True, slots=True)
class KernelCost:
    """For one voice.

    Attributes:
        first: The vocoder's first call of an utterance.
        per_second: The vocoder's for one second of audio, in the clause of `CHUNKS` chunks.
        step: A step of the decoder; None where ONNX Runtime makes it.
    """

    first: Cost
    per_second: Cost
    step: Cost | None


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
        step = _step(Path(directory), package / manifest.graphs["decoder"].file)
    seconds = sum(demands) * layout.hop_length / manifest.sample_rate
    each = Cost(round(whole.instructions / seconds), whole.cycles / seconds)
    return KernelCost(first, each, step)


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


def _step(directory: Path, graph: Path) -> Cost | None:
    """Of one step, where it is alone, or of those of two chunks, where several go together."""
    try:
        layout = read_decoder(graph)
    except VoiceError:
        return None
    guest = Guest.build(directory, "decoder")
    counts = (1,) if layout.prenets else (2, 13)
    random = np.random.default_rng(0)
    calls = [decoders.feeds(_shape(layout), random, steps, PAST, VIEW) for steps in counts]
    decoder_feed.write(directory / "feed", graph, calls)
    cost = price(guest.program, guest.play(KERNELS, directory / "feed").report)
    return Cost(round(cost.instructions / sum(counts)), cost.cycles / sum(counts))


def _shape(layout: DecoderLayout) -> SambertConfig:
    return SambertConfig(
        decoder_num_layers=layout.layers,
        decoder_num_heads=layout.heads,
        decoder_num_units=layout.units,
        num_mels=layout.frame,
        autoregressive=layout.prenets > 0,
    )
