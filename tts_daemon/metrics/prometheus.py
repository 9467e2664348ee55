"""The player's figures in the text format of Prometheus, for the HTTP door and for a textfile."""

from __future__ import annotations

import resource
from collections.abc import Iterator, Mapping
from pathlib import Path

from tts_daemon import __version__
from tts_daemon.domain import PlayerState
from tts_daemon.ports import Snapshot

REQUESTS = ("accepted", "duplicates", "refused")
ENDS = ("finished", "cancelled", "expired", "failed")
DEVICE = {
    "underruns": ("tts_audio_underruns_total", "Times the sound ran dry within an utterance."),
    "opened": ("tts_audio_opened_total", "Times the sound device was opened."),
    "audio_errors": ("tts_audio_errors_total", "Times the sound device failed or was missing."),
}
"""The sink's counters: name and meaning."""


def family(kind: str, name: str, meaning: str, samples: Mapping[str, float]) -> Iterator[str]:
    """One figure with its head.

    Args:
        kind: `gauge` or `counter`.
        name: Unit and, for counters, `_total` at its end.
        meaning: One sentence.
        samples: Labels as Prometheus writes them, `{state="idle"}` or empty, and values.
    """
    yield f"# HELP {name} {meaning}"
    yield f"# TYPE {name} {kind}"
    for labels, value in samples.items():
        yield f"{name}{labels} {value:.10g}"


def of_player(now: Snapshot) -> Iterator[str]:
    """The player at one moment; a counter is there before it first counts."""
    info = {f'{{version="{__version__}"}}': 1}
    states = {f'{{state="{state}"}}': int(now.state == state) for state in PlayerState}
    requests = {f'{{result="{name}"}}': now.counters.get(name, 0) for name in REQUESTS}
    ends = {f'{{end="{name}"}}': now.counters.get(name, 0) for name in ENDS}
    yield from family("gauge", "tts_info", "Version of the daemon.", info)
    yield from family("gauge", "tts_state", "1 for what the daemon is doing.", states)
    yield from family("gauge", "tts_queued_utterances", "Those that wait.", {"": now.queued})
    yield from family("gauge", "tts_volume_ratio", "1 is full scale.", {"": now.volume / 100})
    troubles = {f'{{part="{part}"}}': 1 for part in now.troubles}
    yield from family("gauge", "tts_trouble", "1 for each part that is in trouble.", troubles)
    yield from _last_utterance(now)
    yield from family("counter", "tts_requests_total", "Requests by what became of them.", requests)
    yield from family("counter", "tts_utterances_total", "Utterances by how they ended.", ends)
    for counter, (name, meaning) in DEVICE.items():
        yield from family("counter", name, meaning, {"": now.counters.get(counter, 0)})


def of_process() -> Iterator[str]:
    """What the daemon costs the machine."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    used = resource.getrusage(resource.RUSAGE_SELF)
    resident, cpu_s = pages * resource.getpagesize(), used.ru_utime + used.ru_stime
    yield from family("gauge", "tts_resident_memory_bytes", "Memory in use.", {"": resident})
    yield from family("counter", "tts_cpu_seconds_total", "Processor time used.", {"": cpu_s})


def _last_utterance(now: Snapshot) -> Iterator[str]:
    if now.last_first_audio_ms is not None:
        name, meaning = "tts_last_first_audio_seconds", "From its turn to the first sample."
        yield from family("gauge", name, meaning, {"": now.last_first_audio_ms / 1000})
    if now.last_real_time_factor is not None:
        name, meaning = "tts_last_real_time_factor", "Synthesis time by audio time."
        yield from family("gauge", name, meaning, {"": now.last_real_time_factor})
