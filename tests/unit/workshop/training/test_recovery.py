"""A package gives its weights back: exactly from FP32, within a rounding from INT8."""

import json
import shutil
from dataclasses import dataclass, replace
from itertools import repeat
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from tts_daemon.errors import CheckpointError
from tts_daemon.runtime.onnx_engine import OnnxEngine
from tts_daemon.synthesis.voice_pool import VoicePool
from tts_daemon.text.frontend import Frontend
from tts_daemon.text.symbols import encode
from tts_daemon.voices.store import VoiceStore
from tts_daemon.workshop.export import export_graphs
from tts_daemon.workshop.models.hifigan import Generator, GeneratorParams
from tts_daemon.workshop.models.sambert import Sambert
from tts_daemon.workshop.models.voice import TorchVoice
from tts_daemon.workshop.training.acoustic.trainer import ACOUSTIC_PARAMS, new_model
from tts_daemon.workshop.training.corpus import tables
from tts_daemon.workshop.training.recovery.acoustic import recover_acoustic
from tts_daemon.workshop.training.recovery.vocoder import recover_vocoder
from tts_daemon.workshop.training.vocoder.trainer import VOCODER_PARAMS, new_generator

EMBEDDED = Path("models/wuyin")


def randomize(model: nn.Module, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = torch.randn(parameter.shape, generator=generator) * 0.1


def write_graphs(model: Sambert, generator: Generator, folder: Path) -> None:
    fused = Generator(GeneratorParams.from_config(VOCODER_PARAMS))
    fused.load_state_dict(generator.state_dict())
    voice = TorchVoice(
        name="rain",
        acoustic=model,
        vocoder=fused.fuse_weight_norm().eval(),
        tables={},
        speaker_table=model.spk_tokenizer.weight.detach().numpy(),
        sample_rate=16000,
        hop_length=200,
        f0=None,
    )
    for name, graph in export_graphs(voice).items():
        onnx.save(graph, folder / f"{name}.onnx")


def test_the_acoustic_model_speaks_as_before(tmp_path: Path) -> None:
    model = new_model(ACOUSTIC_PARAMS).eval()
    randomize(model, 1)
    # Random durations of a frame or none are too short for the postnet's filter.
    nn.init.constant_(model.variance_adaptor.duration_predictor.fc.bias, 2.0)
    write_graphs(model, new_generator(VOCODER_PARAMS), tmp_path)
    recovered = new_model(ACOUSTIC_PARAMS).eval()
    recover_acoustic(tmp_path, recovered)
    symbols = torch.randint(0, 8, (1, 9, 4), generator=torch.Generator().manual_seed(2))
    others = torch.zeros(1, 9, dtype=torch.int64)
    before, after = (m.infer(symbols, others, others) for m in (model, recovered))
    for name in ("durations", "pitch", "energy", "frames"):
        torch.testing.assert_close(getattr(after, name), getattr(before, name), rtol=0, atol=1e-3)


def test_the_vocoder_sounds_as_before(tmp_path: Path) -> None:
    original = new_generator(VOCODER_PARAMS)
    write_graphs(new_model(ACOUSTIC_PARAMS), original, tmp_path)
    recovered = new_generator(VOCODER_PARAMS)
    recover_vocoder(tmp_path, recovered)
    random = torch.Generator().manual_seed(3)
    mel = torch.randn(1, 80, 12, generator=random)
    source = torch.randn(1, original.params.harmonics, 12 * 200, generator=random)
    with torch.no_grad():
        torch.testing.assert_close(recovered(mel, source), original(mel, source), rtol=0, atol=1e-3)


@dataclass(frozen=True)
class Spoken:
    """What the runtime makes of one clause with the package as it is.

    Attributes:
        ids, emotions: Of its symbols, [L, 4] and [L].
        durations: In frames, [L].
        frames: [T, C].
    """

    ids: NDArray[np.int64]
    emotions: NDArray[np.int64]
    durations: NDArray[np.float32]
    frames: NDArray[np.float32]


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Spoken:
    models = tmp_path_factory.mktemp("models")
    plain = shutil.copytree(EMBEDDED, models / EMBEDDED.name) / "voice.json"
    # What the runtime does to finished frames is no matter of the weights.
    values = json.loads(plain.read_text(encoding="utf-8"))
    values.pop("sharpening", None)
    plain.write_text(json.dumps(values), encoding="utf-8")
    voice = VoicePool(VoiceStore([models]), OnnxEngine(), threads=1).get(EMBEDDED.name)
    style = replace(voice.usual_style, speed=1 / voice.manifest.pace)
    (clause,) = Frontend().read("今天天气很好", style, lambda _: voice.traits)
    ids = np.array(encode(clause.symbols, voice.manifest.symbols), np.int64)
    inputs = voice.acoustic.inputs.build(ids, style)
    frames = np.concatenate([c.frames for c in voice.acoustic.stream(inputs, repeat(8))])
    names = {True: voice.manifest.break_emotion, False: style.emotion}
    emotions = [
        tables.EMOTION.index(f"emotion_{names[symbol.sy.startswith('#')]}")
        for symbol in clause.symbols
    ]
    return Spoken(ids, np.array(emotions), voice.acoustic.durations(inputs), frames)


def differences(model: Sambert, spoken: Spoken) -> tuple[float, float]:
    """Largest of the durations, in frames, and signal to noise of the frames in dB."""
    symbols, emotions = torch.tensor(spoken.ids)[None], torch.tensor(spoken.emotions)[None]
    made = model.infer(symbols, emotions, torch.zeros_like(emotions))
    duration = float(np.abs(made.durations.detach().numpy() - spoken.durations).max())
    frames = made.frames.detach().numpy()
    if frames.shape != spoken.frames.shape:
        return duration, 0.0
    noise = np.square(frames - spoken.frames).mean()
    return duration, float(10 * np.log10(np.square(spoken.frames).mean() / noise))


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        "text_encoder.ling_enc.fft.1.pos_ffn.w_2.weight",
        "variance_adaptor.pitch_predictor.blstm.weight_hh_l0_reverse",
        "variance_adaptor.duration_predictor.lstm.weight_ih_l1",
        "variance_adaptor.duration_predictor.lstm.bias_ih_l0",
        "mel_postnet.lstm.weight_hh_l0",
        "mel_postnet.fc.weight",
    ],
)
def test_the_embedded_voice_speaks_as_before(spoken: Spoken, wrong: str | None) -> None:
    """What was recovered says what the package says; with one weight doubled it does not."""
    model = new_model(ACOUSTIC_PARAMS).eval()
    recover_acoustic(EMBEDDED, model)
    if wrong:
        dict(model.named_parameters())[wrong].data *= 2
    with torch.no_grad():
        duration, snr_db = differences(model, spoken)
    # Measured: 0.14 frames, 33 dB; the rest is the INT8 activations of the package.
    assert (duration < 0.25 and snr_db > 30) is (wrong is None), (duration, snr_db)


def test_a_folder_that_is_no_package_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such graph"):
        recover_acoustic(tmp_path, new_model(ACOUSTIC_PARAMS))


def test_a_voice_of_another_size_is_refused(tmp_path: Path) -> None:
    small = ACOUSTIC_PARAMS | {"decoder_ffn_inner_dim": 64}
    write_graphs(new_model(small), new_generator(VOCODER_PARAMS), tmp_path)
    with pytest.raises(CheckpointError, match="another size"):
        recover_acoustic(tmp_path, new_model(ACOUSTIC_PARAMS))
