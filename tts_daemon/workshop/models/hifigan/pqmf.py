"""The synthesis bank that merges four subbands into one waveform.

Source: Lin and Vaidyanathan 1998, "A Kaiser window approach for the design of prototype filters of
cosine modulated filterbanks"; Nguyen 1994, "Near-perfect-reconstruction pseudo-QMF banks".
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

TAPS = 62
CUTOFF = 0.142
KAISER_BETA = 9.0


def synthesis_filters(bands: int) -> NDArray[np.float64]:
    """Impulse response of each band's synthesis filter [bands, TAPS + 1]."""
    offset = np.arange(TAPS + 1) - TAPS / 2
    prototype = CUTOFF * np.sinc(CUTOFF * offset) * np.kaiser(TAPS + 1, KAISER_BETA)
    band = np.arange(bands)[:, None]
    phase = np.where(band % 2 == 0, 1.0, -1.0) * np.pi / 4
    carrier = np.cos((2 * band + 1) * np.pi / (2 * bands) * offset - phase)
    return np.asarray(2 * prototype * carrier)


class SynthesisBank(nn.Module):
    """Subbands [B, bands, N] -> waveform [B, 1, N x bands]. Holds no trained parameters."""

    filters: Tensor

    def __init__(self, bands: int) -> None:
        super().__init__()
        self.bands = bands
        # Zeros between the samples, then the filters: one transposed convolution.
        # Its kernel runs backwards in comparison with the convolution that it replaces.
        filters = torch.from_numpy(synthesis_filters(bands)[:, ::-1].copy()).float()
        self.register_buffer("filters", filters[:, None, :] * bands, persistent=False)

    def forward(self, subbands: Tensor) -> Tensor:
        """Merge the bands."""
        whole = functional.conv_transpose1d(subbands, self.filters, stride=self.bands)
        start = TAPS // 2
        # Samples beyond the last one kept by the plain form are zeros filtered: cut to N x bands.
        missing = start + subbands.shape[-1] * self.bands - whole.shape[-1]
        return functional.pad(whole, (0, max(0, missing)))[
            :, :, start : start + subbands.shape[-1] * self.bands
        ]
