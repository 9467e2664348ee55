"""The edges of a clause's waveform: no long silence, and no click."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tts_daemon.runtime.engine import Floats

QUIET = 0.003
"""About -50 dB of full scale."""
_LONGEST_HEAD_S = 0.3
_KEPT_HEAD_S = 0.03
_FADE_S = 0.005


def shape_edges(
    pieces: Iterator[Floats], sample_rate: int, longest_tail_s: float
) -> Iterator[Floats]:
    """Shorten the silence before and after a clause, and fade both ends.

    Args:
        pieces: The clause's waveform, float32 [n] each.
        sample_rate: Samples per second.
        longest_tail_s: Silence that may stay at the end.

    Yields:
        Pieces that, joined, do not depend on how the waveform was cut.
    """
    trimmed = _trim_head(
        pieces, int(_LONGEST_HEAD_S * sample_rate), int(_KEPT_HEAD_S * sample_rate)
    )
    limited = _limit_tail(trimmed, int(longest_tail_s * sample_rate))
    return _fade(limited, int(_FADE_S * sample_rate))


def trailing_quiet(samples: Floats, before: int = 0) -> int:
    """Samples of silence at the end of a stream, given those before its newest piece."""
    loud = np.flatnonzero(np.abs(samples) > QUIET)
    return len(samples) - 1 - int(loud[-1]) if len(loud) else before + len(samples)


def _trim_head(pieces: Iterator[Floats], longest: int, kept: int) -> Iterator[Floats]:
    """Drop the silence before the first sound but for `kept` samples, at most `longest`."""
    head = np.zeros(0, np.float32)
    for piece in pieces:
        head = np.concatenate([head, piece])
        loud = np.flatnonzero(np.abs(head) > QUIET)
        if len(loud) or len(head) >= longest:
            begin = min(int(loud[0]), longest) if len(loud) else longest
            yield head[max(0, begin - kept) :]
            break
    else:
        yield head
    yield from pieces


def _limit_tail(pieces: Iterator[Floats], longest: int) -> Iterator[Floats]:
    """Hold back silence beyond `longest` samples until a sound shows that it is not the end."""
    held = np.zeros(0, np.float32)
    quiet = 0  # samples of silence that were let through since the last sound
    for piece in pieces:
        loud = np.flatnonzero(np.abs(piece) > QUIET)
        end = int(loud[-1]) + 1 if len(loud) else 0
        if end:
            yield np.concatenate([held, piece[:end]])
            held, quiet = held[:0], 0
        rest = piece[end:]
        free = max(0, longest - quiet)
        quiet += len(rest)
        if free and len(rest):
            yield rest[:free]
        held = np.concatenate([held, rest[free:]])


def _fade(pieces: Iterator[Floats], length: int) -> Iterator[Floats]:
    """Fade in over the first and out over the last `length` samples."""
    ramp = (np.arange(length, dtype=np.float32) + np.float32(0.5)) / np.float32(length)
    held = np.zeros(0, np.float32)
    begun = 0
    for piece in pieces:
        held = np.concatenate([held, piece])
        ready = held[: max(0, len(held) - length)]
        if len(ready):
            yield _faded_in(ready, ramp, begun)
        begun += len(ready)
        held = held[len(ready) :]
    last = _faded_in(held, ramp, begun)
    if len(last):
        yield last * ramp[: len(last)][::-1]


def _faded_in(samples: Floats, ramp: Floats, begun: int) -> Floats:
    """Apply what of the ramp falls on samples that start at `begun`."""
    part = ramp[begun : begun + len(samples)]
    if not len(part):
        return samples
    samples = samples.copy()
    samples[: len(part)] *= part
    return samples
