"""An utterance as frames on the Unix socket: a head, PCM blocks as they are made, a tail."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator, Iterator
from typing import Any, cast

from tts_daemon.domain import AudioChunk, EventType, SpeakRequest
from tts_daemon.ports import SpeechService
from tts_daemon.synthesis.pcm import to_pcm

Frame = dict[str, Any] | bytes


def frames(service: SpeechService, request: SpeakRequest) -> Generator[Frame, None, None]:
    """Yield what is to be sent: an object is a JSON line, bytes follow the line that counts them.

    Closing this generator ends the synthesis. Raises as `SpeechService.render` does.
    """
    chunks = cast("Generator[AudioChunk, None, None]", service.render(request))
    with contextlib.closing(chunks):
        before_s = time.monotonic()
        first = next(chunks, None)
        first_audio_s = synthesis_s = time.monotonic() - before_s
        audio_s = 0.0
        yield _head(request, first)
        chunk = first
        while chunk is not None:
            audio_s += chunk.duration_s
            yield from _block(chunk)
            before_s = time.monotonic()
            chunk = next(chunks, None)
            synthesis_s += time.monotonic() - before_s
    yield {
        "ok": True,
        "event_type": str(EventType.FINISHED),
        "id": request.id,
        "first_audio_ms": round(1000 * first_audio_s, 1),
        "audio_ms": round(1000 * audio_s, 1),
        "real_time_factor": round(synthesis_s / audio_s, 4) if audio_s else None,
    }


def _head(request: SpeakRequest, first: AudioChunk | None) -> Frame:
    rate = first.sample_rate if first else 16000
    known = {"id": request.id, "format": "s16le", "channels": 1, "sample_rate": rate}
    return {"ok": True, **known}


def _block(chunk: AudioChunk) -> Iterator[Frame]:
    block = to_pcm(chunk.samples, chunk.volume / 100).astype("<i2").tobytes()
    yield {"bytes": len(block)}
    yield block
