"""The excitation: pitch, phase that runs on, noise where there is no voice."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_daemon.runtime.engine import Floats
from tts_daemon.vocoder.excitation import Excitation
from tts_daemon.voices.manifest import F0Scale, Source

RATE, HOP, HARMONICS = 16000, 200, 8
EXCITATION = Excitation(F0Scale(700.0, 30.0), Source(HARMONICS, 0.1, 0.003), RATE, HOP)
NO_PHASES = np.zeros(HARMONICS, np.float32)


def _silence(frames: int) -> Floats:
    return np.zeros((frames, HARMONICS, HOP), np.float32)


def _pitch(f0_hz: list[float], voiced: float = 1.0) -> Floats:
    values = (np.array(f0_hz, np.float32) - 30) / 700
    return np.stack([values, np.full(len(f0_hz), voiced, np.float32)], axis=1)


def _signal(pitch: Floats, cuts: list[int] | None = None) -> Floats:
    """[H, N] without noise, made in as many calls as there are cuts and one more."""
    state = EXCITATION.start(_silence, NO_PHASES)
    pieces = [EXCITATION.make(state, part) for part in np.split(pitch, cuts or []) if len(part)]
    return np.concatenate(pieces).transpose(1, 0, 2).reshape(HARMONICS, -1)


def test_each_harmonic_is_a_sine_at_its_multiple_of_f0() -> None:
    signal = _signal(_pitch([200.0] * 80))  # a second
    spectrum = np.abs(np.fft.rfft(signal, axis=1))
    assert list(spectrum.argmax(axis=1)) == [200 * k for k in range(1, 9)]
    assert np.abs(signal).max() == pytest.approx(0.1, abs=1e-4)


def test_the_phase_is_the_sum_of_f0() -> None:
    f0_hz = [100.0, 250.0, 250.0, 80.0, 700.0]
    phase = np.cumsum(np.repeat(np.array(f0_hz), HOP) / RATE)
    expected = 0.1 * np.sin(2 * np.pi * phase * np.arange(1, 9)[:, None])
    np.testing.assert_allclose(_signal(_pitch(f0_hz)), expected, atol=1e-5)


def test_f0_has_a_floor_and_mean_std_scales_work() -> None:
    low = _signal(np.array([[-1.0, 1.0]] * 80, np.float32))
    assert np.abs(np.fft.rfft(low[0])).argmax() == 30
    scaled = Excitation(F0Scale(50.0, 200.0), Source(1, 0.1, 0.003), RATE, HOP)
    made = scaled.make(scaled.start(), np.array([[2.0, 1.0]] * 80, np.float32))
    assert np.abs(np.fft.rfft(made.reshape(-1))).argmax() == 300


@given(cuts=st.lists(st.integers(1, 39), max_size=5, unique=True).map(sorted))
def test_any_split_is_the_same_signal_with_the_same_noise(cuts: list[int]) -> None:
    pitch = _pitch(list(np.linspace(90, 400, 40)))
    pitch[10:14, 1] = 0
    state, whole = EXCITATION.start(), EXCITATION.make(EXCITATION.start(), pitch)
    pieces = np.concatenate([EXCITATION.make(state, part) for part in np.split(pitch, cuts)])
    np.testing.assert_allclose(pieces, whole, atol=1e-6)


def test_minutes_of_speech_do_not_blur_the_phase() -> None:
    excitation = Excitation(F0Scale(128.0, 32.0), Source(1, 0.1, 0.003), RATE, HOP)
    state = excitation.start()
    state.cycle = 0.25
    for _ in range(100):
        excitation.make(state, np.ones((100, 2), np.float32))  # 160 Hz: two cycles a frame
    assert state.cycle == pytest.approx(0.25, abs=1e-6)


def test_without_voice_there_is_only_noise_a_third_as_strong_as_the_voice() -> None:
    noise = EXCITATION.make(EXCITATION.start(), _pitch([200.0] * 400, voiced=0.59))
    assert noise.std() == pytest.approx(0.1 / 3, rel=0.02)
    assert noise.mean() == pytest.approx(0, abs=1e-3)
    voice = EXCITATION.make(EXCITATION.start(phases=NO_PHASES), _pitch([200.0] * 400))
    clean = _signal(_pitch([200.0] * 400)).reshape(HARMONICS, 400, HOP).transpose(1, 0, 2)
    assert (voice - clean).std() == pytest.approx(0.003, rel=0.02)


def test_the_noise_has_no_tone_and_does_not_repeat_within_a_second() -> None:
    frames = EXCITATION.make(EXCITATION.start(), _pitch([200.0] * 80, voiced=0.0))
    noise = frames.transpose(1, 0, 2).reshape(HARMONICS, -1).sum(axis=0)
    spectrum = np.abs(np.fft.rfft(noise)) ** 2
    assert spectrum.max() < 20 * spectrum.mean()
    assert len(np.unique(frames[:, 0, 0])) > 60


def test_all_sines_may_start_together_and_make_pulses() -> None:
    pulses = Excitation(F0Scale(700.0, 30.0), Source(32, 0.1, 0.0, zero_phases=True), RATE, HOP)
    start = pulses.start()
    assert not start.phases.any()
    wave = pulses.make(start, _pitch([200.0] * 4)).sum(axis=1).reshape(-1)
    peaks = np.flatnonzero(wave > 0.8 * wave.max())
    assert set(np.diff(peaks[np.r_[True, np.diff(peaks) > 10]])) == {80}  # 5 ms apart


def test_a_harmonic_that_the_rate_cannot_hold_fades_out() -> None:
    many = Excitation(F0Scale(700.0, 30.0), Source(40, 0.1, 0.0, zero_phases=True), RATE, HOP)
    state = many.start(lambda frames: np.zeros((frames, 40, HOP), np.float32))
    sines = np.abs(many.make(state, _pitch([242.0] * 20))).max(axis=(0, 2))
    assert sines[:30] == pytest.approx(0.1, abs=1e-3)
    assert sines[31] == pytest.approx(0.1 * (8000 - 32 * 242) / 500, abs=1e-3)
    assert not sines[33:].any()


def test_overtones_begin_apart_and_the_fundamental_at_zero() -> None:
    phases = EXCITATION.start().phases
    assert phases[0] == 0
    assert len(set(phases.tolist())) == HARMONICS
