"""The kernels of this machine under AddressSanitizer and UBSan: nothing reads or writes outside."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from arm.emulated import CHECKOUT
from fakes import vocoder_feed
from fakes.kernels import built
from fakes.vocoders import FRAMES, LAYOUTS, Example, example

from tts_daemon.native.library import Library

pytestmark = pytest.mark.timeout(900)

SANITIZERS = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
CUTS = {"whole": [], "single frames": list(range(1, FRAMES)), "odd": [1, 3, 20, 39]}


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program of vocoder_guest.c, with every access checked."""
    if shutil.which("gcc") is None:
        pytest.fail("gcc is missing") if os.environ.get("CI") else pytest.skip("gcc is missing")
    directory = tmp_path_factory.mktemp("sanitized")
    archive, program = directory / "kernels.a", directory / "guest"
    builder = CHECKOUT / "scripts/build-native"
    subprocess.run([builder, "--archive", "--output", archive, "--", *SANITIZERS], check=True)
    source = CHECKOUT / "tests/arm/vocoder_guest.c"
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
    for kernels in Library(built()).kernels():
        command = [guest, kernels, tmp_path / "feed", str(threads)]
        done = subprocess.run(command, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()[:3000]
