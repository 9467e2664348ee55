"""Rendered frames into a WAV file, or into a pipe."""

from __future__ import annotations

import io
import sys
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from tts_daemon.client import Reply
from tts_daemon.errors import InvalidRequestError

SAMPLE_BYTES = 2


def save(frames: Iterator[Reply | bytes], output: str) -> Reply:
    """Write what a rendering yields; returns its tail, or its refusal.

    Nothing is written before the first sound exists, so a refusal leaves no empty file.

    Raises:
        InvalidRequestError: The file cannot be written.
    """
    head = next(frames)
    if isinstance(head, bytes) or not head["ok"]:
        return cast("Reply", head)
    try:
        if output == "-":
            return _to_pipe(frames, head)
        return _to_file(frames, head, Path(output))
    except OSError as error:
        raise InvalidRequestError(f"--output: {output} cannot be written: {error}") from None


def _to_pipe(frames: Iterator[Reply | bytes], head: Reply) -> Reply:
    # A pipe cannot be rewound to correct the header: collect first.
    collected = io.BytesIO()
    tail = _write(frames, head, collected)
    if tail["ok"]:
        sys.stdout.buffer.write(collected.getvalue())
        sys.stdout.buffer.flush()
    return tail


def _to_file(frames: Iterator[Reply | bytes], head: Reply, path: Path) -> Reply:
    with path.open("wb") as file:
        tail = _write(frames, head, file)
    if not tail["ok"] and path.is_file():
        path.unlink()
    return tail


def _write(frames: Iterator[Reply | bytes], head: Reply, file: BinaryIO) -> Reply:
    with wave.open(file, "wb") as out:
        out.setparams((head["channels"], SAMPLE_BYTES, head["sample_rate"], 0, "NONE", ""))
        for frame in frames:
            if not isinstance(frame, bytes):
                return frame
            out.writeframesraw(frame)
    raise AssertionError("a rendering ends with its tail")
