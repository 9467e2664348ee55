"""docs/performance.md: written from figures, and without the sections that have none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bench import pi_cost, report
from fakes import toy_voice as toy

DAEMON = {"start_to_ready_s": 1.5, "peak_rss_mb": 150, "idle_cpu_percent": 0.0,
          "first_audio_ms": 12.5, "prepared_first_audio_ms": 3.0}  # fmt: skip


def test_sections_without_figures_are_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "daemon-embedded.json").write_text(json.dumps(DAEMON), encoding="utf-8")
    report.main(str(tmp_path))
    page = capsys.readouterr().out
    assert "| embedded | 1.5 | 150 | 0.0 | 12.5 | 3.0 |" in page
    headings = [line for line in page.splitlines() if line.startswith("#")]
    assert headings == ["# Performance", "## The daemon"]


def test_a_verdict_says_by_how_much_the_aim_is_missed() -> None:
    def page(best: float, worst: float) -> str:
        estimate = {"threads": 4, "real_time_factor": [best, worst], "first_audio_ms": [1, 2]}
        counts = {"threads": [{**estimate, "threads": 1}, estimate]}
        made = report.estimates({"pi-published": {**counts, "giga_instructions_per_s": {}}})
        return made["pi_verdict"]

    assert "It is met" in page(0.3, 0.4)
    assert "misses it by 0.10." in page(0.35, 0.52)
    assert "misses it by 0.20, the best one by 0.10" in page(0.52, 0.62)


def test_marks_become_instructions_of_graphs_and_of_python() -> None:
    marks = [(pi_cost.BEGIN, 100), (pi_cost.GRAPH, 110), (pi_cost.GRAPH, 160), (pi_cost.CHUNK, 170),
             (pi_cost.GRAPH, 200), (pi_cost.GRAPH, 230), (pi_cost.END, 250)]  # fmt: skip
    count = pi_cost.counted([(pi_cost.GRAPH, 7), *marks], {"audio_s": 1, "graphs": ["a", "b"]})
    assert count.whole == {"a": 50, "b": 30, "python": 70}
    assert count.first == {"a": 50, "python": 20}
    assert (count.calls, count.first_calls) == ({"a": 1, "b": 1}, {"a": 1})


def test_a_large_graph_takes_no_less_than_its_weights() -> None:
    values = toy.manifest_values()
    values["graphs"]["decoder"] |= {"bytes": 6_000_000, "precision": "int8"}
    manifest = toy.manifest(graphs=values["graphs"])
    small = pi_cost.seconds(manifest, {"encoder": 10**9, "python": 10**9}, {"encoder": 1})
    assert small["encoder"] == pytest.approx(2.45 / 2.88 * 1.2 / 1.5)
    assert small["python"] == pytest.approx(1.2 / 1.5)
    assert pi_cost.seconds(manifest, {"decoder": 1}, {"decoder": 10})["decoder"] == 0.02
