"""The kernels of this machine under AddressSanitizer and UBSan: nothing reads or writes outside."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from arm.emulated import CHECKOUT
from fakes import decoder_feed, decoders, vocoder_feed
from fakes.kernels import built
from fakes.vocoders import FRAMES, LAYOUTS, Example, example

from tts_daemon.native.library import Library

pytestmark = pytest.mark.timeout(900)

SANITIZERS = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
CUTS = {"whole": [], "single frames": list(range(1, FRAMES)), "odd": [1, 3, 20, 39]}


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program of vocoder_guest.c, with every access checked."""
    return _built(tmp_path_factory, "vocoder")


@pytest.fixture(scope="module")
def decoder_guest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same of decoder_guest.c."""
    return _built(tmp_path_factory, "decoder")


def _built(folders: pytest.TempPathFactory, part: str) -> Path:
    if shutil.which("gcc") is None:
        pytest.fail("gcc is missing") if os.environ.get("CI") else pytest.skip("gcc is missing")
    directory = folders.mktemp("sanitized")
    archive, program = directory / "kernels.a", directory / "guest"
    builder = CHECKOUT / "scripts/build-native"
    subprocess.run([builder, "--archive", "--output", archive, "--", *SANITIZERS], check=True)
    source = CHECKOUT / f"tests/arm/{part}_guest.c"
    include = f"-I{CHECKOUT / 'tts_daemon/native'}"
    command = ["gcc", *SANITIZERS, include, source, archive, "-lm", "-pthread", "-o", program]
    subprocess.run(command, check=True)
    return program


@pytest.fixture(scope="module", params=[*LAYOUTS, "int8"])
def spoken(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Example:
    """A vocoder of every layout."""
    directory = tmp_path_factory.mktemp("spoken")
    if request.param == "int8":
        return example(directory, LAYOUTS["excited"], int8=True)
    return example(directory, LAYOUTS[request.param])


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("cuts", CUTS)
def test_nothing_is_read_or_written_outside(
    guest: Path, spoken: Example, tmp_path: Path, cuts: str, threads: int
) -> None:
    ends = [*CUTS[cuts], FRAMES]
    pieces: list[vocoder_feed.Piece] = []
    for begin, end in zip([0, *ends], ends, strict=False):
        source = spoken.source
        if source is not None:
            each = source.shape[1] // FRAMES
            source = source[:, begin * each : end * each]
        pieces.append((spoken.mel[begin:end], source))
    vocoder_feed.write(tmp_path / "feed", spoken.path, pieces)
    _play(guest, tmp_path / "feed", str(threads))


@pytest.mark.parametrize("layout", decoders.LAYOUTS)
def test_no_step_reads_or_writes_outside(decoder_guest: Path, tmp_path: Path, layout: str) -> None:
    config = decoders.LAYOUTS[layout]
    path, random = decoders.saved(config, tmp_path), np.random.default_rng(6)
    sizes = [(1, 1, 1), (1, 26, 42), (3, 5, 7), (4, 1, 1), (7, 17, 33), (33, 2, 5)]
    calls = [decoders.feeds(config, random, *size) for size in sizes]
    decoder_feed.write(tmp_path / "feed", path, calls)
    _play(decoder_guest, tmp_path / "feed")


def _play(guest: Path, *arguments: Path | str) -> None:
    for kernels in Library(built()).kernels():
        done = subprocess.run([guest, kernels, *arguments], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()[:3000]
