"""Rendered frames into a file of sound, in the format that its ending names, or into a pipe."""

from __future__ import annotations

import io
import sys
import wave
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, cast

from tts_daemon.client import Reply
from tts_daemon.errors import InvalidRequestError
from tts_daemon.extras import importing

SAMPLE_BYTES = 2
PIPE = "-"
COMPRESSED = ("flac", "opus", "mp3")
_Writer = Callable[[Iterator[Reply | bytes], Reply, BinaryIO], Reply]


def check(output: str) -> None:
    """Refuse an ending that names no format, before anything is made.

    Raises:
        InvalidRequestError: It names none.
        MissingExtraError: What writes it is not installed.
    """
    _writer(output)


def save(frames: Iterator[Reply | bytes], output: str) -> Reply:
    """Write what a rendering yields; returns its tail, or its refusal.

    Nothing is written before the first sound exists, so a refusal leaves no empty file.

    Raises:
        InvalidRequestError: The file cannot be written, or its ending names no format.
        MissingExtraError: What writes it is not installed.
    """
    writer = _writer(output)
    head = next(frames)
    if isinstance(head, bytes) or not head["ok"]:
        return cast("Reply", head)
    try:
        if output == PIPE:
            return _to_pipe(frames, head)
        return _to_file(frames, head, Path(output), writer)
    except OSError as error:
        raise InvalidRequestError(f"--output: {output} cannot be written: {error}") from None


def _writer(output: str) -> _Writer:
    ending = "wav" if output == PIPE else Path(output).suffix.lower().lstrip(".")
    if ending == "wav":
        return _write_wav
    if ending not in COMPRESSED:
        known = ", ".join(("wav", *COMPRESSED))
        raise InvalidRequestError(f"--output: {output}: the ending names no format; known: {known}")
    with importing("http", f"--output: a .{ending} file"):
        from tts_daemon.inputs.http.encoding import FORMATS
    form = FORMATS[ending]

    def write(frames: Iterator[Reply | bytes], head: Reply, file: BinaryIO) -> Reply:
        with closing(form.encoder(head["sample_rate"])) as encoder:
            for frame in frames:
                if not isinstance(frame, bytes):
                    file.write(encoder.finish())
                    return frame
                file.write(encoder.add(frame))
        raise AssertionError("a rendering ends with its tail")

    return write


def _to_pipe(frames: Iterator[Reply | bytes], head: Reply) -> Reply:
    # A pipe cannot be rewound to correct the header: collect first.
    collected = io.BytesIO()
    tail = _write_wav(frames, head, collected)
    if tail["ok"]:
        sys.stdout.buffer.write(collected.getvalue())
        sys.stdout.buffer.flush()
    return tail


def _to_file(frames: Iterator[Reply | bytes], head: Reply, path: Path, write: _Writer) -> Reply:
    with path.open("wb") as file:
        tail = write(frames, head, file)
    if not tail["ok"] and path.is_file():
        path.unlink()
    return tail


def _write_wav(frames: Iterator[Reply | bytes], head: Reply, file: BinaryIO) -> Reply:
    with wave.open(file, "wb") as out:
        out.setparams((head["channels"], SAMPLE_BYTES, head["sample_rate"], 0, "NONE", ""))
        for frame in frames:
            if not isinstance(frame, bytes):
                return frame
            out.writeframesraw(frame)
    raise AssertionError("a rendering ends with its tail")
