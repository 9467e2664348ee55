"""`python -m tts_daemon.workshop.distillation MODEL TARGET`: a voice with a smaller vocoder.

TARGET is a model directory that `tts-voices convert` takes like any other.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tts_daemon.errors import CheckpointError, TtsError
from tts_daemon.workshop.checkpoints.checkpoint import find_files, load_voice, open_model
from tts_daemon.workshop.distillation.lessons import speak
from tts_daemon.workshop.distillation.student import CHANNELS, count_parameters, publish
from tts_daemon.workshop.distillation.trainer import Distillation, Plan
from tts_daemon.workshop.quantize import calibration
from tts_daemon.workshop.training.schedule import Interruption
from tts_daemon.workshop.training.states import prepare_torch


def main(arguments: list[str] | None = None) -> int:
    """Train, write the model directory, and return the exit status."""
    options = _parser().parse_args(arguments)
    prepare_torch(options.threads)
    stop = Interruption()
    stop.listen()
    try:
        return _distil(options, stop)
    except TtsError as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tts_daemon.workshop.distillation", description=__doc__
    )
    parser.add_argument("model", type=Path, help="model directory or voices.zip")
    parser.add_argument("target", type=Path, help="model directory to write")
    parser.add_argument("--voice", help="which one of the model's voices (default: the first)")
    parser.add_argument("--texts", type=Path, metavar="FILE", help="to learn from, one a line")
    parser.add_argument("--minutes", type=float, default=240.0, help="of training (default: 240)")
    parser.add_argument("--channels", type=int, default=CHANNELS, help=f"default: {CHANNELS}")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    return parser


def _distil(options: argparse.Namespace, stop: Interruption) -> int:
    """Raises TtsError."""
    if options.target.exists():
        raise CheckpointError(f"{options.target}: exists; remove it, or choose another name")
    state = options.target.with_name(f"{options.target.name}.state.pt")
    plan = Plan(options.minutes, channels=options.channels, device=options.device)
    with open_model(options.model) as root:
        files = find_files(root, options.voice)
        voice = load_voice(files)
        spoken = speak(voice, calibration.read_texts(options.texts), _say)
        training = Distillation(voice, spoken, state, plan)
        sizes = [count_parameters(vocoder) / 1e6 for vocoder in (training.student, voice.vocoder)]
        _say(f"vocoder of {sizes[0]:.2f} instead of {sizes[1]:.2f} million parameters")
        training.run(_say, stop)
        if not training.finished:
            _say(f"stopped; the same command goes on from {state}")
            return 130
        publish(files, voice, training.student, training.step, options.target)
    state.unlink()
    _say(f"{options.target}: done; tts-voices convert {options.target} --name {files.name}-small")
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
