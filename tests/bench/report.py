"""Writes docs/performance.md from what the other measurements left.

    python -m bench.report DIRECTORY      (from tests/; Markdown on standard output)

The words are in performance.md.in; a section whose figures were not measured is left out.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tts_daemon.cli.bench import versions
from tts_daemon.runtime.machine import Machine

TEMPLATE = Path(__file__).with_name("performance.md.in")
AIM = 0.42
"""Real-time factor of the published size at 4 threads."""
THROUGHPUT_AIM, SOONER_AIM = 5, 45
"""Times as fast, and times sooner, than plain torch."""
WORTH = 0.15
"""Share of the time that working at the same time would have to save."""

MODES = {
    "mode": "mode",
    "MB": "size_mb",
    "peak memory, MB": "peak_rss_mb",
    "50 characters, ms": "latency_50_chars_ms",
    "RTF": "real_time_factor",
    "first audio, ms": "first_audio_ms",
    "SNR, dB": "snr_db",
    "mel, dB": "mel_distance_db",
}
SIDE = {
    "size": "size",
    "": "side",
    "RTF": "real_time_factor",
    "RTF, processor time": "processor",
    "first audio 10, ms": "first_10_ms",
    "50": "first_50_ms",
    "120": "first_120_ms",
}
RATIOS = {
    "size": "size",
    "vocoder by": "side",
    "times as fast": "throughput",
    "by processor time": "throughput_processor",
    "times sooner": "sooner",
    "by processor time ": "sooner_processor",
}
LIMITS = {
    "graph": "graph",
    "precision": "precision",
    "10^9 per second of audio": "giga_macs_per_s_of_audio",
    "10^9 per second": "giga_macs_per_s",
    "of the peak": "share_of_peak",
    "RTF": "real_time_factor",
}
DAEMON = {
    "voice": "size",
    "start to READY, s": "start_to_ready_s",
    "peak memory, MB": "peak_rss_mb",
    "idle, % of a core": "idle_cpu_percent",
    "first audio, ms": "first_audio_ms",
    "prepared phrase, ms": "prepared_first_audio_ms",
}
OVERLAP = {
    "voice": "size",
    "cores": "cores",
    "taking turns, ms": "taking_turns_ms",
    "at the same time, ms": "overlapped_ms",
}
SOAK = {
    "voice": "size",
    "utterances": "utterances",
    "memory at first, MB": "rss_begin_mb",
    "at the end, MB": "rss_end_mb",
    "slope, KB an utterance": "kb_per_utterance",
    "first audio at first, ms": "first_audio_begin_ms",
    "at the end, ms": "first_audio_end_ms",
}

KERNELS = {
    "voice": "voice",
    "vocoder, 10^9 instructions": "giga_instructions_per_s",
    "10^9 cycles": "giga_cycles_per_s",
    "first call, 10^9 cycles": "first_call_giga_cycles",
    "a step of the decoder, 10^6 cycles": "step_million_cycles",
    "ms": "step_ms",
}

ARTICLE = {
    "precision": "precision",
    "its MB": "its_size_mb",
    "ours": "size_mb",
    "its peak memory, MB": "its_peak_mb",
    "ours ": "peak_rss_mb",
    "its 50 characters, ms": "its_latency_ms",
    "ours  ": "latency_50_chars_ms",
}
ARTICLES_ROWS = (
    ("FP32", "fp32-torch", 1200, 1100, 8700),
    ("dynamic INT8", "dynamic", 680, 920, 6300),
    ("static INT8", "static", 310, 650, 3200),
)
"""Precision, our mode, and the size in MB, peak memory in MB and latency in ms that it tells."""

Row = dict[str, Any]
Results = dict[str, Any]


def main(directory: str) -> None:
    """Print the page."""
    results = {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in Path(directory).glob("*.json")
    }
    print("\n\n".join(_page(_values(results))))


def _page(values: dict[str, str]) -> Iterator[str]:
    """The sections for which everything was measured."""
    head, *sections = TEMPLATE.read_text(encoding="utf-8").split("\n## ")
    yield head.format_map(values).strip()
    for section in sections:
        try:
            yield f"## {section.format_map(values)}".strip()
        except KeyError:
            continue


def _values(results: Results) -> dict[str, str]:
    """What the template's names stand for."""
    numbers = ", ".join(f"{name} {number}" for name, number in versions().items())
    here = Machine.here()
    values = {"machine": f"{here} ({here.architecture})", "versions": numbers}
    for size in ("published", "embedded"):
        if f"modes-{size}" in results:
            values[f"modes_{size}"] = table(MODES, results[f"modes-{size}"]["modes"])
        if f"limits-{size}" in results:
            values[f"limits_{size}"] = table(LIMITS, _graphs(results[f"limits-{size}"]))
    if "modes-published" in results:
        values["article"] = table(ARTICLE, _beside_article(results["modes-published"]["modes"]))
    if "voices" in results:
        values["voices"] = table(MODES, results["voices"]["modes"])
    for name, columns in (("daemon", DAEMON), ("overlap", OVERLAP), ("soak", SOAK)):
        if rows := _sizes(results, name):
            values[name] = table(columns, rows)
    if rows := _sizes(results, "overlap"):
        values["overlap_verdict"] = _overlap_verdict(rows)
    return values | _figures(results) | estimates(results)


def _beside_article(modes: Sequence[Row]) -> list[Row]:
    """Its rows with ours, where we measured the mode."""
    ours = {row["mode"]: row for row in modes}
    names = ("precision", "its_size_mb", "its_peak_mb", "its_latency_ms")
    return [
        {**ours[mode], **dict(zip(names, (precision, *theirs), strict=True))}
        for precision, mode, *theirs in ARTICLES_ROWS
        if mode in ours
    ]


