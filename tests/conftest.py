"""What every test leaves as it found it."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# A loaded machine is no mistake of the code: nothing here depends on elapsed time.
settings.register_profile(
    "loaded", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("loaded")


@pytest.fixture(autouse=True)
def _signal_mask() -> Iterator[None]:
    """The daemon holds signals back; children of later tests would inherit that and never end."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
