"""The embedded voice on an emulated Cortex-A72: it runs, and speaks as it does here."""

from __future__ import annotations

import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from arm.emulated import Pi

pytestmark = pytest.mark.timeout(1800)
"""The first run downloads two systems; a second of speech is some thirty seconds of emulation."""

TEXT = "你好。"
IMPORTS = (
    "numpy, onnxruntime, soxr, rjieba, opencc, yaml, paho.mqtt.client, defusedxml, sounddevice"
)
LEAST_SNR_DB = 40.0
"""Integer products are the same on both machines; what is left is rounding of the FP32 parts.

Seen: 101 dB (xiaoyu, onnxruntime 1.32.0). A product that overflows its 16 bits costs all but a few.
"""


def test_imports_without_an_illegal_instruction(pi: Pi) -> None:
    result = pi.run("-c", f"import {IMPORTS}; print('all here')")
    assert result.stdout.strip() == "all here", result.stderr


def test_speech_equals_that_of_x86(pi: Pi, tmp_path: Path) -> None:
    arguments = ["-m", "tts_daemon.cli.say", "--local", TEXT, "--output"]
    there = pi.run(*arguments, str(tmp_path / "pi.wav"))
    assert there.returncode == 0, there.stderr
    subprocess.run([sys.executable, *arguments, str(tmp_path / "here.wav")], check=True)
    pi_samples, samples = (read(tmp_path / name) for name in ("pi.wav", "here.wav"))
    assert len(pi_samples) == len(samples)
    error = np.mean((pi_samples - samples) ** 2) + 1e-9
    assert 10 * np.log10(np.mean(samples**2) / error) > LEAST_SNR_DB


def read(path: Path) -> np.ndarray:
    """Samples of a WAV file, float64 [N]."""
    with wave.open(str(path)) as sound:
        return np.frombuffer(sound.readframes(sound.getnframes()), "<i2").astype(np.float64)
