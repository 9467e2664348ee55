"""Plain eager FP32 torch against the runtime, same weights, same threads, each in fresh processes.

    python -m bench.side_by_side MODEL PACKAGES VOICE [ROUNDS] [LAPS]      (from tests/)

MODEL is the model directory that package VOICE in PACKAGES was converted from. In every round each
side gets a process of its own, one after the other: whatever else runs on the machine meets all of
them. A round's figure is the fastest of its laps; ratios are taken within a round, and their median
is given with the lowest and the highest. Processor time says what a side costs where others push
it aside; a shared cache or memory that others fill shows in it all the same.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.side import TEXTS, Lap

SIDES = ("torch", "onnx", "native")
OURS = SIDES[1:]

Round = dict[str, Lap]


def main(model: str, packages: str, voice: str, rounds: str = "5", laps: str = "3") -> None:
    """Measure and print JSON."""
    places = {side: str(Path(packages) / voice) for side in OURS} | {"torch": model}
    made: list[Round] = []
    for number in range(int(rounds)):
        # The other way round every other time: no side always comes after the same one.
        order = SIDES if number % 2 == 0 else SIDES[::-1]
        made.append({side: _measured(side, places[side], laps) for side in order})
    json.dump({"voice": voice, "rounds": len(made), "laps": int(laps), **_report(made)}, sys.stdout)


def _measured(side: str, place: str, laps: str) -> Lap:
    """The fastest of some laps, figure by figure."""
    command = [sys.executable, "-m", "bench.side", side, place, laps]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    every: list[Lap] = json.loads(done.stdout)
    return {name: min(lap[name] for lap in every) for name in every[0]}


def _report(rounds: list[Round]) -> dict[str, Any]:
    inside = {
        name: round(statistics.median(made["native"][name] for made in rounds), 4)
        for name in ("in_graphs", "decoder_in_graphs", "decoder_step_s")
    }
    return {
        "sides": [_side(side, rounds) for side in SIDES],
        "ratios": [_ratios(side, rounds) for side in OURS],
        "vocoder": _spread(
            [made["onnx"]["vocoder_s"] / made["native"]["vocoder_s"] for made in rounds]
        ),
        **inside,
    }


def _side(side: str, rounds: list[Round]) -> dict[str, Any]:
    """Real-time factors, and first audio where something streams."""
    laps = [made[side] for made in rounds]
    firsts = {
        f"first_{n}_ms": round(1000 * statistics.median(lap[f"first_{n}_s"] for lap in laps), 1)
        for n in TEXTS
    }
    return {
        "side": side,
        "real_time_factor": _spread([lap["whole_s"] / lap["audio_s"] for lap in laps]),
        "processor": _spread([lap["cpu_s"] / lap["audio_s"] for lap in laps]),
        **(firsts if side in OURS else {}),
    }


def _ratios(side: str, rounds: list[Round]) -> dict[str, Any]:
    """How many times as fast as torch, and how many times sooner its first audio."""

    def times(name: str, of_torch: str) -> dict[str, float]:
        return _spread([made["torch"][of_torch] / made[side][name] for made in rounds])

    return {
        "side": side,
        "throughput": times("whole_s", "whole_s"),
        "throughput_processor": times("cpu_s", "cpu_s"),
        "sooner": times("first_50_s", "whole_s"),
        "sooner_processor": times("first_50_cpu_s", "cpu_s"),
    }


def _spread(values: list[float]) -> dict[str, float]:
    middle = statistics.median(values)
    return {
        "median": round(middle, 4),
        "lowest": round(min(values), 4),
        "highest": round(max(values), 4),
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
