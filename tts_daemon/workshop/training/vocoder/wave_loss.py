"""What a made waveform loses against the recording, all of it together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from tts_daemon.workshop.training.vocoder.losses import (
    BandLoss,
    FrameLockLoss,
    RepetitionLoss,
    SpectralLoss,
)
from tts_daemon.workshop.training.vocoder.recognizer import load_recognizer


@dataclass(frozen=True)
class Weights:
    """Of each loss beside the spectral ones; the last two only where a recogniser listens.

    Attributes:
        lock: Of the pattern that stands still in the frames; it is a small share of the power.
        hearing: Of the distance of the recogniser's hidden layers.
        phones: Of its opinion which phone is said.
    """

    mel: float = 2.0
    bands: float = 8.0
    repetition: float = 2.0
    lock: float = 20.0
    hearing: float = 1.0
    phones: float = 4.0


class WaveLoss(nn.Module):
    """Spectra, log-mels, bands and patterns, and what a recogniser of phones hears."""

    def __init__(self, weights: Weights, recognizer: Path | None = None) -> None:
        """`recognizer` is the state of a trained one.

        Raises:
            CheckpointError: It is not there.
        """
        super().__init__()
        self.weights = weights
        self.spectra = SpectralLoss(weights.mel)
        self.bands, self.repetition, self.lock = BandLoss(), RepetitionLoss(), FrameLockLoss()
        self.recognizer = load_recognizer(recognizer) if recognizer else None

    def forward(self, made: Tensor, real: Tensor) -> tuple[Tensor, dict[str, float]]:
        """Compare waveforms [B, N].

        Returns:
            The weighted sum, and the parts by name.
        """
        total, mel = self.spectra(made, real)
        figures = {"spectral": float(total.detach()), "mel": float(mel.detach())}
        parts = {
            "bands": self.bands(made, real),
            "repetition": self.repetition(made, real),
            "lock": self.lock(made),
        }
        if self.recognizer is not None:
            parts["hearing"], parts["phones"] = self.recognizer.compare(made, real)
        for name, part in parts.items():
            figures[name] = float(part.detach())
            total = total + getattr(self.weights, name) * part
        return total, figures
