"""Mels, their normalisation, and f0."""

import numpy as np
import torch

from tts_daemon.workshop.training.corpus.features import (
    CLIP,
    MelScale,
    MelSpectrogram,
    hz_to_mel,
    interpolate_f0,
    mel_filters,
    mel_to_hz,
    normalize_f0,
)


def tone(frequency_hz: float, frames: int = 40) -> torch.Tensor:
    seconds = torch.arange(frames * 200) / 16000
    return 0.5 * torch.sin(2 * torch.pi * frequency_hz * seconds)[None]


def test_a_frame_is_as_long_as_a_hop() -> None:
    assert MelSpectrogram()(tone(440.0, frames=37)).shape == (1, 80, 37)


def test_a_tone_peaks_in_the_bin_around_its_frequency() -> None:
    centres = mel_to_hz(np.linspace(0, float(hz_to_mel(np.array(8000.0))), 82))[1:-1]
    for frequency_hz in (300.0, 1000.0, 3500.0):
        mel = MelSpectrogram()(tone(frequency_hz))[0, :, 20]
        nearest = int(np.abs(centres - frequency_hz).argmin())
        assert abs(int(mel.argmax()) - nearest) <= 1


def test_twice_the_amplitude_adds_the_logarithm_of_two() -> None:
    spectrogram = MelSpectrogram()
    quiet = spectrogram(tone(440.0))[0, :, 10:30].max()
    loud = spectrogram(2 * tone(440.0))[0, :, 10:30].max()
    assert abs(float(loud - quiet) - np.log(2)) < 1e-3


def test_an_impulse_is_loudest_in_its_own_frame() -> None:
    waveform = torch.zeros(1, 40 * 200)
    waveform[0, 20 * 200 + 100] = 1.0
    level = MelSpectrogram()(waveform)[0].exp().sum(dim=0)
    assert int(level.argmax()) == 20


def test_slaneys_scale_is_linear_below_1000_hz_and_invertible() -> None:
    frequencies = np.array([0.0, 200.0, 999.0, 1000.0, 4000.0, 8000.0])
    assert np.allclose(hz_to_mel(frequencies)[:2], [0.0, 3.0])
    assert np.allclose(mel_to_hz(hz_to_mel(frequencies)), frequencies)


def test_filters_have_one_area() -> None:
    # Areas in Hz: bins are 16000 / 2048 Hz wide; the narrowest triangles have few bins.
    areas = mel_filters(80, 2048).sum(axis=1) * 16000 / 2048
    assert np.allclose(areas[40:], areas[-1], rtol=0.02)


def test_normalised_mels_have_mean_0_and_deviation_1(tmp_path) -> None:
    mels = np.random.default_rng(0).normal(-5.0, 2.0, (5000, 80)).astype(np.float32)
    scale = MelScale.measure(mels)
    scale.save(tmp_path / "scale.json")
    normal = MelScale.load(tmp_path / "scale.json").normalize(mels)
    assert abs(normal.mean()) < 0.01
    assert abs(normal.std() - 1.0) < 0.01
    assert np.abs(scale.normalize(mels + 100.0)).max() == CLIP


def test_unvoiced_frames_lie_on_a_line_between_voiced_ones() -> None:
    f0, voiced = interpolate_f0(np.array([9, 200, 9, 59, 260, 9], np.float32))
    assert f0.tolist() == [200, 200, 220, 240, 260, 260]
    assert voiced.tolist() == [0, 1, 0, 0, 1, 0]


def test_f0_of_a_silence_is_unvoiced_and_finite() -> None:
    f0, voiced = interpolate_f0(np.full(5, 9, np.float32))
    assert np.isfinite(f0).all()
    assert not voiced.any()


def test_f0_spans_the_published_range() -> None:
    assert normalize_f0(np.array([30, 380, 730, 900], np.float32)).tolist() == [0, 0.5, 1, 1]