def _overlap_verdict(rows: Sequence[Row]) -> str:
    shares = [1 - row["overlapped_ms"] / row["taking_turns_ms"] for row in rows]
    gains = " and ".join(f"{share * 100:.0f} %" for share in shares)
    reason = (
        "that is not worth a second thread with a queue, errors and an end of its own"
        if max(shares) < WORTH
        else "worth another look"
    )
    return f"The gain is {gains}: {reason}."


def _figures(results: Results) -> dict[str, str]:
    """Single numbers in the text."""
    values = {}
    if "side-published" in results:
        side = results["side-published"]
        values["rounds"] = str(side["rounds"])
        values["decoder_in_graphs"] = f"{side['decoder_in_graphs'] * 100:.0f} %"
        values["in_graphs"] = f"{side['in_graphs'] * 100:.0f} %"
        values["side"] = table(SIDE, _side_rows(results, "sides"))
        values["side_ratios"] = table(RATIOS, _side_rows(results, "ratios"))
        values["side_vocoder"] = " and ".join(
            f"{_spread(row['vocoder'])} ({row['size']})" for row in _sizes(results, "side")
        )
        values["side_verdict"] = _side_verdict(side["ratios"][-1])
    if "limits-published" in results:
        for precision, peak in results["limits-published"]["peak_giga_macs_per_s"].items():
            values[f"peak_{precision}"] = str(peak)
    return values


def _side_rows(results: Results, key: str) -> list[Row]:
    return [
        {
            name: _spread(value) if isinstance(value, dict) else value
            for name, value in {"size": row["size"], **line}.items()
        }
        for row in _sizes(results, "side")
        for line in row[key]
    ]


def _spread(value: Row) -> str:
    """The median of all rounds, and the lowest and the highest."""
    return f"{value['median']:.3g} ({value['lowest']:.3g} to {value['highest']:.3g})"


def _side_verdict(row: Row) -> str:
    aims = (("throughput_processor", THROUGHPUT_AIM), ("sooner_processor", SOONER_AIM))
    medians = [(row[key]["median"], aim) for key, aim in aims]
    missed = [f"{median:.3g} instead of {aim}" for median, aim in medians if median < aim]
    found = f"missed here ({', '.join(missed)}); why is said below" if missed else "reached"
    return (
        f"The aims were {THROUGHPUT_AIM} times as fast and first audio {SOONER_AIM} times sooner:"
        f" by processor time {found}."
    )


def _sizes(results: Results, name: str) -> list[Row]:
    """Figures of the published and of the embedded voice, as far as they were measured."""
    sizes = ("published", "embedded")
    return [{"size": s, **results[f"{name}-{s}"]} for s in sizes if f"{name}-{s}" in results]


def _graphs(report: Results) -> list[Row]:
    return [
        {"graph": graph, **row, "share_of_peak": f"{row['share_of_peak'] * 100:.1f} %"}
        for graph, row in report["graphs"].items()
    ]


def estimates(results: Results) -> dict[str, str]:
    """The estimates; the page has none where one voice is missing."""
    names = [n for n in ("embedded", "published", "published-fp32") if f"pi-{n}" in results]
    if not names:
        return {}
    reports = {name: results[f"pi-{name}"] for name in names}
    counts = [
        {"voice": name, **report["giga_instructions_per_s"]} for name, report in reports.items()
    ]
    rows = [_estimate(f"{name}, ONNX Runtime", report) for name, report in reports.items()]
    own = {name: report["native"] for name, report in reports.items() if "native" in report}
    rows += [_estimate(f"{name}, own kernels", report) for name, report in own.items()]
    kernels = [{"voice": name, **report} for name, report in own.items()]
    best = own.get("published") or reports.get("published")
    return {
        "pi": table({key: key for key in rows[0]}, rows),
        **({"kernels": table(KERNELS, kernels)} if kernels else {}),
        "instructions": table({key: key for key in counts[0]}, counts),
        **({"pi_verdict": _verdict(best)} if best else {}),
    }


def _estimate(name: str, report: Results) -> Row:
    threads = {row["threads"]: row for row in report["threads"]}
    factors = {
        f"RTF at {count} threads": span(row["real_time_factor"]) for count, row in threads.items()
    }
    first = {
        f"first audio at {count}, ms": span(threads[count]["first_audio_ms"]) for count in (1, 4)
    }
    return {"voice": name, **factors, **first}


def _verdict(report: Results) -> str:
    best, worst = report["threads"][-1]["real_time_factor"]
    found = f"At 4 threads the estimate is {span([best, worst])}; the aim is {AIM}."
    if worst <= AIM:
        return f"{found} It is met."
    missing = f"The worst case misses it by {worst - AIM:.2f}"
    also = "" if best <= AIM else f", the best one by {best - AIM:.2f}"
    return (
        f"{found} {missing}{also}. The way to get there is a smaller vocoder, trained on the"
        " voice's own output ([voice](voice.md))."
    )


def span(values: Sequence[float]) -> str:
    """Best and worst case; one number where they are the same."""
    best, worst = values
    return f"{best:g}" if best == worst else f"{best:g} to {worst:g}"


def table(columns: dict[str, str], rows: Sequence[Row]) -> str:
    """Markdown; `columns` are titles and the keys of what stands below them."""
    lines = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    for row in rows:
        cells = (row.get(key) for key in columns.values())
        lines.append(f"| {' | '.join('' if cell is None else str(cell) for cell in cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main(*sys.argv[1:])
