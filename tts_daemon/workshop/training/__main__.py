"""`python -m tts_daemon.workshop.training STEP`: one step of the training.

`scripts/train-voice` runs them all.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tts_daemon.text.frontend import Frontend
from tts_daemon.text.phrasing import Phrasing
from tts_daemon.workshop.training import published
from tts_daemon.workshop.training.acoustic.data import make_item
from tts_daemon.workshop.training.acoustic.prediction import predict_mels
from tts_daemon.workshop.training.acoustic.trainer import (
    ACOUSTIC_PARAMS,
    AcousticPlan,
    AcousticTrainer,
    moments_of,
    new_model,
)
from tts_daemon.workshop.training.audition import TorchSpeaker, write_waves
from tts_daemon.workshop.training.corpus import corpus
from tts_daemon.workshop.training.corpus.features import MelScale
from tts_daemon.workshop.training.joint_trainer import JointPlan, JointTrainer
from tts_daemon.workshop.training.loop import train
from tts_daemon.workshop.training.recovery.acoustic import recover_acoustic, recovered_moments
from tts_daemon.workshop.training.recovery.vocoder import recover_vocoder
from tts_daemon.workshop.training.schedule import Interruption
from tts_daemon.workshop.training.states import prepare_torch, save_state
from tts_daemon.workshop.training.teacher.curriculum import Prompt, curriculum, judged_texts
from tts_daemon.workshop.training.teacher.files import unpack_teacher
from tts_daemon.workshop.training.teacher.recording import make_corpus
from tts_daemon.workshop.training.teacher.teacher import Teacher
from tts_daemon.workshop.training.vocoder.recognizer import RecognizerPlan, RecognizerTrainer
from tts_daemon.workshop.training.vocoder.trainer import (
    VOCODER_PARAMS,
    VocoderPlan,
    VocoderTrainer,
    new_generator,
)


def say(line: str) -> None:
    """Report progress."""
    print(f"{time.strftime('%H:%M:%S', time.gmtime())} {line}", flush=True)


def minutes_until(clock_time: str) -> float:
    """Minutes from now to the next HH:MM (UTC)."""
    now = datetime.now(UTC)
    hour, minute = (int(part) for part in clock_time.split(":"))
    then = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if then <= now:
        then += timedelta(days=1)
    return (then - now).total_seconds() / 60.0


def budget(options: argparse.Namespace) -> float:
    """Minutes that the step may take."""
    return minutes_until(options.until) if options.until else float(options.minutes)


def told_to_stop() -> Interruption:
    """Lets a training save its state at a signal; every other step is simply ended by it."""
    interruption = Interruption()
    interruption.listen()
    return interruption


def unpack(options: argparse.Namespace) -> None:
    """Unpack the teacher from the packages that carry it."""
    unpack_teacher(options.packages, options.work / "teacher")


def make_recordings(options: argparse.Namespace) -> None:
    """Let the teacher read the curriculum and sentences: recordings and labels."""
    texts = [
        line.strip()
        for file in options.sentences
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]
    tasks = [*curriculum(texts, Phrasing()), *map(Prompt, texts)]
    judged = judged_texts()
    teacher = Teacher(options.work / "teacher", options.threads)
    chosen = [task for task in tasks if task.text not in judged]
    say(f"teacher: {len(chosen)} utterances")
    make_corpus(teacher, chosen, options.work / "corpus", say, told_to_stop())


def prepare(options: argparse.Namespace) -> None:
    """Decode recordings and labels into features; our own front end finds the words."""
    scale = MelScale.load(options.scale) if options.scale else None
    words_of = Frontend().words_and_breaks
    corpus.build(options.source, options.work / "cache", words_of, say, scale)


def predict(options: argparse.Namespace) -> None:
    """Let the acoustic model make the corpus' mels, for the vocoder's fine-tuning."""
    loaded = corpus.load(options.work / "cache")
    predict_mels(loaded, options.acoustic, options.work / "predicted.npy", say)


def train_vocoder(options: argparse.Namespace) -> None:
    """Train or fine-tune the vocoder."""
    plan = VocoderPlan(
        minutes=budget(options),
        rate=options.rate,
        adversarial_from=options.adversarial_from,
        crops=options.crops,
        adversarial_weight=options.adversarial_weight,
        feature_weight=options.feature_weight,
        device=options.device,
        bfloat16=options.bfloat16,
    )
    trainer = VocoderTrainer(
        corpus.load(options.work / "cache"),
        options.work / options.name,
        plan,
        start_from=options.start_from,
        predicted=options.predicted,
        recognizer=options.recognizer,
    )
    train(trainer, say, told_to_stop())


def train_recognizer(options: argparse.Namespace) -> None:
    """Train the recogniser of phones that listens while the vocoder is fine-tuned."""
    plan = RecognizerPlan(minutes=budget(options), rate=options.rate, device=options.device)
    loaded, folder = corpus.load(options.work / "cache"), options.work / options.name
    train(RecognizerTrainer(loaded, folder, plan), say, told_to_stop())


def train_both(options: argparse.Namespace) -> None:
    """Train the acoustic model and the vocoder together, when each is trained."""
    plan = JointPlan(budget(options), device=options.device, bfloat16=options.bfloat16)
    trainer = JointTrainer(
        corpus.load(options.work / "cache"),
        options.work / options.name,
        plan,
        acoustic=options.acoustic,
        vocoder=options.vocoder,
        recognizer=options.recognizer,
    )
    train(trainer, say, told_to_stop())


def train_acoustic(options: argparse.Namespace) -> None:
    """Train the acoustic model."""
    plan = AcousticPlan(
        minutes=budget(options),
        rate=options.rate,
        batch_frames=options.batch_frames,
        autoregressive=options.autoregressive,
        melody_only=options.melody_only,
        device=options.device,
    )
    trainer = AcousticTrainer(
        corpus.load(options.work / "cache"),
        options.work / options.name,
        plan,
        start_from=options.start_from,
    )
    train(trainer, say, told_to_stop())


def recover(options: argparse.Namespace) -> None:
    """Take the weights out of a voice package, as states to start from (after `prepare`)."""
    sentences, _ = (loaded := corpus.load(options.work / "cache")).split()
    measured = moments_of([make_item(loaded, sentence) for sentence in sentences])
    moments = recovered_moments(options.package, measured)
    model, generator = new_model(ACOUSTIC_PARAMS), new_generator(VOCODER_PARAMS)
    recover_acoustic(options.package, model)
    recover_vocoder(options.package, generator)
    target = options.work / "recovered"
    save_state(target / "acoustic.pt", {"model": model.state_dict(), **moments})
    save_state(target / "vocoder.pt", {"generator": generator.state_dict(), "step": 0})
    say(f"wrote {target}/acoustic.pt and vocoder.pt")


def audition(options: argparse.Namespace) -> None:
    """Speak the lines of a file with two training states."""
    speaker = TorchSpeaker(options.acoustic, options.vocoder)
    texts = [line for line in options.texts.read_text(encoding="utf-8").splitlines() if line]
    write_waves(speaker, texts[: options.count], options.output, options.emotion)


def publish_voice(options: argparse.Namespace) -> None:
    """Write the voice in the published layout."""
    loaded = corpus.load(options.work / "cache")
    target = options.work / options.name
    published.publish(options.name, options.acoustic, options.vocoder, loaded, target)
    say(f"wrote {target}")


Steps = Any
"""argparse's collection of subcommands, whose type has no public name."""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python -m tts_daemon.workshop.training")
    top.add_argument(
        "--work", type=Path, default=Path("training"), help="folder of caches and states"
    )
    top.add_argument("--threads", type=int, default=1)
    top.add_argument("--device", default="cpu", help="cpu or cuda")
    steps = top.add_subparsers(dest="step", required=True)
    _add_corpus_steps(steps)
    _add_training_steps(steps)
    _add_result_steps(steps)
    return top


