"""The vocoder in torch."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from tts_daemon.errors import CheckpointError
from tts_daemon.workshop.models.hifigan import (
    Generator,
    GeneratorParams,
    published_excitation,
    sine_excitation,
)
from tts_daemon.workshop.models.hifigan.pqmf import TAPS, SynthesisBank, synthesis_filters
from tts_daemon.workshop.models.random_voice import vocoder_yaml

SMALL = GeneratorParams(
    channels=16, resblock_kernels=(3, 5), resblock_dilations=((1, 3), (1, 2)), harmonics=0
)


def published() -> dict[str, Any]:
    params: dict[str, Any] = vocoder_yaml(GeneratorParams())["Model"]["Generator"]["params"]
    return params


def test_published_size() -> None:
    generator = Generator(GeneratorParams(harmonics=8, sample_rate=16000))
    assert sum(parameter.numel() for parameter in generator.parameters()) == 4_879_004


def test_configuration_survives_the_way_through_yaml() -> None:
    params = replace(SMALL, harmonics=8, sample_rate=16000, causal=True)
    content = vocoder_yaml(params)["Model"]["Generator"]["params"]
    assert GeneratorParams.from_config(content) == params


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("channels", 250),
        ("upsample_kernal_sizes", [20, 11, 4]),
        ("upsample_kernal_sizes", [20, 11, 4, 1]),
        ("resblock_kernel_sizes", [3, 7, 10]),
        ("resblock_dilations", "none"),
        ("out_channels", 3),
        ("nonlinear_activation", "ReLU"),
        ("use_weight_norm", False),
    ],
)
def test_impossible_parameters_are_named(key: str, value: object) -> None:
    with pytest.raises(CheckpointError, match=key):
        GeneratorParams.from_config({**published(), key: value})


def test_a_missing_parameter_is_named() -> None:
    params = published()
    del params["upsample_scales"]
    with pytest.raises(CheckpointError, match="upsample_scales: None"):
        GeneratorParams.from_config(params)


@pytest.mark.parametrize("causal", [True, False])
def test_fusing_the_weight_norm_changes_nothing(causal: bool) -> None:
    torch.manual_seed(0)
    generator = Generator(replace(SMALL, causal=causal, harmonics=4, sample_rate=16000)).eval()
    with torch.no_grad():
        for name, parameter in generator.named_parameters():
            if name.endswith("weight_g"):
                parameter.mul_(1.5)
    mel, source = torch.randn(1, 80, 7), torch.randn(1, 4, 1400)
    with torch.no_grad():
        before = generator(mel, source)
        after = generator.fuse_weight_norm()(mel, source)
    assert before.shape == (1, 1, 1400)
    assert torch.allclose(before, after, atol=1e-6)
    assert not [name for name in generator.state_dict() if "weight_g" in name]


def test_a_causal_vocoder_does_not_look_ahead() -> None:
    generator = Generator(replace(SMALL, causal=True)).eval()
    mel = torch.randn(1, 80, 12)
    changed = mel.clone()
    changed[:, :, 8:] = 0
    with torch.no_grad():
        same = (generator(mel) == generator(changed))[0, 0]
    assert same[: 8 * 200].all()
    assert not same[8 * 200 :].all()


def test_every_parameter_is_trained() -> None:
    generator = Generator(replace(SMALL, harmonics=4, sample_rate=16000))
    made = generator(torch.randn(2, 80, 4), torch.randn(2, 4, 800))
    (1 - made).square().sum().backward()
    # The direction of a single number is its sign: weight normalisation gives it no gradient.
    untrained = {
        name
        for name, parameter in generator.named_parameters()
        if (parameter.grad is None or not parameter.grad.any())
        and not (name.endswith("weight_v") and parameter[0].numel() == 1)
    }
    assert untrained == set()


def test_synthesis_bank_is_zero_stuffing_and_filtering() -> None:
    bands, length = 4, 50
    subbands = np.random.default_rng(0).normal(size=(bands, length))
    stuffed = np.zeros((bands, bands * length))
    stuffed[:, ::bands] = subbands * bands
    padded = np.pad(stuffed, ((0, 0), (TAPS // 2, TAPS // 2)))
    expected = sum(
        np.correlate(row, taps, "valid")
        for row, taps in zip(padded, synthesis_filters(bands), strict=True)
    )
    made = SynthesisBank(bands)(torch.from_numpy(subbands[None]).float())
    assert made.shape == (1, 1, bands * length)
    assert np.allclose(made[0, 0].numpy(), expected, atol=1e-5)


class TestExcitation:
    def make(self, f0_hz: float, voiced: float, frames: int = 80, **rest: Any) -> torch.Tensor:
        return sine_excitation(
            torch.full((1, frames), f0_hz),
            torch.full((1, frames), voiced),
            hop_length=200,
            sample_rate=16000,
            harmonics=3,
            **rest,
        )

    def test_harmonics_are_multiples_of_f0(self) -> None:
        source = self.make(200.0, 1.0, phases=torch.zeros(1, 3), noise=torch.zeros(1, 3, 16000))
        peaks = np.abs(np.fft.rfft(source[0].numpy())).argmax(axis=1)
        assert peaks.tolist() == [200, 400, 600]
        assert float(source.abs().max()) == pytest.approx(0.1, rel=1e-3)

    def test_phase_runs_on_when_f0_changes(self) -> None:
        f0 = torch.tensor([[150.0, 300.0]])
        source = sine_excitation(
            f0,
            torch.ones(1, 2),
            hop_length=200,
            sample_rate=16000,
            harmonics=1,
            phases=torch.zeros(1, 1),
            noise=torch.zeros(1, 1, 400),
        )
        cycles = np.cumsum(np.repeat(f0.double().numpy() / 16000, 200))
        assert np.allclose(source[0, 0].numpy(), 0.1 * np.sin(2 * np.pi * cycles), atol=1e-5)

    def test_unvoiced_is_noise_alone(self) -> None:
        torch.manual_seed(0)
        source = self.make(200.0, 0.0)
        assert float(source.std()) == pytest.approx(0.1 / 3, rel=0.02)

    def test_overtones_start_anywhere_unless_told(self) -> None:
        first, second = self.make(100.0, 1.0), self.make(100.0, 1.0)
        assert float((first[0, 0] - second[0, 0]).abs().max()) < 0.05  # the fundamental: noise only
        assert float((first[0, 1] - second[0, 1]).abs().max()) > 0.05

    def test_overtones_may_start_with_the_fundamental(self) -> None:
        pulses = self.make(100.0, 1.0, zero_phases=True, noise=torch.zeros(1, 3, 16000))
        told = self.make(100.0, 1.0, phases=torch.zeros(1, 3), noise=torch.zeros(1, 3, 16000))
        assert torch.equal(pulses, told)

    def test_harmonics_above_half_the_rate_are_left_out(self) -> None:
        source = self.make(2600.0, 1.0, zero_phases=True, noise=torch.zeros(1, 3, 16000))
        levels = source[0].abs().amax(1).tolist()
        assert levels == pytest.approx([0.1, 0.1, 0.1 * (8000 - 7800) / 500], rel=1e-2)

    def test_the_published_rounding_is_the_same_melody(self) -> None:
        torch.manual_seed(0)
        f0, voiced = 200 + 50 * torch.rand(1, 40), (torch.rand(1, 40) > 0.3).float()
        sizes = {"hop_length": 200, "sample_rate": 16000, "harmonics": 3}
        rounded = published_excitation(f0, voiced, **sizes)
        nothing = torch.zeros(1, 3, 8000)
        exact = sine_excitation(f0, voiced, **sizes, phases=nothing[:, :, 0], noise=nothing)
        assert torch.allclose(rounded, exact, atol=1e-4)
        assert not rounded[0, :, (voiced == 0)[0].repeat_interleave(200)].any()
