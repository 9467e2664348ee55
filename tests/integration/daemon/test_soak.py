"""A few hundred utterances: memory stays where it is. `scripts/bench soak` speaks 2,000."""

from __future__ import annotations

import pytest
from bench.soak import soak
from fakes.daemon_process import DaemonProcess

UTTERANCES = 100
MOST_KB_AN_UTTERANCE = 16.0
"""A clause that is never let go of would be 64 KB for every second of it."""


@pytest.mark.timeout(600)
def test_memory_stays_flat(daemon: DaemonProcess) -> None:
    daemon.start(logging={"level": "warning"}, synthesis={"cache_mb": 1})
    report = soak(daemon, UTTERANCES)
    assert report["utterances"] == UTTERANCES
    assert report["kb_per_utterance"] < MOST_KB_AN_UTTERANCE, report
