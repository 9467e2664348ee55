"""Which quantised voice is good enough, and what the figures mean."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
import pytest

from tts_daemon.errors import VoiceError
from tts_daemon.workshop.measure import quality
from tts_daemon.workshop.measure.graph_player import GraphPlayer, SentenceInputs, SentenceRendering
from tts_daemon.workshop.measure.quality import GraphErrors, Quality
from tts_daemon.workshop.models.voice import F0Normalization, TorchVoice

JUST_GOOD_ENOUGH = Quality(
    graph_snr_db={"vocoder": quality.VOCODER_SNR_DB, "decoder": 1.0},
    pause_noise_db=quality.PAUSE_NOISE_DB,
    mel_distance_db=quality.MEL_DISTANCE_DB,
    duration_error=quality.DURATION_ERROR,
    emotion_kept=quality.EMOTION_KEPT,
)
NOT_GOOD_ENOUGH = [
    ("graph_snr_db", {"vocoder": 14.9}, "vocoder SNR below 15.0 dB"),
    ("graph_snr_db", {"vocoder": math.nan}, "vocoder SNR below 15.0 dB"),
    ("pause_noise_db", -29.9, "noise in pauses above -30.0 dB"),
    ("pause_noise_db", 0.0, "noise in pauses above -30.0 dB"),
    ("pause_noise_db", math.nan, "noise in pauses above -30.0 dB"),
    ("mel_distance_db", 4.1, "mel distance above 4.0 dB"),
    ("mel_distance_db", math.nan, "mel distance above 4.0 dB"),
    ("duration_error", 0.051, "durations off by more than 5%"),
    ("duration_error", math.nan, "durations off by more than 5%"),
    ("emotion_kept", 0.69, "less than 70% of an emotion kept"),
    ("emotion_kept", -1.0, "less than 70% of an emotion kept"),
    ("emotion_kept", math.nan, "less than 70% of an emotion kept"),
]


def test_the_limits_themselves_are_good_enough() -> None:
    assert JUST_GOOD_ENOUGH.below_target() == []
    assert Quality().below_target() == []


@pytest.mark.parametrize(("name", "value", "complaint"), NOT_GOOD_ENOUGH)
def test_each_limit_is_held_and_what_is_no_number_fails(
    name: str, value: Any, complaint: str
) -> None:
    figures = replace(JUST_GOOD_ENOUGH, **{name: value})
    assert figures.below_target() == [complaint]
    with pytest.raises(VoiceError, match="too far from FP32"):
        quality.check(figures, lambda _line: None)


def test_all_that_is_wrong_is_said_at_once_and_the_way_out() -> None:
    figures = Quality(mel_distance_db=9.0, emotion_kept=0.1)
    with pytest.raises(VoiceError) as refused:
        quality.check(figures, lambda _line: None)
    said = str(refused.value)
    assert "mel distance above 4.0 dB; less than 70% of an emotion kept" in said
    assert "--force" in said
    assert "--exclude" in said


def test_the_figures_are_told_before_they_are_judged() -> None:
    said: list[str] = []
    quality.check(replace(JUST_GOOD_ENOUGH, mel_distance_db=9.0), said.append, force=True)
    assert said == [
        "  vocoder: 15.0 dB SNR",
        "  decoder: 1.0 dB SNR",
        "  noise in pauses -30.0 dB",
        "  mel distance 9.00 dB, durations 5.0%, f0 0.0 Hz, emotion kept 70%",
    ]


def test_the_manifest_rounds_and_stays_json() -> None:
    figures = Quality({"vocoder": 21.26, "memory": math.inf}, -45.66, math.nan, 0.01234, 1.239)
    assert json.loads(json.dumps(figures.manifest(), allow_nan=False)) == {
        "graph_snr_db": {"vocoder": 21.3, "memory": None},
        "pause_noise_db": -45.7,
        "mel_distance_db": None,
        "duration_error": 0.0123,
        "f0_error_hz": 1.24,
        "emotion_kept": 1.0,
    }
    assert Quality(pause_noise_db=0.0).manifest()["pause_noise_db"] == 0.0


class TestMelDistance:
    HUM = (0.3 * np.random.default_rng(3).standard_normal(8000)).astype(np.float32)

    def test_a_waveform_is_no_distance_from_itself(self) -> None:
        assert quality.mel_distance_db(self.HUM, self.HUM) == 0

    def test_half_as_loud_is_six_decibels_away(self) -> None:
        distance = quality.mel_distance_db(self.HUM, self.HUM / np.float32(2))
        assert distance == pytest.approx(6.02, abs=0.05)

    def test_phases_are_not_heard(self) -> None:
        assert quality.mel_distance_db(self.HUM, -self.HUM) == pytest.approx(0, abs=1e-4)

    def test_what_is_far_below_the_loudest_is_silence(self) -> None:
        # 80 dB below it, beside a tone: neither version has a distance there.
        tone = np.sin(np.arange(8000) * 2 * np.pi / 80).astype(np.float32)
        near = quality.mel_distance_db(tone, tone + np.float32(1e-5) * self.HUM)
        assert near < 0.1
        assert quality.mel_distance_db(tone, tone + np.float32(1e-1) * self.HUM) > 5

    def test_what_is_shorter_than_a_window_has_none(self) -> None:
        assert quality.mel_distance_db(self.HUM[:100], self.HUM[100:200]) == 0


@dataclass
class Scripted:
    """A player that answers what it is told to, and counts."""

    answers: dict[str, float]
    asked: list[str] = field(default_factory=list)

    def run(self, graph: str, **_feeds: object) -> dict[str, np.ndarray[Any, Any]]:
        self.asked.append(graph)
        output = quality.MAIN_OUTPUTS[graph]
        return {output: np.full((1, 10), self.answers[graph], np.float32)}


def as_player(scripted: Scripted) -> GraphPlayer:
    return cast(GraphPlayer, scripted)


def test_each_graph_is_compared_alone_on_the_inputs_of_fp32() -> None:
    exact = Scripted({"memory": 1.0, "decoder": 1.0, "encoder": 1.0})
    other = Scripted({"memory": 1.1, "decoder": 0.99, "encoder": 5.0})
    errors = GraphErrors(as_player(exact), as_player(other), ["memory", "decoder"])
    for graph in ("encoder", "memory", *["decoder"] * (2 * quality.DECODER_EVERY)):
        errors(graph, {})
    assert errors.snr_db() == {
        "memory": pytest.approx(20, abs=0.01),
        "decoder": pytest.approx(40, abs=0.01),
    }
    # Of the decoder's many steps a few will do; graphs that are the same are not asked.
    assert other.asked == ["memory", "decoder", "decoder"]


def rendering(**parts: Any) -> SentenceRendering:
    empty = np.zeros(0, np.float32)
    return replace(SentenceRendering(empty, empty, empty, empty, empty), **parts)


def test_durations_are_compared_with_their_mean() -> None:
    exact = rendering(durations=np.array([4.0, 6.0, 8.0], np.float32))
    made = rendering(durations=np.array([5.0, 6.0, 6.0], np.float32))
    assert quality._duration_error(exact, made) == pytest.approx(1 / 6)
    nothing = rendering(durations=np.zeros(3, np.float32))
    assert quality._duration_error(nothing, nothing) == 0


def test_pitch_is_compared_where_both_are_voiced(voice: TorchVoice) -> None:
    scaled = replace(voice, f0=F0Normalization("global", 100.0, 50.0))
    exact = rendering(frames=np.array([[0.5, 0.9], [0.5, 0.9], [0.5, 0.1]], np.float32))
    made = rendering(frames=np.array([[0.6, 0.9], [0.9, 0.1], [0.9, 0.9]], np.float32))
    assert quality._f0_error(scaled, exact, made) == pytest.approx(10, abs=1e-3)
    assert quality._f0_error(replace(voice, f0=None), exact, made) == 0
    silent = rendering(frames=np.zeros((3, 2), np.float32))
    assert quality._f0_error(scaled, silent, made) == 0


@dataclass
class Emotional:
    """A player whose frames are its answer to the emotion of the first symbol."""

    frames: dict[int, list[float]]

    def acoustic(self, spoken: SentenceInputs, durations: object = None) -> SentenceRendering:
        row = int(spoken.emotion[0].argmax())
        return rendering(frames=np.array(self.frames[row], np.float32))


def test_what_an_emotion_changes_is_followed_along_its_own_direction(voice: TorchVoice) -> None:
    names = voice.tables["emo_category"]
    neutral, happy, sad, calm = (
        names.index(f"emotion_{name}") for name in ("neutral", "happy", "sad", "calm")
    )
    felt = replace(voice, notes=replace(voice.notes, emotions=("neutral", "happy", "sad", "calm")))
    exact = Emotional({neutral: [1, 1], happy: [3, 1], sad: [1, 0], calm: [1, 1]})
    # Half as happy, with a change of its own beside it; sad the wrong way round.
    made = Emotional({neutral: [2, 2], happy: [3, 7], sad: [2, 3], calm: [9, 9]})
    sentence = SentenceInputs(
        np.zeros((2, 4), np.int64), np.zeros((2, len(names)), np.float32), np.zeros((2, 1))
    )
    players = (cast(GraphPlayer, player) for player in (exact, made))
    kept = quality.emotion_kept(felt, *players, sentence)
    # Calm changes nothing in FP32: there is nothing to keep.
    assert kept == {"happy": pytest.approx(0.5), "sad": pytest.approx(-1)}
