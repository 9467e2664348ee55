"""Do our models compute what the reference computed?

Run as `python -m tts_daemon.workshop.measure.parity DIR`. DIR is a model directory with
`symbols.txt` (a line of symbols per sentence) and `golden.npz` (what the reference implementation
made of them). Prints the largest absolute difference of every stage, for the torch models and for
the exported FP32 graphs; exits with 1 if one is above the tolerance.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tts_daemon.errors import CheckpointError, TtsError
from tts_daemon.workshop.checkpoints.checkpoint import find_files, load_voice, open_model
from tts_daemon.workshop.checkpoints.symbols import FIELDS, encode_line
from tts_daemon.workshop.export import export_graphs
from tts_daemon.workshop.measure.graph_player import SentenceRendering, sentence
from tts_daemon.workshop.measure.parity_engines import graphs_engine, render, torch_engine
from tts_daemon.workshop.models.voice import VOICED_THRESHOLD, TorchVoice

TOLERANCES = {"torch": 1e-4, "graphs": 1e-3}
STAGES = ("ids", "durations", "pitch", "energy", "mel", "f0", "voiced", "waveform")

_IDS = dict(zip(FIELDS, ("sy", "tone", "syl", "ws", "emo", "spk"), strict=True))
_GOLDEN = {
    "durations": "dur",
    "pitch": "pitch",
    "energy": "energy",
    "mel": "mel_raw",
    "waveform": "wav",
}

Arrays = dict[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class Difference:
    """How far one engine is from the reference at one stage of one sentence."""

    engine: str
    stage: str
    sentence: int
    largest: float


def compare(directory: Path, voice_name: str | None = None) -> Iterator[Difference]:
    """All differences, sentence by sentence.

    Raises:
        CheckpointError: The directory lacks one of the two files, or is no model.
    """
    lines, golden = _read_golden(directory)
    with open_model(directory) as root:
        voice = load_voice(find_files(root, voice_name))
    engines = {"torch": torch_engine(voice), "graphs": graphs_engine(voice, export_graphs(voice))}
    factor = 1.0 if voice.f0 is None else voice.f0.factor
    for number, line in enumerate(lines):
        ids = encode_line(line, voice.tables)
        hertz = golden.get(f"mel_denorm_{number}")
        melody = None if hertz is None else hertz.astype(np.float32)
        for name, engine in engines.items():
            ours = _arrays(voice, ids, render(voice, engine, sentence(voice, ids), melody))
            for stage, largest in _differences(ours, golden, number, factor):
                yield Difference(name, stage, number, largest)


def _read_golden(directory: Path) -> tuple[list[str], Arrays]:
    try:
        lines = (directory / "symbols.txt").read_text(encoding="utf-8").splitlines()
        with np.load(directory / "golden.npz", allow_pickle=False) as content:
            golden = {name: content[name] for name in content.files}
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{directory}: symbols.txt and golden.npz are needed: {error}"
        ) from error
    return [line for line in lines if line.strip()], golden


def _arrays(
    voice: TorchVoice, ids: dict[str, NDArray[np.int64]], made: SentenceRendering
) -> Arrays:
    """Ours, under the names of `golden.npz` without the sentence's number."""
    arrays: Arrays = {f"ids_{_IDS[field]}": values for field, values in ids.items()}
    arrays |= {
        "dur": made.durations,
        "pitch": made.pitch,
        "energy": made.energy,
        "mel_raw": made.frames,
        "wav": made.waveform,
    }
    if voice.f0 is not None:
        arrays["f0"] = voice.f0.to_hz(made.frames[:, -2]) / np.float32(voice.f0.factor)
        arrays["voiced"] = made.frames[:, -1] >= VOICED_THRESHOLD
    return arrays


def _differences(
    ours: Arrays, golden: Arrays, number: int, f0_factor: float
) -> Iterator[tuple[str, float]]:
    for field, short in _IDS.items():
        if f"ids_{short}_{number}" in golden:
            pair = ours[f"ids_{short}"], golden[f"ids_{short}_{number}"]
            # The reference has no speaker ids where the speaker is an embedding.
            if field != "speaker_category" or pair[1].shape == pair[0].shape:
                yield "ids", _largest(*pair)
    for stage, name in _GOLDEN.items():
        key = f"{name}_{number}"
        if key in golden and name in ours:
            yield stage, _largest(ours[name], golden[key])
    hertz = golden.get(f"mel_denorm_{number}")
    if hertz is not None and "f0" in ours:
        # In units of the model: Hz are hundreds, the tolerance is meant for ones.
        yield "f0", _largest(ours["f0"], hertz[:, -2].astype(np.float64) / f0_factor)
        yield "voiced", _largest(ours["voiced"], hertz[:, -1])


def _largest(ours: NDArray[np.generic], theirs: NDArray[np.generic]) -> float:
    """Largest absolute difference; infinite where the lengths differ."""
    theirs = theirs.reshape(-1) if ours.ndim == 1 else theirs
    if ours.shape != theirs.shape:
        return float("inf")
    return float(np.abs(ours.astype(np.float64) - theirs.astype(np.float64)).max(initial=0.0))


def worst(differences: Iterable[Difference]) -> dict[tuple[str, str], float]:
    """The largest difference of each engine and stage over all sentences."""
    result: dict[tuple[str, str], float] = {}
    for item in differences:
        key = (item.engine, item.stage)
        result[key] = max(result.get(key, 0.0), item.largest)
    return result


def main(arguments: list[str] | None = None) -> int:
    """Compare, print, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tts_daemon.workshop.measure.parity")
    parser.add_argument("directory", type=Path, help="model directory with golden.npz, symbols.txt")
    parser.add_argument("--voice", help="name of the voice (default: the first)")
    parser.add_argument(
        "--tolerance",
        type=float,
        help="largest difference allowed (default: torch 1e-4, exported graphs 1e-3)",
    )
    options = parser.parse_args(arguments)
    try:
        table = worst(compare(options.directory, options.voice))
    except TtsError as error:
        print(error, file=sys.stderr)
        return 2
    return _report(table, options.tolerance)


def _report(table: dict[tuple[str, str], float], tolerance: float | None) -> int:
    failed = False
    for (engine, stage), largest in sorted(
        table.items(), key=lambda item: (item[0][0] != "torch", STAGES.index(item[0][1]))
    ):
        limit = TOLERANCES[engine] if tolerance is None else tolerance
        good = largest <= limit
        failed |= not good
        print(f"{engine:7} {stage:11} {largest:.3e}  {'ok' if good else f'above {limit:g}'}")
    return 1 if failed or not table else 0


if __name__ == "__main__":
    sys.exit(main())
