"""Fast convolution is convolution."""

from __future__ import annotations

import numpy as np
import pytest

from tts_daemon.native import transforms


@pytest.mark.parametrize("taps", transforms.TAPS)
def test_the_matrices_convolve(taps: int) -> None:
    random = np.random.default_rng(taps)
    outputs, filters, inputs = (np.array(rows) for rows in transforms.matrices(taps))
    signal, kernel = random.normal(size=transforms.OUTPUTS + taps - 1), random.normal(size=taps)
    made = outputs @ ((filters @ kernel) * (inputs @ signal))
    np.testing.assert_allclose(made, np.correlate(signal, kernel, "valid"), atol=1e-11)


@pytest.mark.parametrize("taps", transforms.TAPS)
def test_they_are_balanced_so_that_fp32_is_enough(taps: int) -> None:
    outputs, filters, inputs = (np.array(rows, np.float32) for rows in transforms.matrices(taps))
    random = np.random.default_rng(taps)
    signals = random.normal(size=(1000, transforms.OUTPUTS + taps - 1)).astype(np.float32)
    kernel = random.normal(size=taps).astype(np.float32)
    made = ((signals @ inputs.T) * (filters @ kernel)) @ outputs.T
    exact = np.stack([np.correlate(one.astype(float), kernel.astype(float)) for one in signals])
    noise = np.square(made - exact).mean()
    assert 10 * np.log10(np.square(exact).mean() / noise) > 90


def test_every_length_has_its_transforms() -> None:
    text = transforms.header()
    for taps in transforms.TAPS:
        assert f"void points_of_{taps}(" in text
        assert f"void outputs_of_{taps}(" in text
