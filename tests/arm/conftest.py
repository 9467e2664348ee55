"""The emulated Raspberry Pi of these tests."""

from __future__ import annotations

import os
import shutil

import pytest
from arm.emulated import SYSTEMS, Pi


@pytest.fixture(scope="session", params=SYSTEMS)
def pi(request: pytest.FixtureRequest) -> Pi:
    """An aarch64 Debian with Python and the wheels."""
    if shutil.which("mmdebstrap") is None:
        if os.environ.get("CI"):
            pytest.fail("mmdebstrap is missing; scripts/test --arm installs it")
        pytest.skip("mmdebstrap is missing")
    return Pi.prepare(request.param)
