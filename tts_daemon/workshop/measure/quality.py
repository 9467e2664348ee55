"""How far the quantised graphs of a voice are from the FP32 ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import onnx
import torch
from numpy.typing import NDArray

from tts_daemon.errors import VoiceError
from tts_daemon.workshop.measure.graph_player import (
    Feeds,
    GraphPlayer,
    SentenceInputs,
    SentenceRendering,
)
from tts_daemon.workshop.models.voice import VOICED_THRESHOLD, TorchVoice
from tts_daemon.workshop.quantize.noise import MAIN_OUTPUTS, TARGETS, NoiseMeter
from tts_daemon.workshop.quantize.torchscript.part import GraphPart
from tts_daemon.workshop.training.corpus.features import MelSpectrogram

VOCODER_SNR_DB = 15.0
PAUSE_NOISE_DB = -30.0
MEL_DISTANCE_DB = 4.0
DURATION_ERROR = 0.05
EMOTION_KEPT = 0.7
"""The worst that is written without being forced."""

MEL_RANGE_DB = 60.0
"""Mel bands further than this below the loudest one count as silence."""
DECODER_EVERY = 5
"""Of the decoder's many steps, one in so many is compared."""

_DB_PER_NEPER = 20.0 / np.log(10.0)


@dataclass(frozen=True, slots=True)
class Quality:
    """Figures against FP32, over some sentences.

    Attributes:
        graph_snr_db: Each quantised graph alone, given the inputs of the FP32 run; decibels.
        pause_noise_db: The vocoder's noise where FP32 is quiet, relative to the speech; None: the
            sentences had no pause, or the vocoder is the same.
        mel_distance_db: Mean distance of the mel spectra of the speech, both versions given the
            same durations; decibels.
        duration_error: Mean difference of the symbols' durations, relative to their mean.
        f0_error_hz: Mean difference where both are voiced; 0 for voices without f0.
        emotion_kept: Smallest ratio of what an emotion changes in INT8 to what it changes in FP32,
            over the voice's emotions; 1 means that it comes through whole.
    """

    graph_snr_db: dict[str, float] = field(default_factory=dict)
    pause_noise_db: float | None = None
    mel_distance_db: float = 0.0
    duration_error: float = 0.0
    f0_error_hz: float = 0.0
    emotion_kept: float = 1.0

    def below_target(self) -> list[str]:
        """What is not good enough, in words; empty when all is."""
        pauses = PAUSE_NOISE_DB if self.pause_noise_db is None else self.pause_noise_db
        # What is no number is not good enough either.
        facts = {
            f"vocoder SNR below {VOCODER_SNR_DB} dB": self.graph_snr_db.get("vocoder", 99.0)
            >= VOCODER_SNR_DB,
            f"noise in pauses above {PAUSE_NOISE_DB} dB": pauses <= PAUSE_NOISE_DB,
            f"mel distance above {MEL_DISTANCE_DB} dB": self.mel_distance_db <= MEL_DISTANCE_DB,
            f"durations off by more than {DURATION_ERROR:.0%}": self.duration_error
            <= DURATION_ERROR,
            f"less than {EMOTION_KEPT:.0%} of an emotion kept": self.emotion_kept >= EMOTION_KEPT,
        }
        return [complaint for complaint, holds in facts.items() if not holds]

    def manifest(self) -> dict[str, float | dict[str, float | None] | None]:
        """As the manifest writes it."""
        return {
            "graph_snr_db": {name: _rounded(snr, 1) for name, snr in self.graph_snr_db.items()},
            "pause_noise_db": _rounded(self.pause_noise_db, 1),
            "mel_distance_db": _rounded(self.mel_distance_db, 2),
            "duration_error": _rounded(self.duration_error, 4),
            "f0_error_hz": _rounded(self.f0_error_hz, 2),
            "emotion_kept": _rounded(self.emotion_kept, 3),
        }


