"""Both sides in one go: plain eager FP32 torch and the runtime, same weights, same threads.

    python -m bench.side_by_side MODEL PACKAGES VOICE [ROUNDS]      (from tests/)

MODEL is the model directory that package VOICE in PACKAGES was converted from. The sides take
turns, so that whatever else runs on the machine meets both; medians and fastest rounds are given.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

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
from tts_daemon.workshop.checkpoints.checkpoint import find_files, load_voice, open_model
from tts_daemon.workshop.measure import eager

# They begin alike: what differs is how much comes after.
TEXT_10 = "早上好，今天天气晴。"
TEXT_120 = TEXT_50 + (
    "明天上午九点开会，地点在三楼会议室，请大家准时参加；会后一起吃午饭，下午继续讨论新的计划。"
    "后天是周末，我们打算去爬山，记得早点睡，晚安。"
)
TEXTS = {10: TEXT_10, 50: TEXT_50, 120: TEXT_120}

Laps = dict[str, list[float]]


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


def main(model: str, packages: str, voice: str, rounds: str = "7") -> None:
    """Measure and print JSON."""
    eager.use_threads(1)
    with open_model(Path(model)) as root:
        loaded = load_voice(find_files(root, None))
    torch_voice = eager.EagerVoice(loaded)
    sentence = eager.whole_sentence(loaded, TEXT_50)
    engine = TimedEngine(Engines())
    pool = VoicePool(VoiceStore([Path(packages)], voice), engine, threads=1)
    style = pool.get().usual_style
    speak = partial(Synthesizer(Frontend(), pool).stream, style=style)
    loop = TimedDecoder()
    loop.install()
    laps: Laps = defaultdict(list)
    for number in range(1 + int(rounds)):
        if number == 1:
            laps.clear()  # first times are not counted
        begin_s = time.perf_counter()
        waveform = torch_voice.speak(sentence)
        laps["eager_s"].append(time.perf_counter() - begin_s)
        laps["eager_audio_s"].append(len(waveform) / loaded.sample_rate)
        for characters, text in TEXTS.items():
            _lap(laps, characters, speak, text, engine, loop)
    json.dump(_report(voice, laps), sys.stdout, indent=1)


def _lap(
    laps: Laps,
    characters: int,
    speak: Callable[[str], Iterator[AudioChunk]],
    text: str,
    engine: TimedEngine,
    loop: TimedDecoder,
) -> None:
    engine.clear()
    loop.seconds = 0.0
    begin_s = time.perf_counter()
    first_s = audio_s = 0.0
    for chunk in speak(text):
        first_s = first_s or time.perf_counter() - begin_s
        audio_s += chunk.duration_s
    laps[f"first_{characters}_s"].append(first_s)
    if characters == 50:
        whole_s = time.perf_counter() - begin_s
        laps["runtime_s"].append(whole_s)
        laps["runtime_audio_s"].append(audio_s)
        laps["in_graphs"].append(sum(engine.seconds.values()) / whole_s)
        graphs_s = engine.seconds["decoder"] + engine.seconds["memory"]
        laps["decoder_in_graphs"].append(graphs_s / loop.seconds)
        laps["decoder_step_s"].append(loop.seconds / max(1, engine.calls["decoder"]))


def _report(voice: str, laps: Laps) -> dict[str, Any]:
    median = {name: statistics.median(values) for name, values in laps.items()}
    best = {name: min(values) for name, values in laps.items()}

    def ratios(times: dict[str, float]) -> dict[str, float]:
        eager_factor = times["eager_s"] / median["eager_audio_s"]
        factor = times["runtime_s"] / median["runtime_audio_s"]
        return {
            "eager_real_time_factor": round(eager_factor, 4),
            "real_time_factor": round(factor, 4),
            "throughput": round(eager_factor / factor, 2),
            "eager_50_chars_ms": round(times["eager_s"] * 1000, 1),
            **{f"first_{n}_ms": round(times[f"first_{n}_s"] * 1000, 1) for n in TEXTS},
            "first_audio_sooner": round(times["eager_s"] / times["first_50_s"], 1),
        }

    return {
        "voice": voice,
        "rounds": len(laps["eager_s"]),
        "median": ratios(median),
        "fastest": ratios(best),
        "in_graphs": round(median["in_graphs"], 3),
        "decoder_in_graphs": round(median["decoder_in_graphs"], 3),
        "decoder_call_ms": round(best["decoder_step_s"] * 1000, 3),
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
