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
_BEFORE = _TAPS // 2
_AHEAD = _BEFORE - 1
"""Samples around a step that say what lies before, between, but not after its samples."""

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
        """Next samples, float [N]; as many come back, later by up to two steps and `_AHEAD`."""
        self._rest = np.concatenate([self._rest, samples.astype(np.float32, copy=False)])
        return self._take((len(self._rest) - _AHEAD) // self._step)

    def finish(self) -> Samples:
        """What is held back, float [N]."""
        rest = self._take(-(-len(self._rest) // self._step))
        held, edge, self._held = self._held, self._edge, None
        return rest if held is None else np.concatenate([rest, self._ramped(held, edge, edge)])

    def _take(self, steps: int) -> Samples:
        """Take so many steps out of the rest, the last of which may be shorter."""
        limited = [np.zeros(0, dtype=np.float32)]
        for _ in range(steps):
            block, self._rest = self._rest[: self._step], self._rest[self._step :]
            limited.append(self._push(block))
        return np.concatenate(limited)

    def _push(self, block: Samples) -> Samples:
        """Take in one step, give out the one before it."""
        held, held_gain, before = self._held, self._held_gain, self._edge
        gain = self._allowed(block)
        self._held, self._held_gain = block, gain
        self._edge = gain if held is None else min(held_gain, gain, before * self._RISE)
        return block[:0] if held is None else self._ramped(held, before, self._edge)

    @staticmethod
    def _ramped(block: Samples, before: float, after: float) -> Samples:
        if before == after == 1.0:
            return block
        return block * np.linspace(before, after, len(block), dtype=np.float32)

    def _allowed(self, block: Samples) -> float:
        """Gain that one step may not exceed, by its samples and what lies between them."""
        # Beyond the ends, where it is faded anyway, the sound goes on as it is.
        past = block[:1] if self._held is None else self._held
        context = np.concatenate([past[-_BEFORE:], block, self._rest[:_AHEAD]])
        peak = float(np.abs(context).max())
        # The interpolated peak is at most about twice the sample peak: quiet steps are done here.
        if peak > CEILING / 2:
            lacking = (max(0, _BEFORE - len(past)), max(0, _AHEAD - len(self._rest)))
            context = np.pad(context, lacking, mode="edge")
            between = [np.abs(np.convolve(context, taps, "valid")).max() for taps in self._bank]
            peak = max(float(np.abs(block).max()), *(float(value) for value in between))
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
