"""The sound card, through PortAudio. The only place that knows the library sounddevice."""

from __future__ import annotations

import atexit
import contextlib
import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tts_daemon.errors import AudioUnavailableError, DeviceBusyError, SoundLibraryError
from tts_daemon.sound.devices import alsa_cards

RATES = (16000, 48000, 44100)
"""Sample rates in the order in which they are tried, in Hz: the voice's own first."""

_LATENCY_S = 0.2
"""Buffer inside the device: big, so that a busy machine does not crackle. A stop drops it."""

_BUSY = -9985
"""PortAudio's number for a device that somebody else has."""

_STANDARD_ERROR = 2


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
        self._cards: alsa_cards.Cards | None = None

    def open(self) -> int:
        """Open at the first rate that the device takes, looking for it anew if need be."""
        sounddevice = _library()
        self._follow_cards()
        try:
            return self._open(sounddevice)
        except (sounddevice.PortAudioError, ValueError) as error:
            if _is_busy(error):
                raise self._refusal(error) from error
            # PortAudio sees only what was there, and free, when it was initialised.
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
            # PortAudio tells of a dry card with the block after it has noticed: so it looks first.
            _ = self._stream.write_available
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
        cards = alsa_cards.plugged_in()
        if self._cards is not None and cards != self._cards:
            rescan()
        self._cards = cards

    def _open(self, sounddevice: Any) -> int:
        index = self._find(sounddevice)
        refusals = []
        for channels, rate in itertools.product((1, 2), self._rates):
            try:
                with _silenced():
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
        outputs = _outputs(sounddevice)
        if self._name in outputs:
            return outputs[self._name]
        name = alsa_cards.of_portaudio(self._name)
        if name in outputs:
            return outputs[name]
        if name != "default":
            return self._first_match(name, outputs)
        if alsa_cards.held():
            raise self._busy()
        sounddevice.query_devices(kind="output")
        return None

    def _first_match(self, name: str, outputs: dict[str, int]) -> int:
        """The first output with the name: while another program holds it, no other will do."""
        known = (*outputs, *alsa_cards.held())
        matches = [output for output in known if name.lower() in output.lower()]
        if not matches:
            raise ValueError(f"no output device is called {self._name!r}")
        first = min(matches, key=alsa_cards.numbers)
        if first not in outputs:
            raise self._busy()
        return outputs[first]

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

    def _busy(self) -> DeviceBusyError:
        return DeviceBusyError(
            f"audio.device {self._name}: another program holds it; stop that one, or name a device "
            "that mixes, such as default"
        )

    def _refusal(self, error: Exception) -> AudioUnavailableError:
        if _is_busy(error):
            return self._busy()
        place = f"audio.device {self._name}"
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
    """Outputs that PortAudio sees, each by a name that `audio.device` takes as it stands.

    Raises:
        AudioUnavailableError: PortAudio is not installed.
    """
    sounddevice = _library()
    try:
        return tuple(map(alsa_cards.as_printed, _outputs(sounddevice)))
    except sounddevice.PortAudioError:
        return ()


def rescan() -> None:
    """Let PortAudio look for devices anew. No stream may be open."""
    sounddevice = _library()
    with contextlib.suppress(sounddevice.PortAudioError):
        sounddevice._terminate()
    with contextlib.suppress(sounddevice.PortAudioError):
        sounddevice._initialize()


def _is_busy(error: Exception) -> bool:
    return len(error.args) > 1 and error.args[1] == _BUSY


def _takes(sounddevice: Any, index: int | None, rate: int) -> bool:
    for channels in (1, 2):
        with contextlib.suppress(sounddevice.PortAudioError), _silenced():
            sounddevice.check_output_settings(index, channels, "int16", samplerate=rate)
            return True
    return False


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    """Hide what ALSA and PortAudio write to standard error about one attempt.

    A busy card makes them write hundreds of lines, at every attempt; the refusal says it once.
    """
    try:
        kept = os.dup(_STANDARD_ERROR)
    except OSError:
        yield  # there is none to write to
        return
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), _STANDARD_ERROR)
    try:
        yield
    finally:
        os.dup2(kept, _STANDARD_ERROR)
        os.close(kept)


def _library() -> Any:
    try:
        import sounddevice
    except (ImportError, OSError) as error:
        raise SoundLibraryError(
            f"audio.device: {error}; install PortAudio (apt install libportaudio2) or set "
            "audio.device to null"
        ) from error
    # Its last words wait for a card that hangs, for ever; the end of the process frees everything.
    atexit.unregister(sounddevice._exit_handler)
    return sounddevice


def _outputs(sounddevice: Any) -> dict[str, int]:
    """Names of the outputs that were there, and free, at the last look -> their numbers."""
    devices = enumerate(sounddevice.query_devices())
    return {device["name"]: index for index, device in devices if device["max_output_channels"]}
