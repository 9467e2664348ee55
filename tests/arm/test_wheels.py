"""A Pi needs no compiler: every dependency has a wheel for aarch64 on both of its Pythons."""

from __future__ import annotations

from pathlib import Path

import pytest
from arm.emulated import pip_download

pytestmark = pytest.mark.timeout(900)


@pytest.mark.parametrize("python", ["3.11", "3.13"])
def test_every_dependency_has_an_aarch64_wheel(python: str, tmp_path: Path) -> None:
    result = pip_download(tmp_path, python)
    assert result.returncode == 0, result.stderr
    assert list(tmp_path.glob("onnxruntime-*aarch64.whl"))
