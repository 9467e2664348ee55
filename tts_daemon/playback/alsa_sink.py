"""The sound card, through PortAudio. The only place that knows the library sounddevice."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tts_daemon.errors import AudioUnavailableError, DeviceBusyError

RATES = (16000, 48000, 44100)
"""Sample rates in the order in which they are tried, in Hz: the voice's own first."""

_LATENCY_S = 0.2
"""Buffer inside the device: big, so that a busy machine does not crackle. A stop drops it."""

_BUSY = -9985
"""PortAudio's number for a device that somebody else has."""

_NODES = Path("/dev/snd")

_Cards = frozenset[tuple[str, int, int]]


class AlsaDevice:
    """One output, found by name whenever it is opened: numbers change when things are plugged.

    Args:
        name: Part of an ALSA or PortAudio device name; `default` is the system's.
        rates: Sample rates to try, in order.
        latency_s: Buffer inside the device, at least.
    """

    def __init__(
        self, name: str, *, rates: tuple[int, ...] = RATES, latency_s: float = _LATENCY_S
    ) -> None:
        self._name = name
        self._rates = rates
        self._latency_s = latency_s
        self._rate = rates[0]
        self._channels = 1
        self._capacity = 0
        self._stream: Any = None
        self._cards: _Cards | None = None

    def open(self) -> int:
        """Open at the first rate that the device takes, looking for it anew if need be."""
        sounddevice = _library()
        self._follow_cards()
        try:
            return self._open(sounddevice)
        except (sounddevice.PortAudioError, ValueError):
            # PortAudio sees only what was there when it was initialised.
            rescan()
        try:
            return self._open(sounddevice)
        except (sounddevice.PortAudioError, ValueError) as error:
            raise self._refusal(error) from error

    def rates(self) -> tuple[int, ...]:
        """Those of the rates to try that the device takes, in Hz; it must not be open.

        Raises:
            AudioUnavailableError: There is no such device.
        """
        sounddevice = _library()
        try:
            index = self._find(sounddevice)
        except (sounddevice.PortAudioError, ValueError) as error:
            raise self._refusal(error) from error
        return tuple(rate for rate in self._rates if _takes(sounddevice, index, rate))

    def play(self, block: NDArray[np.int16]) -> bool:
        if not self._stream.active:
            with self._translated():
                self._stream.start()
        frames = np.repeat(block, self._channels) if self._channels > 1 else block
        with self._translated():
            return bool(self._stream.write(frames.tobytes()))

    def rest_s(self) -> float:
        return self._unplayed() / self._rate

    def finish(self) -> None:
        with self._translated():
            if self._stream.active:
                self._stream.stop(ignore_errors=False)

    def abort(self) -> int:
        unplayed = self._unplayed()
        with self._translated():
            if self._stream.active:
                self._stream.abort(ignore_errors=False)
        return unplayed

    def close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close(ignore_errors=True)

    def _follow_cards(self) -> None:
        """Look for devices anew where cards came or went: another may have the old number now."""
        cards = _cards()
        if self._cards is not None and cards != self._cards:
            rescan()
        self._cards = cards

    def _open(self, sounddevice: Any) -> int:
        index = self._find(sounddevice)
        refusals = []
        for channels, rate in itertools.product((1, 2), self._rates):
            try:
                self._take(sounddevice, index, rate, channels)
            except sounddevice.PortAudioError as refusal:
                refusals.append(refusal)
            else:
                return rate
        raise refusals[0]

    def _take(self, sounddevice: Any, index: int | None, rate: int, channels: int) -> None:
        stream = sounddevice.RawOutputStream(
            samplerate=rate,
            device=index,
            channels=channels,
            dtype="int16",
            latency=self._latency_s,
        )
        try:
            stream.start()
        except sounddevice.PortAudioError:
            stream.close(ignore_errors=True)
            raise
        self._stream, self._rate, self._channels = stream, rate, channels
        self._capacity = stream.write_available

    def _find(self, sounddevice: Any) -> int | None:
        """Number of the device; None is the system's default.

        Raises:
            ValueError: No device has the name.
        """
        if self._name == "default" and not _named(sounddevice, "default"):
            sounddevice.query_devices(kind="output")
            return None
        # PortAudio hides plughw; what it would convert is converted here.
        name = self._name.removeprefix("plug") if self._name.startswith("plughw") else self._name
        exact = _named(sounddevice, name)
        close = exact or [
            index
            for index, device in _outputs(sounddevice)
            if name.lower() in device["name"].lower()
        ]
        if not close:
            raise ValueError(f"no output device is called {self._name!r}")
        return close[0]

    def _unplayed(self) -> int:
        if self._stream is None or not self._stream.active:
            return 0
        with self._translated():
            return max(0, self._capacity - int(self._stream.write_available))

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except _library().PortAudioError as error:
            raise self._refusal(error) from error

    def _refusal(self, error: Exception) -> AudioUnavailableError:
        place = f"audio.device {self._name}"
        if len(error.args) > 1 and error.args[1] == _BUSY:
            return DeviceBusyError(
                f"{place}: another program holds it; stop that one, or name a device that mixes, "
                "such as default"
            )
        names = device_names()
        if not names:
            return AudioUnavailableError(
                f"{place}: no sound device is there; check `aplay -l`, that the user is in group "
                "audio, or set audio.device to null"
            )
        reason = error.args[0] if error.args else type(error).__name__
        remedy = "check its cable, and `speaker-test -D` with its name"
        if self._name not in names:
            remedy = f"set audio.device to one of: {', '.join(names)}"
        return AudioUnavailableError(f"{place}: {reason}; {remedy}")


def device_names() -> tuple[str, ...]:
    """Names of the outputs that PortAudio sees. Raises AudioUnavailableError without PortAudio."""
    sounddevice = _library()
    try:
        return tuple(device["name"] for _, device in _outputs(sounddevice))
    except sounddevice.PortAudioError:
        return ()


def rescan() -> None:
    """Let PortAudio look for devices anew. No stream may be open."""
    sounddevice = _library()
    with contextlib.suppress(sounddevice.PortAudioError):
        sounddevice._terminate()
    with contextlib.suppress(sounddevice.PortAudioError):
        sounddevice._initialize()


def _cards() -> _Cards:
    """What tells cards apart: a card that is plugged in again has new nodes."""
    with contextlib.suppress(OSError):
        nodes = [(node.name, node.stat()) for node in _NODES.glob("controlC*")]
        return frozenset((name, node.st_ino, node.st_ctime_ns) for name, node in nodes)
    return frozenset()


def _takes(sounddevice: Any, index: int | None, rate: int) -> bool:
    for channels in (1, 2):
        with contextlib.suppress(sounddevice.PortAudioError):
            sounddevice.check_output_settings(index, channels, "int16", samplerate=rate)
            return True
    return False


def _library() -> Any:
    try:
        import sounddevice
    except (ImportError, OSError) as error:
        raise AudioUnavailableError(
            f"audio.device: {error}; install PortAudio (apt install libportaudio2) or set "
            "audio.device to null"
        ) from error
    return sounddevice


def _outputs(sounddevice: Any) -> list[tuple[int, dict[str, Any]]]:
    devices = enumerate(sounddevice.query_devices())
    return [(index, device) for index, device in devices if device["max_output_channels"] > 0]


def _named(sounddevice: Any, name: str) -> list[int]:
    return [index for index, device in _outputs(sounddevice) if device["name"] == name]
