"""The kernels for a Pi: they play what those of this machine play, and cost no more than before."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from arm.emulated import CHECKOUT
from arm.guest import Guest, missing
from fakes import decoder_feed, decoders, vocoder_feed
from fakes.kernels import built
from fakes.vocoders import FRAMES, LAYOUTS, Example, example
from numpy.typing import NDArray

from tts_daemon.native.decoder import NativeDecoder, read_decoder
from tts_daemon.native.layout import read_vocoder
from tts_daemon.native.library import Library, NativeVocoder, Pool
from tts_daemon.workshop.models.sambert import SambertConfig

pytestmark = pytest.mark.timeout(900)

EMBEDDED = CHECKOUT / "models/wuyin/vocoder.onnx"
INSTRUCTIONS = 126_700_000
"""Of 69 frames of the embedded voice in two pieces, by gcc 12 for a Cortex-A72."""
DECODER_INSTRUCTIONS = 13_570_000
"""Of 15 steps of its decoder in two calls."""
MORE = 1.03
OUTPUTS = ("frames", "new_keys", "new_values")
SHIPPED = SambertConfig(decoder_num_layers=6, decoder_num_heads=4, autoregressive=False)
"""As far as the decoder of the embedded voice goes."""


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Guest:
    """The kernels for aarch64."""
    return _built(tmp_path_factory, "vocoder")


@pytest.fixture(scope="module")
def decoder_guest(tmp_path_factory: pytest.TempPathFactory) -> Guest:
    """The same with a decoder."""
    return _built(tmp_path_factory, "decoder")


def _built(folders: pytest.TempPathFactory, part: str) -> Guest:
    if missing():
        message = f"{missing()} is missing; scripts/test --arm installs it"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    return Guest.build(folders.mktemp(part), part)


@pytest.mark.parametrize(
    ("kernels", "processor"), [("neon", "cortex-a72"), ("neon", "max"), ("neon_dot", "max")]
)
@pytest.mark.parametrize("int8", [False, True], ids=["fp32", "int8"])
@pytest.mark.parametrize("layout", ["excited", "causal"])
def test_a_pi_plays_what_this_machine_plays(
    guest: Guest, tmp_path: Path, layout: str, int8: bool, kernels: str, processor: str
) -> None:
    spoken = example(tmp_path, LAYOUTS[layout], int8=int8)
    pieces = list(_pieces(spoken))
    vocoder_feed.write(tmp_path / "feed", spoken.path, pieces)
    there = guest.play(kernels, tmp_path / "feed", processor).waveform
    exact = kernels == "neon_dot" and int8
    here = _played_here(spoken.path, pieces, "avx512_vnni" if exact else "avx2")
    assert len(there) == len(here)
    assert _snr_db(here, there) > 90


def test_what_the_processor_cannot_run_is_refused(guest: Guest, tmp_path: Path) -> None:
    spoken = example(tmp_path, LAYOUTS["plain"])
    vocoder_feed.write(tmp_path / "feed", spoken.path, [])
    with pytest.raises(Exception, match="exit status 1"):
        guest.play("neon_dot", tmp_path / "feed", "cortex-a72")


def test_the_embedded_voice_costs_no_more_than_it_did(guest: Guest, tmp_path: Path) -> None:
    layout, _ = read_vocoder(EMBEDDED)
    random = np.random.default_rng(3)
    pieces = [
        (
            random.standard_normal((frames, layout.n_mels)).astype(np.float32),
            random.standard_normal((layout.harmonics, frames * 200)).astype(np.float32),
        )
        for frames in (30, 39)
    ]
    vocoder_feed.write(tmp_path / "feed", EMBEDDED, pieces)
    assert guest.play("neon", tmp_path / "feed").instructions < MORE * INSTRUCTIONS


@pytest.mark.parametrize(("kernels", "processor"), [("neon", "cortex-a72"), ("neon_dot", "max")])
@pytest.mark.parametrize("layout", decoders.LAYOUTS)
def test_a_pi_makes_the_steps_that_this_machine_makes(
    decoder_guest: Guest, tmp_path: Path, layout: str, kernels: str, processor: str
) -> None:
    config = decoders.LAYOUTS[layout]
    path = decoders.saved(config, tmp_path)
    random = np.random.default_rng(5)
    calls = [decoders.feeds(config, random, steps, 6, 9) for steps in (1, 2, 7)]
    decoder_feed.write(tmp_path / "feed", path, calls)
    there = decoder_guest.play(kernels, tmp_path / "feed", processor).waveform
    here = NativeDecoder(Library(built()), read_decoder(path), Library(built()).kernels()[0])
    made = [here.run(call)[name].ravel() for call in calls for name in OUTPUTS]
    assert _snr_db(np.concatenate(made), there) > 60


def test_the_embedded_decoder_costs_no_more_than_it_did(
    decoder_guest: Guest, tmp_path: Path
) -> None:
    random = np.random.default_rng(5)
    calls = [decoders.feeds(SHIPPED, random, steps, 26, 42) for steps in (2, 13)]
    decoder_feed.write(tmp_path / "feed", EMBEDDED.with_name("decoder.onnx"), calls)
    made = decoder_guest.play("neon", tmp_path / "feed")
    assert made.instructions < MORE * DECODER_INSTRUCTIONS


def _pieces(spoken: Example) -> Iterator[vocoder_feed.Piece]:
    for begin, end in ((0, 25), (25, FRAMES)):
        source = spoken.source
        if source is not None:
            each = source.shape[1] // FRAMES
            source = source[:, begin * each : end * each]
        yield spoken.mel[begin:end], source


def _played_here(path: Path, pieces: list[vocoder_feed.Piece], kernels: str) -> NDArray[np.float32]:
    library = Library(built())
    if kernels not in library.kernels():
        pytest.skip(f"this processor cannot run {kernels}, with which to compare")
    vocoder, pool = NativeVocoder(library, *read_vocoder(path), kernels), Pool(library, 1)
    state, made = vocoder.begin(), []
    for index, (mel, source) in enumerate(pieces):
        waveform, state = vocoder.run(pool, state, mel, source, index + 1 == len(pieces))
        made.append(waveform)
    return np.concatenate(made)


def _snr_db(reference: NDArray[np.float32], waveform: NDArray[np.float32]) -> float:
    noise = np.square(reference - waveform).mean()
    return float(10 * np.log10(np.square(reference).mean() / max(noise, 1e-30)))
