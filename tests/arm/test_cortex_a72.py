"""The embedded voice on an emulated Cortex-A72: it runs, and speaks as it does here."""

from __future__ import annotations

import json
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from arm.emulated import CHECKOUT, Pi
from numpy.typing import NDArray

from tts_daemon.workshop.measure.quality import mel_distance_db

pytestmark = pytest.mark.timeout(1800)
"""The first run downloads two systems; a second of speech is some thirty seconds of emulation."""

TEXT = "你好。"
IMPORTS = (
    "numpy, onnxruntime, soxr, rjieba, opencc, yaml, paho.mqtt.client, defusedxml, sounddevice"
)
WITHIN = 0.25
"""Of the distance that INT8 itself has from FP32 (`mel_distance_db` of the package).

Integer products are the same on both machines. What is left is rounding of the FP32 parts; where it
moves an activation to the next step, the f0 after it moves too, so that phases differ and samples
cannot be compared. Seen: 0.13 dB of 2.01 (wuyin, onnxruntime 1.32.0), from two in a thousand
activations of one call of the postnet. Noise 20 dB below the speech costs 7 dB.
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
    own = json.loads((CHECKOUT / "models/wuyin/quality.json").read_text())["mel_distance_db"]
    assert mel_distance_db(samples, pi_samples) < WITHIN * own


def read(path: Path) -> NDArray[np.float32]:
    """Samples of a WAV file, float32 [N]."""
    with wave.open(str(path)) as sound:
        pcm = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
    return pcm.astype(np.float32) / 32768