def _rounded(value: float | None, digits: int) -> float | None:
    """As JSON can say it: what is no number is nothing."""
    return round(value, digits) if value is not None and np.isfinite(value) else None


def measure(
    voice: TorchVoice,
    exact: Mapping[str, onnx.ModelProto],
    quantized: Mapping[str, onnx.ModelProto | GraphPart],
    spoken: Sequence[SentenceInputs],
) -> Quality:
    """Compare two versions of a voice's graphs on some sentences."""
    other = GraphPlayer(voice, quantized)
    changed = [name for name in exact if _is_changed(exact[name], quantized[name])]
    errors = GraphErrors(GraphPlayer(voice, exact), other, changed)
    reference = GraphPlayer(voice, exact, listener=errors)
    pairs = []
    for sentence in spoken:
        wanted = reference.render(sentence, noise=False)
        pairs.append((wanted, other.render(sentence, durations=wanted.durations, noise=False)))
    quiet = errors.reference
    return Quality(
        graph_snr_db=errors.snr_db(),
        pause_noise_db=_pause_noise(voice, exact, quantized, [wanted for wanted, _ in pairs]),
        mel_distance_db=_mean(mel_distance_db(one.waveform, two.waveform) for one, two in pairs),
        duration_error=_mean(_duration_error(*pair) for pair in pairs),
        f0_error_hz=_mean(_f0_error(voice, *pair) for pair in pairs),
        emotion_kept=_least(emotion_kept(voice, quiet, other, spoken[0]).values()),
    )


def _is_changed(exact: onnx.ModelProto, other: onnx.ModelProto | GraphPart) -> bool:
    return bool(other.backend) if isinstance(other, GraphPart) else other is not exact


class GraphErrors:
    """Runs each graph's quantised version on what the FP32 one is given, and compares."""

    def __init__(self, reference: GraphPlayer, other: GraphPlayer, graphs: Sequence[str]) -> None:
        """Compare two players (neither may be the one that this listens to) on some graphs."""
        self.reference = reference
        self._other = other
        self._signal = dict.fromkeys(graphs, 0.0)
        self._noise = dict.fromkeys(graphs, 0.0)
        self._seen = dict.fromkeys(graphs, 0)

    def __call__(self, graph: str, feeds: Feeds) -> None:
        """Take part in one run."""
        if graph not in self._signal:
            return
        self._seen[graph] += 1
        if graph == "decoder" and self._seen[graph] % DECODER_EVERY:
            return
        output = MAIN_OUTPUTS[graph]
        exact = self.reference.run(graph, **feeds)[output].astype(np.float64)
        difference = self._other.run(graph, **feeds)[output] - exact
        self._signal[graph] += float(np.square(exact).sum())
        self._noise[graph] += float(np.square(difference).sum())

    def snr_db(self) -> dict[str, float]:
        """Signal-to-noise ratio of every graph over all runs."""
        return {
            graph: float(10 * np.log10((signal + 1e-30) / (self._noise[graph] + 1e-30)))
            for graph, signal in self._signal.items()
        }


def _mean(values: Iterable[float]) -> float:
    collected = list(values)
    return float(np.mean(collected)) if collected else 0.0


def _least(values: Iterable[float]) -> float:
    """The smallest share; 1 where there is none, no number where one of them is none."""
    return float(np.min(list(values) or [1.0]))


def _pause_noise(
    voice: TorchVoice,
    exact: Mapping[str, onnx.ModelProto],
    quantized: Mapping[str, onnx.ModelProto | GraphPart],
    renderings: Sequence[SentenceRendering],
) -> float | None:
    if not _is_changed(exact["vocoder"], quantized["vocoder"]):
        return None
    player = GraphPlayer(voice, {})
    feeds = [player.vocoder_feeds(item.frames, noise=False) for item in renderings]
    meter = NoiseMeter(voice, "vocoder", exact["vocoder"], feeds, TARGETS["vocoder"])
    return meter.noise_db(quantized["vocoder"])[1]


