"""Signs of life through a real notify socket in every state, with all times scaled down."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes.playback_fakes import Diary, FakePresets, FakeSynthesizer

from tts_daemon.domain import SpeakRequest
from tts_daemon.playback import Journal, Player, PlayerContext
from tts_daemon.playback import _journal_file as journal_file
from tts_daemon.playback import _speaker as speaker
from tts_daemon.ports import Command
from tts_daemon.service import systemd
from tts_daemon.sound import sink as sink_module
from tts_daemon.sound.devices.null import NullDevice
from tts_daemon.sound.sink import BufferedSink

SCALE = 1 / 30
"""A beat a second becomes one in 33 ms, a watchdog of 30 s one of a second."""

WATCHDOG_S = 1.0
WATCHED_S = 1.5


class Manager:
    """A service manager that notes when it hears a sign of life."""

    def __init__(self, directory: Path) -> None:
        self.address = str(directory / "notify")
        self.beats: list[float] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)

    def longest_gap_s(self) -> float:
        """From now on, for a while."""
        begin_s = time.monotonic()
        threading.Event().wait(WATCHED_S)
        end_s = time.monotonic()
        moments = [begin_s, *(beat_s for beat_s in self.beats if beat_s > begin_s), end_s]
        return max(after - before for before, after in itertools.pairwise(moments))

    def _listen(self) -> None:
        with self._socket:
            while told := self._socket.recv(1000):
                if told == b"WATCHDOG=1":
                    self.beats.append(time.monotonic())


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    monkeypatch.setattr(sink_module, "_BEAT_S", SCALE)
    monkeypatch.setattr(systemd, "FEED_EVERY_S", SCALE)
    monkeypatch.setattr(speaker, "_BEAT_S", 5 * SCALE)
    manager = Manager(tmp_path)
    yield manager
    manager.close()


def speak(player: Player, diary: Diary) -> None:
    player.submit(SpeakRequest("你好", id="a"))
    diary.wait_for(lambda: "started" in diary.of("a"))


def pause(player: Player, diary: Diary) -> None:
    speak(player, diary)
    player.command(Command.PAUSE)


def idle(player: Player, diary: Diary) -> None:
    """Nothing to do."""


def write(player: Player, diary: Diary) -> None:
    """A sender waits for the disk."""
    threading.Thread(
        target=player.submit, args=(SpeakRequest("你好", id="b"),), daemon=True
    ).start()
    diary.wait_for(lambda: "queued" in diary.of("b"))


@pytest.mark.parametrize(
    ("act", "ahead_s", "factor"),
    [
        pytest.param(speak, 0.2, 0.0, id="full ring"),
        pytest.param(speak, 30.0, 0.0, id="draining"),
        pytest.param(speak, 30.0, 0.9, id="slow synthesis"),
        pytest.param(pause, 0.2, 0.0, id="paused"),
        pytest.param(idle, 30.0, 0.0, id="idle"),
        pytest.param(write, 30.0, 0.0, id="slow disk"),
    ],
)
def test_signs_of_life_come_in_time(
    manager: Manager,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    act: Callable[[Player, Diary], None],
    ahead_s: float,
    factor: float,
) -> None:
    monkeypatch.setattr(journal_file, "sync_log", lambda path: time.sleep(2 * WATCHED_S))
    unit = systemd.Systemd({"NOTIFY_SOCKET": manager.address})
    sink = BufferedSink(NullDevice(), ahead_s=ahead_s)
    player = Player(
        FakeSynthesizer((0.1,) * 40, factor=factor),
        sink,
        Journal(tmp_path / "queue.db" if act is write else None),
        FakePresets(),
        context=PlayerContext(heartbeat=unit.feed_watchdog),
    )
    diary = Diary()
    player.subscribe(diary)
    player.start()
    act(player, diary)
    # A third of the watchdog's time, and as much again for a machine that is busy.
    assert manager.longest_gap_s() < 2 * WATCHDOG_S / 3
    player.stop()
