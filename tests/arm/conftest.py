"""The emulated Raspberry Pi of these tests."""

from __future__ import annotations

import pytest
from arm.emulated import SYSTEMS, Pi
from fakes.requirements import need_programs


@pytest.fixture(scope="session", params=SYSTEMS)
def pi(request: pytest.FixtureRequest) -> Pi:
    """An aarch64 Debian with Python and the wheels."""
    need_programs("mmdebstrap", install="scripts/test --arm")
    return Pi.prepare(request.param)