def _add(steps: Steps, name: str, run: Callable[[argparse.Namespace], None]) -> Any:
    """A step, explained by the docstring of what it runs."""
    step = steps.add_parser(name, help=run.__doc__)
    step.set_defaults(run=run)
    return step


def _add_corpus_steps(steps: Steps) -> None:
    teacher = _add(steps, "teacher", unpack)
    teacher.add_argument("--packages", type=Path, required=True, help="folder of the packages")
    recordings = _add(steps, "corpus", make_recordings)
    recordings.add_argument(
        "--sentences", type=Path, nargs="+", required=True, help="files, one sentence a line"
    )
    features = _add(steps, "prepare", prepare)
    features.add_argument(
        "--source", type=Path, nargs="+", required=True, help="labels.jsonl and recordings"
    )
    features.add_argument(
        "--scale", type=Path, help="scale.json of an earlier cache, to train its networks on"
    )


def _add_training_steps(steps: Steps) -> None:
    earlier = _add(steps, "recover", recover)
    earlier.add_argument("--package", type=Path, default=Path("models/wuyin"))
    vocoder = _add(steps, "vocoder", train_vocoder)
    acoustic = _add(steps, "acoustic", train_acoustic)
    recognizer = _add(steps, "recognizer", train_recognizer)
    joint = _add(steps, "joint", train_both)
    for step, name, minutes, rate in (
        (vocoder, "vocoder", 150.0, 1.5e-3),
        (acoustic, "acoustic", 150.0, 1e-3),
        (recognizer, "recognizer", 8.0, 1.5e-3),
        (joint, "joint", 60.0, None),
    ):
        step.add_argument("--name", default=name, help="folder of the state")
        step.add_argument("--minutes", type=float, default=minutes)
        step.add_argument("--until", help="HH:MM in UTC, instead of --minutes")
        if rate is not None:
            step.add_argument("--rate", type=float, default=rate)
    for step in (vocoder, acoustic):
        step.add_argument("--start-from", type=Path, help="state of an earlier training")
    for step in (vocoder, joint):
        step.add_argument("--recognizer", type=Path, help="state of a recogniser that listens")
        step.add_argument(
            "--bfloat16", action="store_true", help="faster on processors that list amx_bf16"
        )
    _add_states(joint)
    vocoder.add_argument(
        "--adversarial-from",
        type=float,
        default=1.0,
        help="progress (0 to 1) from which discriminators take part; default 1: never",
    )
    vocoder.add_argument("--crops", type=int, default=8, help="of 0.6 s in a batch")
    vocoder.add_argument("--adversarial-weight", type=float, default=0.5)
    vocoder.add_argument("--feature-weight", type=float, default=1.0)
    vocoder.add_argument(
        "--predicted", type=Path, help="mels of the acoustic model, to fine-tune on"
    )
    acoustic.add_argument("--batch-frames", type=int, default=1200, help="padding included")
    acoustic.add_argument(
        "--melody-only", action="store_true", help="pitch, energy and durations alone"
    )
    acoustic.add_argument("--autoregressive", action="store_true", help="as published")


def _add_result_steps(steps: Steps) -> None:
    listen = _add(steps, "audition", audition)
    listen.add_argument("--texts", type=Path, required=True)
    listen.add_argument("--output", type=Path, required=True)
    listen.add_argument("--emotion", default="neutral")
    listen.add_argument("--count", type=int)
    forced = _add(steps, "predict", predict)
    layout = _add(steps, "publish", publish_voice)
    layout.add_argument("--name", default="wuyin")
    for step in (listen, forced, layout):
        _add_states(step)


def _add_states(step: Any) -> None:
    step.add_argument("--acoustic", type=Path, default=Path("training/acoustic/state.pt"))
    step.add_argument("--vocoder", type=Path, default=Path("training/vocoder/state.pt"))


def main(arguments: list[str] | None = None) -> int:
    """Run one step."""
    options = parser().parse_args(arguments)
    prepare_torch(options.threads)
    options.run(options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
