"""The acoustic model as a whole, on graphs of numpy."""

from __future__ import annotations

from itertools import repeat

import numpy as np
import pytest
from fakes import toy_voice as toy

from tts_daemon.acoustic.duration import DurationPredictor
from tts_daemon.acoustic.encoder import Encoder
from tts_daemon.acoustic.model import AcousticModel
from tts_daemon.domain import Style
from tts_daemon.runtime.engine import Floats

IDS = np.array([[index % 4, index % 2, 0, 0] for index in range(9)], np.int64)


def _stream(size: int, autoregressive: bool = True, style: Style | None = None) -> list[Floats]:
    model = AcousticModel(toy.graphs(autoregressive), toy.manifest(autoregressive=autoregressive))
    chunks = list(model.stream(model.inputs.build(IDS, style or Style()), repeat(size)))
    assert [chunk.last for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    return [chunk.frames for chunk in chunks]


@pytest.mark.parametrize("autoregressive", [True, False])
@pytest.mark.parametrize("size", [1, 4, 11])
def test_stream_equals_whole(autoregressive: bool, size: int) -> None:
    whole = np.concatenate(_stream(1000, autoregressive))
    assert len(whole) > 30
    np.testing.assert_allclose(np.concatenate(_stream(size, autoregressive)), whole, atol=1e-5)


@pytest.mark.parametrize("size", [1, 4, 11])
def test_stream_equals_whole_when_mels_are_sharpened(size: int) -> None:
    changes = {"sharpening": {"strength": 0.5, "radius_frames": 3}}
    model = AcousticModel(toy.graphs(), toy.manifest(**changes))
    inputs = model.inputs.build(IDS, Style(pitch=2))
    whole, pieces = (
        np.concatenate([chunk.frames for chunk in model.stream(inputs, repeat(frames))])
        for frames in (1000, size)
    )
    np.testing.assert_allclose(pieces, whole, atol=1e-5)
    assert len(whole) == len(np.concatenate(_stream(1000)))


def test_no_more_is_made_than_was_asked_for() -> None:
    made = np.cumsum([len(piece) for piece in _stream(5)])[:-1]  # the end comes as it comes
    asked = 5 * np.arange(1, len(made) + 1)
    assert np.all(made >= asked)
    assert np.all(made < asked + toy.R)


@pytest.mark.parametrize(
    ("style", "shorter"), [(Style(speed=1.5), True), (Style(speed=0.6), False)]
)
def test_speed_changes_the_length(style: Style, shorter: bool) -> None:
    usual, changed = (
        sum(len(piece) for piece in _stream(100, style=style)) for style in (Style(), style)
    )
    assert (changed < usual) == shorter


@pytest.mark.parametrize("style", [Style(pitch=3), Style(energy=2), Style(emotion="happy")])
def test_each_choice_of_style_is_heard(style: Style) -> None:
    usual, changed = (np.concatenate(_stream(100, style=style)) for style in (Style(), style))
    assert usual.shape != changed.shape or np.abs(usual - changed).max() > 1e-3


def _model() -> AcousticModel:
    return AcousticModel(toy.graphs(), toy.manifest())


@pytest.mark.parametrize("style", [Style(pitch=6), Style(pitch=-12), Style(energy=2)])
def test_pitch_and_energy_leave_the_pace_alone(style: Style) -> None:
    model = _model()
    usual, shifted = (model.durations(model.inputs.build(IDS, s)) for s in (Style(), style))
    np.testing.assert_array_equal(shifted, usual)


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_pitch_moves_f0_by_just_so_much_and_nothing_else(size: int) -> None:
    usual, shifted = (np.concatenate(_stream(size, style=s)) for s in (Style(), Style(pitch=-7)))
    f0 = toy.manifest().f0
    assert f0 is not None
    before, after = (
        frames[:, toy.MELS] * f0.factor_hz + f0.offset_hz for frames in (usual, shifted)
    )
    np.testing.assert_allclose(after, before * 2 ** (-7 / 12), rtol=1e-4)
    others = [place for place in range(toy.C) if place != toy.MELS]
    np.testing.assert_array_equal(usual[:, others], shifted[:, others])


def test_intensity_moves_everything_evenly() -> None:
    """Also where the networks would jump: pitch, energy and the logarithm of durations."""
    graphs = toy.graphs()

    def jumping(emotion: Floats, **inputs: Floats) -> dict[str, Floats]:
        made = toy.encoder(emotion=emotion, **inputs)
        return {**made, "pitch": made["pitch"] + np.sign(emotion[..., 2] - np.float32(0.6))}

    encoder = Encoder(toy.NumpyGraph(jumping), graphs["variance"])
    model = _model()
    styles = [Style(emotion="happy", intensity=i / 4) for i in range(9)]
    inputs = [model.inputs.build(IDS, style) for style in styles]
    encodings = [encoder.encode(each) for each in inputs]
    durations = [np.log1p(model.durations(each)) for each in inputs]
    for values in ([e.pitch for e in encodings], [e.energy for e in encodings], durations):
        steps = np.diff(np.stack(values), axis=0)
        assert np.abs(steps).max() > 1e-3
        np.testing.assert_allclose(steps, np.tile(steps[:1], (8, 1)), atol=1e-5)


def test_durations_follow_each_other() -> None:
    """The predictor's two alternating calls are the plain loop."""
    condition = toy.weights(95, 7, 4 * toy.DURATION_UNITS) * 3
    state = {
        "previous": np.zeros((1, 1), np.float32),
        "hidden": np.zeros((2, 1, toy.DURATION_UNITS), np.float32),
        "cell": np.zeros((2, 1, toy.DURATION_UNITS), np.float32),
    }
    expected = []
    for row in condition:
        outputs = toy.duration(duration_condition=row[None], **state)
        state = {
            "previous": outputs["log_duration"],
            "hidden": outputs["hidden_out"],
            "cell": outputs["cell_out"],
        }
        expected.append(np.exp(outputs["log_duration"][0, 0]) - 1)
    predictor = DurationPredictor(toy.graphs()["duration"], toy.DURATION_UNITS)
    np.testing.assert_allclose(predictor.predict([condition]), expected, rtol=1e-5)


@pytest.mark.parametrize(("log_duration", "frames"), [(99.0, 400), (-99.0, 0), (np.nan, 0)])
def test_broken_durations_are_bounded(log_duration: float, frames: float) -> None:
    def broken(**inputs: Floats) -> dict[str, Floats]:
        return {**toy.duration(**inputs), "log_duration": np.full((1, 1), log_duration)}

    predictor = DurationPredictor(toy.NumpyGraph(broken), toy.DURATION_UNITS)
    predicted = predictor.predict([np.zeros((2, 4 * toy.DURATION_UNITS), np.float32)])
    np.testing.assert_allclose(predicted, [frames, frames], rtol=1e-5)


def test_a_clause_without_duration_makes_no_frames() -> None:
    graphs = toy.graphs()
    graphs["duration"] = toy.NumpyGraph(
        lambda **inputs: {**toy.duration(**inputs), "log_duration": np.zeros((1, 1), np.float32)}
    )
    model = AcousticModel(graphs, toy.manifest())
    assert list(model.stream(model.inputs.build(IDS, Style()), repeat(8))) == []
