"""What the voice has spoken for the small vocoder to learn from, kept on disk clause by clause.

A voice of the published size speaks a few thousand clauses in hours: an interruption must not cost
them. A file is named by all that its sound depends on, so that other texts or another voice never
take it for theirs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from tts_daemon.errors import CheckpointError
from tts_daemon.workshop.measure.graph_player import Floats, SentenceInputs
from tts_daemon.workshop.measure.parity_engines import torch_engine
from tts_daemon.workshop.models.voice import TorchVoice

_PARTS = 10
"""Progress is told so many times."""

Report = Callable[[str], None]


class Recital:
    """Owns a directory with the frames of clauses.

    Args:
        voice: Who speaks.
        directory: Made where it does not exist.
    """

    def __init__(self, voice: TorchVoice, directory: Path) -> None:
        self._voice, self._directory = voice, directory
        self._acoustic = torch_engine(voice).acoustic
        self._fingerprint = _fingerprint(voice)

    def speak(
        self,
        clauses: Sequence[SentenceInputs],
        report: Report,
        stop: Callable[[], bool] = lambda: False,
    ) -> list[Floats]:
        """Frames [T, C] of every clause; fewer where `stop()` says so.

        Raises:
            CheckpointError: The directory cannot be written.
        """
        spoken: list[Floats] = []
        for clause in clauses:
            if stop():
                return spoken
            spoken.append(self._frames(clause))
            if len(spoken) * _PARTS // len(clauses) > (len(spoken) - 1) * _PARTS // len(clauses):
                report(f"{len(spoken)} of {len(clauses)} clauses, {self._length_s(spoken):.0f} s")
        return spoken

    def forget(self) -> None:
        """Remove what was kept."""
        for path in self._directory.glob("*.npy"):
            path.unlink()
        if self._directory.is_dir():
            self._directory.rmdir()

    def _length_s(self, spoken: Sequence[Floats]) -> float:
        return sum(map(len, spoken)) * self._voice.hop_length / self._voice.sample_rate

    def _frames(self, clause: SentenceInputs) -> Floats:
        parts = (clause.symbols, clause.emotion, clause.speaker)
        digest = hashlib.sha256(self._fingerprint)
        for part in parts:
            digest.update(np.ascontiguousarray(part).tobytes())
        path = self._directory / f"{digest.hexdigest()[:32]}.npy"
        try:
            if path.is_file():
                kept: Floats = np.load(path, allow_pickle=False)
                return kept
        except (OSError, ValueError, EOFError):
            path.unlink()  # cut off by a power cut: spoken again
        frames = self._acoustic(clause).frames
        self._keep(path, frames)
        return frames

    def _keep(self, path: Path, frames: Floats) -> None:
        draft = path.with_suffix(".draft")
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            with draft.open("wb") as file:
                np.save(file, frames, allow_pickle=False)
            draft.replace(path)
        except OSError as error:
            raise CheckpointError(f"{path}: cannot be written: {error.strerror or error}") from None


def _fingerprint(voice: TorchVoice) -> bytes:
    """Of the acoustic model's weights."""
    digest = hashlib.sha256()
    for name, value in voice.acoustic.state_dict().items():
        digest.update(name.encode())
        digest.update(value.detach().cpu().numpy().tobytes())
    return digest.digest()
