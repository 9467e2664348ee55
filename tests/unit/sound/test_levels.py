"""Volume, edges and the limiter."""

from __future__ import annotations

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tts_daemon.errors import VoiceError
from tts_daemon.sound.levels import (
    CEILING,
    FADE_S,
    Levels,
    Limiter,
    _interpolators,
    gain_of,
)

RATE = 16000
EDGE = round(FADE_S * RATE)

Samples = NDArray[np.float32]


def tone(
    amplitude: float, hertz: float = 440.0, seconds: float = 0.5, phase: float = 0.0
) -> Samples:
    time = np.arange(round(seconds * RATE)) / RATE
    return (amplitude * np.sin(2 * np.pi * hertz * time + phase)).astype(np.float32)


def through(levels: Levels, *chunks: Samples, volume: float = 100.0) -> Samples:
    parts = [levels.process(chunk, volume) for chunk in chunks]
    return np.concatenate([*parts, levels.finish()])


def true_peak(samples: Samples) -> float:
    return float(np.abs(soxr.resample(samples, RATE, RATE * 8, "VHQ")).max())


@pytest.mark.parametrize(("percent", "gain"), [(0, 0), (25, 0.25), (100, 1), (250, 1), (-3, 0)])
def test_percent_is_of_full_scale(percent: float, gain: float) -> None:
    assert gain_of(percent) == gain


def test_moderate_samples_pass_untouched_but_for_the_edges() -> None:
    samples = tone(0.5)
    out = through(Levels(RATE), samples)
    assert np.array_equal(out[EDGE:-EDGE], samples[EDGE:-EDGE])


def test_the_edges_are_soft() -> None:
    out = through(Levels(RATE), np.full(1000, 0.5, dtype=np.float32))
    assert out[0] == out[-1] == 0
    assert np.all(np.diff(out[:EDGE]) > 0)
    assert np.all(np.diff(out[-EDGE:]) < 0)


def test_chunk_by_chunk_equals_the_whole() -> None:
    samples = tone(1.4)
    whole = through(Levels(RATE), samples)
    parts = through(Levels(RATE), *np.array_split(samples, 37))
    assert np.allclose(whole, parts, atol=1e-6)


def test_volume_and_gain_multiply() -> None:
    out = through(Levels(RATE, gain=0.5), tone(0.8), volume=50)
    assert np.allclose(out[EDGE:-EDGE], tone(0.8)[EDGE:-EDGE] * 0.25, atol=1e-6)


