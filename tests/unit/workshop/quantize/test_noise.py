"""Noise is what a version adds to a graph's output, everywhere and where speech is silent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from tts_daemon.workshop.measure.graph_player import Feeds
from tts_daemon.workshop.models.voice import TorchVoice
from tts_daemon.workshop.quantize.noise import RUNS, NoiseMeter, Target

HOP = 200


def scaling(factor: float, offset: float = 0.0) -> onnx.ModelProto:
    """A "vocoder" whose waveform is its mel times a factor, plus an offset."""
    nodes = [
        helper.make_node("Mul", ["mel", "factor"], ["scaled"]),
        helper.make_node("Add", ["scaled", "offset"], ["waveform"]),
    ]
    values = [helper.make_tensor_value_info("mel", TensorProto.FLOAT, [None])]
    outputs = [helper.make_tensor_value_info("waveform", TensorProto.FLOAT, [None])]
    constants = [
        helper.make_tensor(name, TensorProto.FLOAT, [1], [value])
        for name, value in (("factor", factor), ("offset", offset))
    ]
    graph = helper.make_graph(nodes, "vocoder", values, outputs, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def meter(voice: TorchVoice, runs: Sequence[np.ndarray], target: Target) -> NoiseMeter:
    assert voice.hop_length == HOP
    feeds: list[Feeds] = [{"mel": np.asarray(run, np.float32)} for run in runs]
    return NoiseMeter(voice, "vocoder", scaling(1.0), feeds, target)


LOUD = np.full(4 * HOP, 0.5)
WITH_PAUSE = np.concatenate([LOUD, np.zeros(2 * HOP)])
TARGET = Target(snr_db=20.0, quiet_db=-40.0)


@pytest.mark.parametrize(("factor", "noise_db"), [(1.1, -20.0), (0.99, -40.0), (2.0, 0.0)])
def test_noise_is_relative_to_the_speech(voice: TorchVoice, factor: float, noise_db: float) -> None:
    everywhere, pauses = meter(voice, [LOUD, 3 * LOUD], TARGET).noise_db(scaling(factor))
    assert everywhere == pytest.approx(noise_db, abs=0.01)
    assert pauses is None


def test_the_same_graph_adds_nothing(voice: TorchVoice) -> None:
    same = meter(voice, [WITH_PAUSE], TARGET)
    assert max(same.noise_db(scaling(1.0))) < -200
    assert same.excess(scaling(1.0)) == (pytest.approx(0), pytest.approx(0))


def test_a_hiss_in_a_pause_counts_for_itself(voice: TorchVoice) -> None:
    hissing = scaling(1.0, offset=0.005)
    heard = meter(voice, [WITH_PAUSE], TARGET)
    everywhere, pauses = heard.noise_db(hissing)
    # The mean power is that of speech and pause together: 2/3 of 0.25.
    assert everywhere == pytest.approx(-38.2, abs=0.05)
    assert pauses == pytest.approx(everywhere, abs=0.01)
    assert heard.excess(hissing) == (pytest.approx(0.015, abs=1e-3), pytest.approx(1.5, abs=0.02))
    unheard = meter(voice, [WITH_PAUSE], Target(snr_db=20.0))
    assert unheard.excess(hissing) == (pytest.approx(0.015, abs=1e-3),)


def test_what_is_just_allowed_is_one(voice: TorchVoice) -> None:
    assert meter(voice, [LOUD], Target(20.0)).excess(scaling(1.1)) == (pytest.approx(1, abs=1e-3),)


def test_the_runs_that_are_looked_at_are_few_and_spread(voice: TorchVoice) -> None:
    # Each run is as loud as its number: what was looked at can be told from the mean power.
    counted = meter(voice, [np.full(HOP, float(number)) for number in range(33)], Target(20.0))
    chosen = np.arange(0, 33, 4)[:RUNS]
    difference = scaling(1.0, offset=1.0)
    expected = 10 * np.log10(1 / np.square(chosen).mean())
    assert counted.noise_db(difference)[0] == pytest.approx(expected, abs=1e-3)


def test_in_words(voice: TorchVoice) -> None:
    assert meter(voice, [LOUD], TARGET).describe(scaling(1.1)) == "vocoder: SNR 20.0 dB"
    said = meter(voice, [WITH_PAUSE], TARGET).describe(scaling(1.0, offset=0.005))
    assert said == "vocoder: SNR 38.2 dB, noise in pauses -38.2 dB"
