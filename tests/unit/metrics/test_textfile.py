"""The file of figures appears whole, is written again, and goes when the daemon goes."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.fake_service import IDLE

from tts_daemon.metrics.textfile import Textfile
from tts_daemon.ports import Snapshot

PATIENCE_S = 20.0


class Watched:
    """Gives snapshots with a growing number of waiting utterances; tells when it was asked."""

    def __init__(self) -> None:
        self.asked = threading.Semaphore(0)
        self.count = 0

    def __call__(self) -> Snapshot:
        self.count += 1
        self.asked.release()
        return replace(IDLE, queued=self.count)

    def wait_for(self, times: int) -> None:
        for _ in range(times):
            assert self.asked.acquire(timeout=PATIENCE_S)


def test_it_is_written_again_and_again_and_taken_away(tmp_path: Path) -> None:
    path, player = tmp_path / "tts-daemon.prom", Watched()
    textfile = Textfile(path, player, every_s=0.01)
    textfile.start()
    player.wait_for(3)
    lines = path.read_text().splitlines()
    (waiting,) = [line for line in lines if line.startswith("tts_queued_utterances ")]
    # The third one is perhaps not there yet, the second one is.
    assert int(waiting.split()[1]) >= 2
    assert path.stat().st_mode & 0o777 == 0o644
    textfile.stop()
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    player = Watched()
    textfile = Textfile(tmp_path / "none" / "x.prom", player, every_s=0.01)
    textfile.start()
    player.wait_for(3)
    textfile.stop()
    assert caplog.text.count(" metrics.textfile: ") == 1
