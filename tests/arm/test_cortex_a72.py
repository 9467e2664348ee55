"""The embedded voice on an emulated Cortex-A72: it runs, and speaks as it does here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from arm.emulated import Pi

TEXT = "你好。"
IMPORTS = "numpy, onnxruntime, soxr, rjieba, opencc, yaml, paho.mqtt.client, defusedxml"


def test_imports_without_an_illegal_instruction(pi: Pi) -> None:
    result = pi.python("-c", f"import {IMPORTS}; print('all here')")
    assert result.stdout.strip() == "all here", result.stderr


def test_speech_equals_that_of_x86(pi: Pi, tmp_path: Path) -> None:
    arguments = ["-m", "tts_daemon.cli.say", "--local", TEXT, "--output"]
    there = pi.python(*arguments, str(tmp_path / "pi.wav"))
    assert there.returncode == 0, there.stderr
    subprocess.run([sys.executable, *arguments, str(tmp_path / "here.wav")], check=True)
    pi_samples, samples = (read(tmp_path / name) for name in ("pi.wav", "here.wav"))
    assert len(pi_samples) == len(samples)
    # The excitation has fresh noise in each run, so spectra are compared, not samples: an INT8
    # product that overflows moves them by more than 10 dB.
    assert np.abs(spectrum_db(pi_samples) - spectrum_db(samples)).mean() < 2.0


def read(path: Path) -> np.ndarray:
    soundfile = pytest.importorskip("soundfile")
    samples: np.ndarray = soundfile.read(path)[0]
    return samples


def spectrum_db(samples: np.ndarray) -> np.ndarray:
    """Power in 40 ms frames and 32 bands, in dB with a floor of -80 dB."""
    frames = samples[: len(samples) // 640 * 640].reshape(-1, 640) * np.hanning(640)
    power = np.abs(np.fft.rfft(frames)) ** 2
    bands = np.add.reduceat(power, np.arange(0, 320, 10), axis=1)
    return 10 * np.log10(bands / 640 + 1e-8)
