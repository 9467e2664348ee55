"""Figures as Prometheus reads them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from fakes.fake_service import IDLE

from tts_daemon.metrics.prometheus import of_player, of_process

SAMPLE = re.compile(r'(tts_[a-z_]+)(\{[a-z]+="[^"]*"\})? [-+.0-9e]+')


def test_every_line_is_a_sample_or_the_head_of_its_family() -> None:
    lines = [*of_player(replace(IDLE, troubles={"mqtt": "no broker"})), *of_process()]
    heads = [line.split()[2] for line in lines if line.startswith("# TYPE ")]
    samples = [SAMPLE.fullmatch(line) for line in lines if not line.startswith("#")]
    assert all(samples)
    assert {sample[1] for sample in samples if sample} == set(heads)
    assert set(Counter(heads).values()) == {1}


def test_a_counter_is_there_before_it_counts() -> None:
    lines = list(of_player(replace(IDLE, counters={"refused": 3, "underruns": 2})))
    assert 'tts_requests_total{result="refused"} 3' in lines
    assert 'tts_requests_total{result="accepted"} 0' in lines
    assert 'tts_utterances_total{end="failed"} 0' in lines
    assert "tts_audio_underruns_total 2" in lines


def test_units_are_those_of_prometheus() -> None:
    now = replace(IDLE, volume=80.0, last_first_audio_ms=12.5, last_real_time_factor=0.03)
    lines = list(of_player(now))
    assert "tts_volume_ratio 0.8" in lines
    assert "tts_last_first_audio_seconds 0.0125" in lines
    assert "tts_last_real_time_factor 0.03" in lines


def test_what_was_never_measured_is_left_out() -> None:
    assert not any("first_audio" in line for line in of_player(IDLE))


def test_a_process_needs_memory() -> None:
    figures = dict(line.split() for line in of_process() if not line.startswith("#"))
    assert float(figures["tts_resident_memory_bytes"]) > 1e6
