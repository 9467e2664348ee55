"""How loud: volume, soft edges, and a limiter that keeps the analogue peaks below full scale."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tts_daemon.errors import VoiceError

FADE_S = 0.005
"""Length of the soft edges of an utterance, and of the limiter's steps."""

CEILING = 10 ** (-1 / 20)
"""Highest peak between the samples: -1 dB full scale, so that no later resampling clips."""

_OVERSAMPLING = 4
_TAPS = 12

Samples = NDArray[np.float32]


def gain_of(percent: float) -> float:
    """Amplitude factor of a volume: percent of full scale, 100 -> 1."""
    return min(max(percent, 0.0), 100.0) / 100.0


class Levels:
    """Volume, edges and limit of one utterance.

    Holds back the last `FADE_S`, because the fade at the end and the limiter need to see ahead.

    Args:
        sample_rate: Samples per second.
        gain: Amplitude factor on the whole utterance (quiet hours).
    """

    def __init__(self, sample_rate: int, gain: float = 1.0) -> None:
        self.sample_rate = sample_rate
        self._gain = gain
        self._step = max(1, round(FADE_S * sample_rate))
        self._volume: float | None = None
        self._limiter = Limiter(self._step)

    def process(self, samples: Samples, volume: float = 100.0) -> Samples:
        """Next chunk, float [N], at a volume in percent; a new volume is reached without a click.

        Raises:
            VoiceError: The voice made something that is no sound (NaN or infinity).
        """
        if not np.isfinite(samples).all():
            raise VoiceError("the voice made samples that are not numbers; verify its package")
        return self._limiter.process(self._scaled(samples, volume))

    def finish(self) -> Samples:
        """The rest, faded out, float [N]."""
        rest = self._limiter.finish()
        edge = min(len(rest), self._step)
        if edge:
            rest[-edge:] *= np.linspace(1.0, 0.0, edge, dtype=np.float32)
        return rest

    def _scaled(self, samples: Samples, volume: float) -> Samples:
        target = gain_of(volume) * self._gain
        # None: the utterance begins, so it fades in from silence.
        before = 0.0 if self._volume is None else self._volume
        self._volume = target
        scaled = samples * np.float32(target)
        edge = min(len(samples), self._step)
        if before != target:
            scaled[:edge] = samples[:edge] * np.linspace(before, target, edge, dtype=np.float32)
        return scaled


class Limiter:
    """Turns down what would exceed `CEILING` between the samples, and leaves the rest untouched.

    Works in steps of a few milliseconds. Each step has a gain that it may not exceed; the gain runs
    in a straight line from edge to edge, and an edge takes the lower gain of its two steps, so the
    line never lies above what its step allows.

    Args:
        step: Samples of one step; one step is held back.
    """

    _RISE = 1.02
    """Largest growth of the gain from step to step: back up slowly, so that nothing pumps."""

    def __init__(self, step: int) -> None:
        self._step = step
        self._rest: Samples = np.zeros(0, dtype=np.float32)
        self._held: Samples | None = None
        self._held_gain = 1.0
        self._edge = 1.0
        self._bank = _interpolators()

    def process(self, samples: Samples) -> Samples:
        """Next samples, float [N]; as many come back, later by up to two steps."""
        stream = np.concatenate([self._rest, samples.astype(np.float32, copy=False)])
        whole = len(stream) // self._step * self._step
        self._rest = stream[whole:]
        blocks = stream[:whole].reshape(-1, self._step)
        parts = [self._push(block) for block in blocks]
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)

    def finish(self) -> Samples:
        """What is held back, float [N]."""
        parts = [self._push(self._rest)] if len(self._rest) else []
        parts.append(self._push(np.zeros(0, dtype=np.float32)))
        self._rest, self._held = np.zeros(0, dtype=np.float32), None
        return np.concatenate(parts)

    def _push(self, block: Samples) -> Samples:
        """Take in one step, give out the one before it."""
        held, held_gain = self._held, self._held_gain
        gain = self._allowed(block)
        self._held, self._held_gain = block, gain
        if held is None:
            self._edge = gain
            return np.zeros(0, dtype=np.float32)
        edge = min(held_gain, gain, self._edge * self._RISE)
        limited = held
        if edge != 1.0 or self._edge != 1.0:
            limited = held * np.linspace(self._edge, edge, len(held), dtype=np.float32)
        self._edge = edge
        return limited

    def _allowed(self, block: Samples) -> float:
        if not len(block):
            return 1.0
        peak = float(np.abs(block).max())
        # The interpolated peak is at most about twice the sample peak: quiet blocks are done here.
        if peak > CEILING / 2:
            before = self._held if self._held is not None else block[:0]
            context = np.concatenate([before[-_TAPS:], block])
            peaks = [np.abs(np.convolve(context, taps)).max() for taps in self._bank]
            peak = max(peak, *(float(value) for value in peaks))
        return min(1.0, CEILING / peak) if peak > 0 else 1.0


def _interpolators() -> tuple[Samples, ...]:
    """Windowed-sinc filters for the points between two samples, each float [_TAPS]."""
    offsets = np.arange(_TAPS) - (_TAPS / 2 - 1)
    window = np.hanning(_TAPS + 2)[1:-1]
    filters = []
    for step in range(1, _OVERSAMPLING):
        taps = np.sinc(offsets - step / _OVERSAMPLING) * window
        filters.append((taps / taps.sum()).astype(np.float32))
    return tuple(filters)
