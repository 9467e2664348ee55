"""The system's device where there is one, silence where there is none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tts_daemon.errors import AudioUnavailableError, DeviceBusyError
from tts_daemon.sound.devices import default as default_device
from tts_daemon.sound.devices.default import DefaultDevice

Plug = Callable[..., None]
BLOCK = np.ones(160, np.int16)


class Card:
    """A sound card that can be plugged in and out."""

    def __init__(self, name: str) -> None:
        self.played = 0

    def refuse(self) -> int:
        raise AudioUnavailableError("no card")

    open = refuse

    def play(self, block: np.ndarray) -> bool:
        self.played += len(block)
        return False

    def close(self) -> None:
        pass


@pytest.fixture
def plug(monkeypatch: pytest.MonkeyPatch) -> Plug:
    """Set what PortAudio sees, and whether it can be opened."""

    def set_up(*names: str, opens: bool = True) -> None:
        monkeypatch.setattr(default_device, "device_names", lambda: names)
        if names and opens:
            monkeypatch.setattr(Card, "open", lambda self: 48000)
        else:
            monkeypatch.setattr(Card, "open", Card.refuse)

    monkeypatch.setattr(default_device, "AlsaDevice", Card)
    return set_up


def test_without_a_card_it_is_silent_and_says_so_once(
    plug: Plug, caplog: pytest.LogCaptureFixture
) -> None:
    plug()
    device = DefaultDevice()
    assert [device.open(), device.open()] == [16000, 16000]
    device.play(BLOCK)
    device.close()
    assert caplog.text.count("no sound card: using the null device") == 1


def test_a_card_that_comes_later_is_heard(plug: Plug) -> None:
    plug()
    device = DefaultDevice()
    device.open()
    device.close()
    plug("USB")
    assert device.open() == 48000
    device.play(BLOCK)
    assert device._card.played == len(BLOCK)


def test_a_card_that_is_pulled_out_is_waited_for(plug: Plug) -> None:
    card = DefaultDevice()
    plug("USB")
    card.open()
    card.close()
    plug(opens=False)
    with pytest.raises(AudioUnavailableError, match="no card"):
        card.open()


def test_a_card_that_was_held_from_the_start_is_waited_for(
    plug: Plug, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PortAudio lists none then, as on a machine without a card."""

    def refuse(self: Card) -> int:
        raise DeviceBusyError("another program holds it")

    plug()
    monkeypatch.setattr(Card, "open", refuse)
    with pytest.raises(DeviceBusyError):
        DefaultDevice().open()


def test_a_card_that_is_busy_is_an_error_not_silence(plug: Plug) -> None:
    plug("HDMI", opens=False)
    with pytest.raises(AudioUnavailableError, match="no card"):
        DefaultDevice().open()


def test_without_portaudio_it_is_silent(plug: Plug, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise AudioUnavailableError("install PortAudio")

    monkeypatch.setattr(default_device, "device_names", missing)
    assert DefaultDevice().open() == 16000
