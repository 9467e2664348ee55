"""How far apart two waveforms of one utterance are, as numbers for a report."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tts_daemon.runtime.engine import Floats

_WINDOW_S = 0.064
_HOP_S = 0.0125
_BANDS = 80
_FLOOR = 1e-5
"""-100 dB of full scale: what is quieter is silence."""


def snr_db(reference: Floats, other: Floats) -> float:
    """Signal-to-noise ratio, the difference being the noise; infinite for equal waveforms."""
    noise = float(np.sum((reference - other).astype(np.float64) ** 2))
    signal = float(np.sum(reference.astype(np.float64) ** 2))
    return float("inf") if noise == 0 else 10 * float(np.log10(signal / noise))


def mel_distance_db(reference: Floats, other: Floats, sample_rate: int) -> float:
    """Difference of two log-mel spectrograms: root mean square over bands, mean over frames.

    Args:
        reference: float32 [N].
        other: The same speech with the same timing [N].
        sample_rate: Samples per second.
    """
    difference = _log_mel_db(reference, sample_rate) - _log_mel_db(other, sample_rate)
    return float(np.sqrt((difference**2).mean(axis=1)).mean())


def _log_mel_db(waveform: Floats, sample_rate: int) -> NDArray[np.float64]:
    """[N] -> [frames, bands]."""
    window, hop = int(_WINDOW_S * sample_rate), int(_HOP_S * sample_rate)
    padded = np.pad(waveform, (0, max(0, window - len(waveform))))
    pieces = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop]
    spectrum = np.abs(np.fft.rfft(pieces * np.hanning(window), axis=1)) / (window / 4)
    mel = spectrum @ _mel_filters(spectrum.shape[1], sample_rate)
    decibels: NDArray[np.float64] = 20 * np.log10(np.maximum(mel, _FLOOR))
    return decibels


def _mel_filters(bins: int, sample_rate: int) -> NDArray[np.float64]:
    """Triangles of equal area, evenly spaced on the mel scale [bins, bands]."""
    top = 2595 * np.log10(1 + sample_rate / 2 / 700)
    edges_hz = 700 * (10 ** (np.linspace(0, top, _BANDS + 2) / 2595) - 1)
    frequency = np.linspace(0, sample_rate / 2, bins)[:, None]
    rising = (frequency - edges_hz[:-2]) / (edges_hz[1:-1] - edges_hz[:-2])
    falling = (edges_hz[2:] - frequency) / (edges_hz[2:] - edges_hz[1:-1])
    triangles = np.maximum(0, np.minimum(rising, falling))
    filters: NDArray[np.float64] = triangles / np.maximum(triangles.sum(axis=0), 1e-9)
    return filters
