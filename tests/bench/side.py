"""One side of the comparison with plain torch, in a process of its own.

    python -m bench.side torch MODEL LAPS
    python -m bench.side onnx|native PACKAGES/VOICE LAPS      (from tests/; JSON on standard output)

Every lap's figures are given, after one lap that does not count: seconds by the clock and of this
thread's processor time, for each second of speech.
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tts_daemon.acoustic.decoder import Decoder, DecoderState
from tts_daemon.cli.bench import TEXT as TEXT_50
from tts_daemon.domain import AudioChunk
from tts_daemon.runtime.engine import Floats
from tts_daemon.runtime.engines import Engines
from tts_daemon.runtime.timing import TimedEngine
from tts_daemon.synthesis.synthesizer import Synthesizer
from tts_daemon.synthesis.voice_pool import VoicePool
from tts_daemon.text.frontend import Frontend
from tts_daemon.voices.store import VoiceStore

# They begin alike: what differs is how much comes after.
TEXT_10 = "早上好，今天天气晴。"
TEXT_120 = TEXT_50 + (
    "明天上午九点开会，地点在三楼会议室，请大家准时参加；会后一起吃午饭，下午继续讨论新的计划。"
    "后天是周末，我们打算去爬山，记得早点睡，晚安。"
)
TEXTS = {10: TEXT_10, 50: TEXT_50, 120: TEXT_120}

Lap = dict[str, float]


class TimedDecoder:
    """Adds up the time that the decoder loop takes, inside and outside of its graphs."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._decode = Decoder.decode

    def install(self) -> None:
        timer, decode = self, self._decode

        def timed(decoder: Decoder, state: DecoderState, steps: int) -> Floats:
            begin_s = time.perf_counter()
            try:
                return decode(decoder, state, steps)
            finally:
                timer.seconds += time.perf_counter() - begin_s

        Decoder.decode = timed  # type: ignore[method-assign]


def main(side: str, place: str, laps: str) -> None:
    """Measure and print."""
    lap = _torch(Path(place)) if side == "torch" else _ours(Path(place), side)
    made = [lap() for _ in range(1 + int(laps))][1:]
    json.dump(made, sys.stdout)


def _torch(model: Path) -> Callable[[], Lap]:
    from tts_daemon.workshop.checkpoints.checkpoint import find_files, load_voice, open_model
    from tts_daemon.workshop.measure import eager

    eager.use_threads(1)
    with open_model(model) as root:
        loaded = load_voice(find_files(root, None))
    voice, sentence = eager.EagerVoice(loaded), eager.whole_sentence(loaded, TEXT_50)

    def lap() -> Lap:
        begin_s, begin_cpu_s = time.perf_counter(), time.thread_time()
        audio_s = len(voice.speak(sentence)) / loaded.sample_rate
        whole_s, cpu_s = time.perf_counter() - begin_s, time.thread_time() - begin_cpu_s
        firsts = {f"first_{characters}_s": whole_s for characters in TEXTS}
        cpu = {f"first_{characters}_cpu_s": cpu_s for characters in TEXTS}
        return {"whole_s": whole_s, "cpu_s": cpu_s, "audio_s": audio_s, **firsts, **cpu}

    return lap


def _ours(package: Path, engine: str) -> Callable[[], Lap]:
    timed = TimedEngine(Engines(engine))
    pool = VoicePool(VoiceStore([package.parent], package.name), timed, threads=1)
    speak = partial(Synthesizer(Frontend(), pool).stream, style=pool.get().usual_style)
    loop = TimedDecoder()
    loop.install()

    def lap() -> Lap:
        made: Lap = {}
        for characters, text in TEXTS.items():
            timed.clear()
            loop.seconds = 0.0
            spoken = _speak(speak, text)
            made[f"first_{characters}_s"] = spoken["first_s"]
            made[f"first_{characters}_cpu_s"] = spoken["first_cpu_s"]
            if text == TEXT_50:
                made |= spoken | _inside(timed, loop, spoken["whole_s"])
        return made

    return lap


def _speak(speak: Callable[[str], Iterator[AudioChunk]], text: str) -> Lap:
    begin_s, begin_cpu_s = time.perf_counter(), time.thread_time()
    made: Lap = defaultdict(float)
    for chunk in speak(text):
        if not made["audio_s"]:
            made["first_s"] = time.perf_counter() - begin_s
            made["first_cpu_s"] = time.thread_time() - begin_cpu_s
        made["audio_s"] += chunk.duration_s
    made["whole_s"] = time.perf_counter() - begin_s
    made["cpu_s"] = time.thread_time() - begin_cpu_s
    return dict(made)


def _inside(engine: TimedEngine, loop: TimedDecoder, whole_s: float) -> Lap:
    """Where the time of a text went."""
    in_loop = engine.seconds["decoder"] + engine.seconds["memory"]
    return {
        "in_graphs": sum(engine.seconds.values()) / whole_s,
        "decoder_in_graphs": in_loop / loop.seconds,
        "decoder_step_s": loop.seconds / max(1, engine.calls["decoder"]),
        "vocoder_s": engine.seconds["vocoder"],
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
