"""A rendered utterance as frames: a head, PCM blocks as they are made, a tail."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator, Iterator
from typing import Any, cast

from tts_daemon.domain import AudioChunk, EventType
from tts_daemon.sound.pcm import to_pcm

Frame = dict[str, Any] | bytes


def frames(request_id: str, made: Iterator[AudioChunk]) -> Generator[Frame, None, None]:
    """Yield the head (an object), blocks of int16 PCM (little-endian), and the tail (an object).

    Closing this generator ends the synthesis. Raises as `SpeechService.render` does.

    Args:
        request_id: What the client calls the utterance.
        made: The utterance's chunks, as `SpeechService.render` gives them.
    """
    chunks = cast("Generator[AudioChunk, None, None]", made)
    with contextlib.closing(chunks):
        before_s = time.monotonic()
        first = next(chunks, None)
        first_audio_s = synthesis_s = time.monotonic() - before_s
        audio_s = 0.0
        yield _head(request_id, first)
        chunk = first
        while chunk is not None:
            audio_s += chunk.duration_s
            yield to_pcm(chunk.samples).astype("<i2").tobytes()
            before_s = time.monotonic()
            chunk = next(chunks, None)
            synthesis_s += time.monotonic() - before_s
    yield {
        "ok": True,
        "event_type": str(EventType.FINISHED),
        "id": request_id,
        "first_audio_ms": round(1000 * first_audio_s, 1),
        "audio_ms": round(1000 * audio_s, 1),
        "real_time_factor": round(synthesis_s / audio_s, 4) if audio_s else None,
    }


def _head(request_id: str, first: AudioChunk | None) -> Frame:
    rate = first.sample_rate if first else 16000
    known = {"id": request_id, "format": "s16le", "channels": 1, "sample_rate": rate}
    return {"ok": True, **known}
