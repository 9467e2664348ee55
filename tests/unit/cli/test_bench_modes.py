"""The modes of tts-bench on either kind of processor."""

from __future__ import annotations

import platform

import pytest

from tts_daemon.cli import bench_modes


@pytest.mark.parametrize(
    ("machine", "engines"),
    [("x86_64", {"fx": "fx-x86", "fx-qnnpack": "fx-qnnpack"}), ("aarch64", {"fx": "fx-qnnpack"})],
)
def test_every_engine_of_torch_is_measured_once(
    monkeypatch: pytest.MonkeyPatch, machine: str, engines: dict[str, str]
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    modes = bench_modes.usual_modes()
    assert {mode: bench_modes.conversion_of(mode) for mode in modes if "fx" in mode} == engines
    assert bench_modes.conversion_of("fp32-onnx") == "fp32"
