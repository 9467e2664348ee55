"""Losses on waveforms: each is nothing for the same sound, and sees what it is there to see."""

import numpy as np
import pytest
import torch

from tts_daemon.workshop.training.vocoder.losses import (
    BandLoss,
    FrameLockLoss,
    RepetitionLoss,
    band_filters,
    magnitude,
)

FRAMES, HOP = 48, 200


def noise(seed: int, frames: int = FRAMES) -> torch.Tensor:
    return 0.1 * torch.randn(1, frames * HOP, generator=torch.Generator().manual_seed(seed))


def pattern() -> torch.Tensor:
    """Noise that is the same in every frame."""
    return noise(1, frames=1).repeat(1, FRAMES)


@pytest.mark.parametrize("loss", [BandLoss(), RepetitionLoss()])
def test_the_same_sound_costs_nothing(loss: torch.nn.Module) -> None:
    sound = noise(1)
    assert float(loss(sound, sound)) == 0.0


def test_bands_take_one_noise_for_another_sooner_than_bins_do_and_hear_a_gap() -> None:
    loss, window = BandLoss(), torch.hann_window(256)
    bins = [torch.log(magnitude(noise(seed), 256, 64, window)) for seed in (1, 2)]
    other = float(loss(noise(2), noise(1)))
    assert other < 0.6 * float((bins[0] - bins[1]).abs().mean())
    gap = noise(2)
    gap[:, 4000:4200] = 0
    assert float(loss(gap, noise(1))) > other + 0.03


def test_a_pattern_that_repeats_with_the_frames_is_told_from_noise() -> None:
    loss = RepetitionLoss()
    assert float(loss.likeness(pattern()).min()) > 0.99
    assert abs(float(loss.likeness(noise(1)).mean())) < 0.05
    assert float(loss(pattern(), noise(1))) > 0.9
    assert float(loss(noise(2), noise(1))) < 0.1


def test_repetition_is_not_seen_in_silence_nor_below_its_bands() -> None:
    loss = RepetitionLoss()
    assert not bool(loss.likeness(torch.zeros(1, FRAMES * HOP)).any())
    hum = 0.1 * torch.sin(2 * torch.pi * 80 * torch.arange(FRAMES * HOP) / 16000)[None]
    assert float(loss.likeness(hum).abs()[:, :, 2:-2].max()) < 0.05


def test_a_step_along_the_gradient_breaks_the_pattern() -> None:
    loss, sound = RepetitionLoss(), pattern().requires_grad_()
    for _ in range(20):
        (gradient,) = torch.autograd.grad(loss(sound, noise(1)), sound)
        sound = (sound - 0.05 * gradient / gradient.abs().mean() * 0.1).detach().requires_grad_()
    assert float(loss(sound, noise(1)).detach()) < 0.6


def test_a_pattern_that_stands_still_in_the_frames_is_told_from_noise_and_from_a_voice() -> None:
    loss = FrameLockLoss()
    still = loss(noise(1, frames=1).repeat(4, FRAMES))
    assert 0.8 < float(still) <= 1.0
    assert abs(float(loss(torch.cat([noise(seed) for seed in range(4)])))) < 0.01
    pulses = torch.zeros(4, FRAMES * HOP)
    pulses[:, ::73] = 0.3
    assert abs(float(loss(pulses))) < 0.05
    assert float(loss(torch.zeros(4, FRAMES * HOP))) == 0.0


def test_half_of_the_power_in_a_pattern_counts_half() -> None:
    mixed = noise(1, frames=1).repeat(8, FRAMES)
    mixed = mixed + torch.cat([noise(seed) for seed in range(8)])
    assert float(FrameLockLoss()(mixed)) == pytest.approx(0.45, abs=0.12)


def test_band_filters_pass_their_band_alone() -> None:
    taps = band_filters([(3000, 5000)])[0, 0].numpy()
    response = np.abs(np.fft.rfft(taps, 1600))  # 10 Hz a bin
    assert response[350:450] == pytest.approx(1.0, abs=0.02)
    assert response[:250].max() < 0.02
    assert response[550:].max() < 0.02