def test_a_new_volume_makes_no_step() -> None:
    levels = Levels(RATE)
    flat = np.full(RATE // 10, 0.5, dtype=np.float32)
    out = np.concatenate([levels.process(flat, 100), levels.process(flat, 10), levels.finish()])
    assert np.abs(np.diff(out)).max() <= 0.5 / (EDGE - 1) + 1e-6
    assert out[len(flat) + EDGE] == pytest.approx(0.05)


def test_what_is_no_sound_is_an_error() -> None:
    with pytest.raises(VoiceError, match="not numbers"):
        Levels(RATE).process(np.array([0.0, np.nan], dtype=np.float32))


@pytest.mark.parametrize("hertz", [100.0, 997.0, 3999.0, 4000.0, 6000.0])
@pytest.mark.parametrize("amplitude", [0.95, 1.0, 1.7, 3.0])
def test_the_limiter_keeps_the_true_peak_below_full_scale(amplitude: float, hertz: float) -> None:
    # A quarter of the sample rate at 45 degrees: samples at 0.71 of the true peak.
    limiter = Limiter(EDGE)
    samples = tone(amplitude, hertz, phase=np.pi / 4)
    out = np.concatenate([limiter.process(samples), limiter.finish()])
    middle = out[EDGE:-EDGE]
    assert true_peak(middle) < 1.0
    assert np.abs(middle).max() > 0.5 * min(amplitude, CEILING)


@pytest.mark.parametrize("hertz", [60.0, 220.0, 440.0, 997.0, 2000.0])
@pytest.mark.parametrize("amplitude", [0.82, 0.85, 0.89])
@pytest.mark.parametrize("phase", [0.0, 1.1, np.pi / 2])
def test_what_stays_below_the_ceiling_is_left_untouched(
    amplitude: float, hertz: float, phase: float
) -> None:
    limiter = Limiter(EDGE)
    samples = tone(amplitude, hertz, phase=phase)
    parts = [limiter.process(part) for part in np.array_split(samples, 7)]
    out = np.concatenate([*parts, limiter.finish()])
    # A tone that begins and ends abruptly does overshoot there.
    inside = slice(4 * EDGE, -4 * EDGE)
    assert np.array_equal(out[inside], samples[inside])
    if hertz <= 440:
        assert np.array_equal(out, samples)


@pytest.mark.parametrize("shift", [0, 1, 5, 40, EDGE - 6, EDGE - 1])
def test_a_peak_between_the_samples_counts_wherever_it_lies(shift: int) -> None:
    """Two samples of 0.85 in a burst at half the rate have a peak of 1.1 between them."""
    burst = np.array([-0.3, 0.85, 0.85, -0.3], dtype=np.float32)
    samples = np.zeros(6 * EDGE, dtype=np.float32)
    samples[2 * EDGE + shift : 2 * EDGE + shift + 4] = burst
    limiter = Limiter(EDGE)
    out = np.concatenate([limiter.process(samples), limiter.finish()])
    assert true_peak(samples) > 1.0
    assert true_peak(out) < 1.0


@settings(deadline=None)
@given(
    st.lists(st.floats(-4, 4, width=32), min_size=0, max_size=400),
    st.lists(st.integers(0, 400), max_size=5),
)
def test_no_sample_passes_the_ceiling_and_none_is_lost(
    values: list[float], cuts: list[int]
) -> None:
    samples = np.array(values, dtype=np.float32)
    limiter = Limiter(EDGE)
    parts = [limiter.process(part) for part in np.split(samples, sorted(cuts))]
    out = np.concatenate([*parts, limiter.finish()])
    assert len(out) == len(samples)
    assert np.abs(out).max(initial=0.0) <= CEILING + 1e-6


def test_the_limiter_comes_back_up() -> None:
    limiter = Limiter(EDGE)
    samples = np.concatenate([tone(3.0, seconds=0.1), tone(0.5, seconds=2.0)])
    out = np.concatenate([limiter.process(samples), limiter.finish()])
    assert np.array_equal(out[-RATE // 2 :], samples[-RATE // 2 :])


def test_the_limiter_sees_a_sudden_shout_coming() -> None:
    limiter = Limiter(EDGE)
    samples = np.concatenate([tone(0.5, seconds=0.1), np.full(1000, 3.0, dtype=np.float32)])
    out = np.concatenate([limiter.process(samples), limiter.finish()])
    assert np.abs(out).max() <= CEILING + 1e-6
    # It turns down within one step of 5 ms, not before.
    shout = round(0.1 * RATE) // EDGE * EDGE
    assert np.array_equal(out[: shout - EDGE], samples[: shout - EDGE])


def limited(samples: Samples) -> Samples:
    limiter = Limiter(EDGE)
    return np.concatenate([limiter.process(samples), limiter.finish()])


def test_the_ceiling_is_a_decibel_below_full_scale() -> None:
    assert 20 * np.log10(CEILING) == pytest.approx(-1)


def test_the_gain_comes_back_from_the_next_step_on_by_two_in_a_hundred() -> None:
    samples = np.full(80 * EDGE, 0.3, dtype=np.float32)
    samples[4 * EDGE + 20 : 4 * EDGE + 30] = 1.5
    out = limited(samples)
    gain = out / samples
    at_edges = gain[EDGE - 1 :: EDGE]
    lowest = CEILING / 1.5
    # Down within the step before, as low as its loudest sample (and what lies between) asks.
    assert at_edges[2] == 1
    assert at_edges[3] <= lowest + 1e-6
    assert at_edges[4] == at_edges[3]
    rising = at_edges[5:20] / at_edges[4:19]
    assert rising == pytest.approx(np.full(15, 1.02), abs=1e-4)
    # Without a step anywhere on the way up.
    assert np.diff(gain[5 * EDGE :]).max() < 0.021 / (EDGE - 1)
    assert at_edges[-1] == 1
    assert np.abs(out).max() <= CEILING + 1e-6


def test_a_step_is_kept_below_the_ceiling_to_its_very_end() -> None:
    samples = np.full(12 * EDGE, 0.01, dtype=np.float32)
    samples[3 * EDGE : 4 * EDGE] = 2.0
    assert np.abs(limited(samples)).max() <= CEILING + 1e-6
    samples[-EDGE:] = -2.0
    assert np.abs(limited(samples)).max() <= CEILING + 1e-6


@pytest.mark.parametrize("chunks", [[], [0.5], [2.0]])
def test_samples_stay_single_precision(chunks: list[float]) -> None:
    levels = Levels(RATE)
    for amplitude in chunks:
        assert levels.process(tone(amplitude).astype(np.float64)).dtype == np.float32
    assert levels.process(np.zeros(0, dtype=np.float32)).dtype == np.float32
    assert levels.finish().dtype == np.float32


def test_what_lies_between_the_samples_is_looked_at_in_three_places() -> None:
    bank = _interpolators()
    assert len(bank) == 3
    places = np.arange(200)
    hum = np.sin(2 * np.pi * 0.11 * places)
    for number, taps in enumerate(bank, start=1):
        before = len(taps) // 2 - 1
        between = np.convolve(hum, taps, "valid")
        expected = [
            np.sin(2 * np.pi * 0.11 * (places[before : before + len(between)] + shift))
            for shift in (number / 4, 1 - number / 4)
        ]
        assert min(np.abs(between - wanted).max() for wanted in expected) < 0.01
        assert taps.sum() == pytest.approx(1, abs=1e-6)


def test_a_very_low_rate_has_edges_of_one_sample() -> None:
    out = through(Levels(100), np.full(10, 0.5, dtype=np.float32))
    assert out[1:-1].tolist() == [0.5] * 8
