"""Another rate, the same sound."""

from __future__ import annotations

import numpy as np
import pytest
from fakes.sink_contract import tone
from numpy.typing import NDArray

from tts_daemon.sound.resampling import Resampler

RATES = [(16000, 48000), (16000, 44100), (16000, 22050), (48000, 16000), (22050, 16000)]


def convert(pcm: NDArray[np.int16], rate_in: int, rate_out: int, parts: int) -> NDArray[np.int16]:
    resampler = Resampler(rate_in, rate_out, np.int16)
    pieces = [resampler.process(part) for part in np.array_split(pcm, parts)]
    return np.concatenate([*pieces, resampler.finish()])


def level_db(pcm: NDArray[np.int16]) -> NDArray[np.float64]:
    """Spectrum, the strongest line at 0 dB."""
    spectrum = np.abs(np.fft.rfft(pcm * np.blackman(len(pcm))))
    return 20 * np.log10(spectrum / spectrum.max() + 1e-12)


@pytest.mark.parametrize(("rate_in", "rate_out"), RATES)
@pytest.mark.parametrize("hertz", [200.0, 1000.0, 5000.0])
def test_a_tone_stays_one_clean_tone(rate_in: int, rate_out: int, hertz: float) -> None:
    out = convert(tone(hertz, 1.0, rate_in), rate_in, rate_out, 13)
    assert len(out) == pytest.approx(rate_out, abs=2)
    # Half a second away from the edges: one line, and neither images nor noise above -70 dB.
    middle = out[rate_out // 4 : 3 * rate_out // 4]
    levels = level_db(middle)
    strongest = int(np.argmax(levels))
    assert strongest * rate_out / len(middle) == pytest.approx(hertz, abs=2)
    levels[max(0, strongest - 4) : strongest + 5] = -200
    assert levels.max() < -70


@pytest.mark.parametrize(("rate_in", "rate_out"), RATES)
@pytest.mark.parametrize("parts", [2, 7, 100])
def test_chunk_by_chunk_equals_the_whole(rate_in: int, rate_out: int, parts: int) -> None:
    pcm = np.random.default_rng(1).integers(-20000, 20000, 8000).astype(np.int16)
    whole = convert(pcm, rate_in, rate_out, 1)
    streamed = convert(pcm, rate_in, rate_out, parts)
    # The library dithers where it rounds to whole numbers, each time anew.
    assert len(streamed) == len(whole)
    assert np.abs(streamed.astype(int) - whole).max() <= 3


def test_the_loudness_stays() -> None:
    pcm = tone(1000, 1.0, 16000)
    out = convert(pcm, 16000, 48000, 5)[12000:36000]
    assert np.sqrt(np.mean(out.astype(float) ** 2)) == pytest.approx(12000 / np.sqrt(2), rel=0.01)


def test_the_same_rate_passes_untouched() -> None:
    pcm = tone(300, 0.1, 16000)
    assert np.array_equal(convert(pcm, 16000, 16000, 3), pcm)