def mel_distance_db(wanted: NDArray[np.float32], made: NDArray[np.float32]) -> float:
    """Distance of two waveforms, float [N] each, that does not hear how their phases differ.

    Returns:
        Mean over the frames of the root mean square difference of the mel bands, in decibels.
    """
    spectrogram = MelSpectrogram()
    if len(wanted) < spectrogram.n_fft:
        return 0.0
    mels = [spectrogram(torch.from_numpy(one.copy())[None])[0] for one in (wanted, made)]
    floor = float(mels[0].max()) - MEL_RANGE_DB / _DB_PER_NEPER
    difference = mels[0].clamp(min=floor) - mels[1].clamp(min=floor)  # [n_mels, T]
    return float(difference.square().mean(dim=0).sqrt().mean() * _DB_PER_NEPER)


def _duration_error(wanted: SentenceRendering, made: SentenceRendering) -> float:
    difference = np.abs(made.durations - wanted.durations).mean()
    return float(difference / max(float(wanted.durations.mean()), 1e-6))


def _f0_error(voice: TorchVoice, wanted: SentenceRendering, made: SentenceRendering) -> float:
    if voice.f0 is None:
        return 0.0
    both = (wanted.frames[:, -1] >= VOICED_THRESHOLD) & (made.frames[:, -1] >= VOICED_THRESHOLD)
    hertz = [voice.f0.to_hz(rendering.frames[both, -2]) for rendering in (wanted, made)]
    return float(np.abs(hertz[0] - hertz[1]).mean()) if both.any() else 0.0


def emotion_kept(
    voice: TorchVoice, reference: GraphPlayer, other: GraphPlayer, sentence: SentenceInputs
) -> dict[str, float]:
    """How much of what an emotion changes in FP32 it also changes in the other version.

    Returns:
        Emotion -> the change in the other version along the change in FP32, 1 if they are the same.
        The default emotion, and emotions that change nothing, are left out.
    """
    names = voice.tables["emo_category"]
    rows = {emotion: names.index(f"emotion_{emotion}") for emotion in voice.notes.emotions}
    baseline, *others = rows
    durations = reference.acoustic(_speak_as(sentence, rows[baseline])).durations

    def frames(player: GraphPlayer, emotion: str) -> NDArray[np.float64]:
        spoken = _speak_as(sentence, rows[emotion])
        return player.acoustic(spoken, durations=durations).frames.astype(np.float64)

    calm = frames(reference, baseline), frames(other, baseline)
    kept = {}
    for emotion in others:
        wanted = frames(reference, emotion) - calm[0]
        made = frames(other, emotion) - calm[1]
        if np.square(wanted).sum() > 0:
            kept[emotion] = float((wanted * made).sum() / np.square(wanted).sum())
    return kept


def _speak_as(sentence: SentenceInputs, row: int) -> SentenceInputs:
    """The same sentence, every symbol in one emotion."""
    weights = np.zeros_like(sentence.emotion)
    weights[:, row] = 1
    return replace(sentence, emotion=weights)


def check(figures: Quality, report: Callable[[str], None], *, force: bool = False) -> None:
    """Tell the figures; refuse what is below the targets.

    Raises:
        VoiceError: Below a target, and not forced.
    """
    for name, value in figures.graph_snr_db.items():
        report(f"  {name}: {value:.1f} dB SNR")
    if figures.pause_noise_db is not None:
        report(f"  noise in pauses {figures.pause_noise_db:.1f} dB")
    report(
        f"  mel distance {figures.mel_distance_db:.2f} dB, durations {figures.duration_error:.1%},"
        f" f0 {figures.f0_error_hz:.1f} Hz, emotion kept {figures.emotion_kept:.0%}"
    )
    complaints = figures.below_target()
    if complaints and not force:
        raise VoiceError(
            f"the quantised voice is too far from FP32: {'; '.join(complaints)};"
            " --force writes it all the same, --exclude GRAPH keeps a graph in FP32"
        )
