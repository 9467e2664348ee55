"""torch's own quantisation, played by the daemon's synthesis like any other voice."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from tts_daemon.cli import quantize
from tts_daemon.domain import Style
from tts_daemon.errors import VoiceError
from tts_daemon.runtime.engine import GraphOptions
from tts_daemon.runtime.engines import Engines
from tts_daemon.runtime.torch_engine import TorchEngine
from tts_daemon.synthesis.synthesizer import Synthesizer
from tts_daemon.synthesis.voice_pool import VoicePool
from tts_daemon.text.frontend import Frontend
from tts_daemon.voices.manifest import Manifest
from tts_daemon.voices.store import VoiceStore
from tts_daemon.workshop.models.random_voice import make_random_voice
from tts_daemon.workshop.quantize.torchscript import fx as quantize_fx

# Observing histograms takes its time.
pytestmark = pytest.mark.timeout(300)

BACKENDS = [
    name for name in quantize_fx.BACKENDS if name in torch.backends.quantized.supported_engines
]
TEXTS = ("你好，今天天气怎么样？", "太好了！")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny voice in FP32 and by FX for every engine of this torch."""
    folder = tmp_path_factory.mktemp("voices")
    texts = folder / "texts.txt"
    texts.write_text("\n".join(TEXTS))
    modes = ["fp32", *(f"fx-{backend}" for backend in BACKENDS)]
    arguments = [str(make_random_voice(folder / "model")), "--name", "tiny", "--force"]
    arguments += ["--models", str(folder / "models"), "--calibration", str(texts)]
    assert quantize.main([*arguments, *(f"--mode={mode}" for mode in modes)]) == 0
    return folder / "models"


def speak(models: Path, voice: str, text: str) -> np.ndarray:
    pool = VoicePool(VoiceStore([models]), Engines(), threads=1)
    synthesizer = Synthesizer(Frontend(), pool)
    chunks = list(synthesizer.stream(text, Style(voice=voice)))
    return np.concatenate([chunk.samples for chunk in chunks])


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_daemon_speaks_with_it(models: Path, backend: str) -> None:
    exact = speak(models, "tiny-fp32", TEXTS[0])
    made = speak(models, f"tiny-fx-{backend}", TEXTS[0])
    # Durations may differ by a frame here and there.
    assert abs(len(made) - len(exact)) < 0.1 * len(exact)
    assert 0.5 < np.abs(made).mean() / np.abs(exact).mean() < 2


@pytest.mark.parametrize("backend", BACKENDS)
def test_its_figures_are_in_the_manifest(models: Path, backend: str) -> None:
    manifest = Manifest.load(models / f"tiny-fx-{backend}")
    assert manifest.quality["mode"] == f"fx-{backend}"
    # Measured: 26 dB (x86, which gives up a bit of its activations) and 30 dB (qnnpack).
    assert manifest.quality["graph_snr_db"]["vocoder"] > 20
    assert manifest.graphs["decoder"].precision == "int8"
    assert manifest.graphs["duration"].precision == "fp32"


@pytest.mark.parametrize("cuts", [(10,), (9, 20), (8, 9, 10, 30)])
def test_its_vocoder_streams(models: Path, cuts: Sequence[int]) -> None:
    directory = models / f"tiny-fx-{BACKENDS[0]}"
    vocoder = TorchEngine().load(directory / "vocoder.ts", GraphOptions())
    random = np.random.default_rng(0)
    mel = random.normal(size=(1, 80, 40)).astype(np.float32)
    source = random.normal(size=(1, 8, 40 * 200)).astype(np.float32) * 0.1

    def play(*ends: int) -> np.ndarray:
        states, pieces, begin = vocoder.empty_states(), [], 0
        for end in ends:
            feeds = {
                "mel": mel[:, :, begin:end],
                "source": source[:, :, begin * 200 : end * 200],
                "edges": np.array([begin == 0, end == 40], np.int64),
            }
            made = vocoder.run({**feeds, **states})
            states = {name: made[f"{name}_out"] for name in states}
            pieces.append(made["waveform"][0])
            begin = end
        return np.concatenate(pieces)

    whole = play(40)
    assert len(whole) == 40 * 200
    assert np.allclose(play(*cuts, 40), whole, atol=1e-6)


def test_kernels_that_are_kept_are_bounded(models: Path) -> None:
    """In a process of its own: oneDNN looks at its first convolution, and never again."""
    code = (
        "import sys; from pathlib import Path; from tts_daemon.runtime.engine import GraphOptions;"
        "from tts_daemon.runtime.torch_engine import TorchEngine;"
        "TorchEngine().load(Path(sys.argv[1]), GraphOptions());"
        "import torch; sizes = [*range(40, 140), 40]; w = torch.ones(16, 16, 5);"
        "[torch.nn.functional.conv1d(torch.ones(4, 16, n), w) for n in sizes]"
    )
    path = next(models.rglob("vocoder.ts"))
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        env={**os.environ, "ONEDNN_VERBOSE": "profile_create"},
        capture_output=True,
        text=True,
        check=True,
    )
    made = [line for line in done.stdout.splitlines() if "convolution" in line and "create" in line]
    # The first shape again, a hundred others later: it was not kept.
    assert "cache_miss" in made[-1]


def test_what_torch_cannot_read_is_named(models: Path, tmp_path: Path) -> None:
    broken = tmp_path / "vocoder.ts"
    broken.write_bytes((models / f"tiny-fx-{BACKENDS[0]}" / "vocoder.ts").read_bytes()[:500])
    with pytest.raises(VoiceError, match=r"vocoder\.ts: cannot be loaded by torch"):
        TorchEngine().load(broken, GraphOptions())


def test_wrong_inputs_are_refused(models: Path) -> None:
    graph = TorchEngine().load(models / f"tiny-fx-{BACKENDS[0]}" / "memory.ts", GraphOptions())
    with pytest.raises(VoiceError, match=r"memory\.ts: refuses its inputs"):
        graph.run({"memory": np.zeros((1, 2, 3), np.float32)})
    with pytest.raises(VoiceError, match=r"memory\.ts: refuses its inputs"):
        graph.run({})
