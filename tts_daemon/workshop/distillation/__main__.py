"""`python -m tts_daemon.workshop.distillation MODEL TARGET`: a voice with a smaller vocoder.

TARGET is a model directory that `tts-voices convert` takes like any other.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tts_daemon.errors import CheckpointError, TtsError
from tts_daemon.workshop.checkpoints.checkpoint import find_files, load_voice, open_model
from tts_daemon.workshop.distillation.recital import Recital
from tts_daemon.workshop.distillation.student import CHANNELS, count_parameters, publish
from tts_daemon.workshop.distillation.trainer import Distillation, Plan
from tts_daemon.workshop.measure.quality import MEL_DISTANCE_DB
from tts_daemon.workshop.quantize import calibration
from tts_daemon.workshop.training.schedule import Interruption
from tts_daemon.workshop.training.states import prepare_torch

INTERRUPTED = 130


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
    parser.add_argument(
        "--margin",
        type=float,
        default=MEL_DISTANCE_DB,
        metavar="DB",
        help="mel distance to its teacher up to which it is written (default: what quantisation"
        f" may cost, {MEL_DISTANCE_DB:g})",
    )
    parser.add_argument("--force", action="store_true", help="write it, however far it is")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    return parser


def _distil(options: argparse.Namespace, stop: Interruption) -> int:
    """Raises TtsError."""
    if options.target.exists():
        raise CheckpointError(f"{options.target}: exists; remove it, or choose another name")
    kept = options.target.with_name(f"{options.target.name}.spoken")
    state = options.target.with_name(f"{options.target.name}.state.pt")
    plan = Plan(options.minutes, channels=options.channels, device=options.device)
    with open_model(options.model) as root:
        files = find_files(root, options.voice)
        voice = load_voice(files)
        recital = Recital(voice, kept)
        clauses = list(calibration.sentences(voice, calibration.read_texts(options.texts)))
        spoken = recital.speak(clauses, _say, stop)
        if stop():
            _say(f"stopped; the same command goes on from {kept}")
            return INTERRUPTED
        training = Distillation(voice, spoken, state, plan)
        sizes = [count_parameters(vocoder) / 1e6 for vocoder in (training.student, voice.vocoder)]
        _say(f"vocoder of {sizes[0]:.2f} instead of {sizes[1]:.2f} million parameters")
        training.run(_say, stop)
        if not training.finished:
            _say(f"stopped; the same command goes on from {state}")
            return INTERRUPTED
        _examine(training, options)
        publish(files, voice, training.student, training.step, options.target)
    state.unlink()
    recital.forget()
    _say(f"{options.target}: done; tts-voices convert {options.target} --name {files.name}-small")
    return 0


def _examine(training: Distillation, options: argparse.Namespace) -> None:
    """Raises CheckpointError for a vocoder that is too far from its teacher."""
    distance_db = training.distance_db()
    _say(f"{distance_db:.2f} dB from its teacher on held-out sentences (--margin {options.margin})")
    if distance_db > options.margin and not options.force:
        training.reopen()
        raise CheckpointError(
            f"{options.target}: not written: {distance_db:.2f} dB from its teacher, at most"
            f" {options.margin} (--margin); the same command trains it as long again;"
            " more --texts or more --channels help as well, --force writes it as it is"
        )


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
