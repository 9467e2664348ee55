"""The system's own sound device; on a machine without any, the null device, until there is one."""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import NDArray

from tts_daemon.errors import AudioUnavailableError, DeviceBusyError
from tts_daemon.sound.devices.alsa import AlsaDevice, device_names
from tts_daemon.sound.devices.null import NullDevice
from tts_daemon.sound.sink import Device

log = logging.getLogger(__name__)


class DefaultDevice:
    """Looks anew whenever it is opened, so that a card that comes later is heard.

    Only a machine that has had no card since the start plays into the void, because there is
    nothing to wait for. A device that exists and cannot be opened, or that was pulled out, is an
    error: what is to be said waits until it can be heard.
    """

    def __init__(self) -> None:
        self._card = AlsaDevice("default")
        self._void = NullDevice()
        self._device: Device = self._card
        self._warned = False
        self._was_there = False

    def open(self) -> int:
        """Take the sound card, or the void where there is none."""
        try:
            rate = self._card.open()
        except DeviceBusyError:
            raise
        except AudioUnavailableError as error:
            if self._was_there or _is_any_there():
                raise
            if not self._warned:
                log.warning("no sound card: using the null device (%s)", error)
            self._device, self._warned = self._void, True
            return self._void.open()
        self._device, self._was_there = self._card, True
        return rate

    def play(self, block: NDArray[np.int16]) -> bool:
        return self._device.play(block)

    def rest_s(self) -> float:
        return self._device.rest_s()

    def finish(self) -> None:
        self._device.finish()

    def abort(self) -> int:
        return self._device.abort()

    def close(self) -> None:
        self._device.close()


def _is_any_there() -> bool:
    try:
        return bool(device_names())
    except AudioUnavailableError:
        return False
