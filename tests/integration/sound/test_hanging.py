"""A device that takes nothing: a FIFO behind the real ALSA file plugin, whose reader stops."""

from __future__ import annotations

import fcntl
import os
import signal
import termios
import threading
import time
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.daemon_process import DaemonProcess
from fakes.playback_fakes import Diary, FakePresets, FakeSynthesizer

from tts_daemon.domain import PlayerState, SpeakRequest
from tts_daemon.playback import Journal, Player
from tts_daemon.ports import Command
from tts_daemon.sound import sink as sink_module
from tts_daemon.sound.devices.alsa import AlsaDevice
from tts_daemon.sound.sink import BufferedSink

END_S = 4.0
"""The end takes two seconds at most; a busy machine is given twice that."""


class Fifo:
    """A FIFO that is read from, until its reader stops."""

    def __init__(self, path: Path) -> None:
        self.path = path
        os.mkfifo(path)
        # For reading and writing, so that neither end waits for the other to open it.
        self._file = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self._reads = threading.Event()
        self._is_over = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def stop_reading(self) -> None:
        self._reads.clear()

    def read_on(self) -> None:
        self._reads.set()

    def waiting(self) -> int:
        """Bytes that were written and that nobody has taken."""
        count = array("i", [0])
        fcntl.ioctl(self._file, termios.FIONREAD, count)
        return count[0]

    def close(self) -> None:
        self._is_over = True
        self._reads.set()
        self._thread.join(10)
        os.close(self._file)

    def _read(self) -> None:
        while self._reads.wait() and not self._is_over:
            try:
                os.read(self._file, 1 << 16)
            except BlockingIOError:
                time.sleep(0.001)


@pytest.fixture
def fifo(tmp_path: Path) -> Iterator[Fifo]:
    pipe = Fifo(tmp_path / "fifo")
    yield pipe
    pipe.close()


def test_it_becomes_no_audio_and_what_was_to_be_said_is_said_later(
    alsa, fifo: Fifo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sink_module, "_HANGS_AFTER_S", 0.3)
    monkeypatch.setattr(sink_module, "_BEAT_S", 0.05)
    monkeypatch.setattr("tts_daemon.playback._outage._FIRST_S", 0.05)
    alsa.plug_in(file=str(fifo.path))
    player = Player(
        FakeSynthesizer((1.0,) * 10), BufferedSink(AlsaDevice("tofile")), Journal(), FakePresets()
    )
    diary = Diary()
    player.subscribe(diary)
    player.start()
    player.submit(SpeakRequest("你好", id="a"))
    diary.wait_for(lambda: player.snapshot().state is PlayerState.NO_AUDIO)
    assert "taken nothing" in player.snapshot().last_error
    assert player.snapshot().queued == 1
    assert "finished" not in diary.of("a")
    fifo.read_on()
    diary.wait_for(lambda: "finished" in diary.of("a"))
    assert player.snapshot().state is PlayerState.IDLE
    assert player.stop()


def test_a_stop_and_the_end_do_not_wait_for_it(alsa, fifo: Fifo) -> None:
    alsa.plug_in(file=str(fifo.path))
    player = Player(
        FakeSynthesizer((1.0,) * 40), BufferedSink(AlsaDevice("tofile")), Journal(), FakePresets()
    )
    diary = Diary()
    player.subscribe(diary)
    player.start()
    player.submit(SpeakRequest("你好", id="a"))
    diary.wait_for(lambda: "started" in diary.of("a"))
    player.command(Command.STOP)
    assert diary.of("a")[-1] == "cancelled"
    began_s = time.monotonic()
    assert player.stop(), "the worker hangs"
    assert time.monotonic() - began_s < END_S
    fifo.read_on()


def test_the_daemon_ends_at_a_signal(tmp_path: Path, alsa, fifo: Fifo) -> None:
    alsa.plug_in(file=str(fifo.path))
    directory = tmp_path / "daemon"
    directory.mkdir()
    daemon = DaemonProcess(directory)
    try:
        daemon.start(audio={"device": "tofile"})
        daemon.ask(text="今天天气晴朗，气温二十六度，适合出门散步。" * 10)
        before = -1
        while daemon.ask(op="status")["state"] != "speaking" or before != fifo.waiting():
            before = fifo.waiting()
            time.sleep(0.2)
        began_s = time.monotonic()
        daemon.signal(signal.SIGTERM)
        assert daemon.wait() == 0
        assert time.monotonic() - began_s < END_S
    finally:
        daemon.close()
