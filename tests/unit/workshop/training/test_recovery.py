"""A package gives its weights back: exactly from FP32, within a rounding from INT8."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from tts_daemon.errors import CheckpointError
from tts_daemon.workshop.export import export_graphs
from tts_daemon.workshop.models.hifigan import Generator, GeneratorParams
from tts_daemon.workshop.models.sambert import Sambert
from tts_daemon.workshop.models.voice import Voice
from tts_daemon.workshop.training.acoustic_trainer import ACOUSTIC_PARAMS, new_model
from tts_daemon.workshop.training.recovery import Constants, recover_acoustic
from tts_daemon.workshop.training.recovery_vocoder import recover_vocoder
from tts_daemon.workshop.training.vocoder_trainer import VOCODER_PARAMS, new_generator

EMBEDDED = Path("models/xiaoyu")


def randomize(model: nn.Module, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = torch.randn(parameter.shape, generator=generator) * 0.1


def write_graphs(model: Sambert, generator: Generator, folder: Path) -> None:
    fused = Generator(GeneratorParams.from_config(VOCODER_PARAMS))
    fused.load_state_dict(generator.state_dict())
    voice = Voice(
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


def test_the_embedded_voice_can_be_trained_on() -> None:
    model, generator = new_model(ACOUSTIC_PARAMS), new_generator(VOCODER_PARAMS)
    recover_acoustic(EMBEDDED, model)
    recover_vocoder(EMBEDDED, generator)
    # Written again, a layer that was INT8 is what it was but for the rounding.
    was = Constants(EMBEDDED, ("memory",)).weight("memory", "pnca.w_h_kv")
    keys = model.decoder.blocks[0].pnca_attn.w_h_kv.weight.detach().numpy()
    np.testing.assert_allclose(keys, was.T[: len(keys)], atol=1e-6)
    assert all(bool(p.isfinite().all()) for p in generator.parameters())


def test_a_folder_that_is_no_package_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such graph"):
        recover_acoustic(tmp_path, new_model(ACOUSTIC_PARAMS))


def test_a_voice_of_another_size_is_refused(tmp_path: Path) -> None:
    small = ACOUSTIC_PARAMS | {"decoder_ffn_inner_dim": 64}
    write_graphs(new_model(small), new_generator(VOCODER_PARAMS), tmp_path)
    with pytest.raises(CheckpointError, match="another size"):
        recover_acoustic(tmp_path, new_model(ACOUSTIC_PARAMS))
