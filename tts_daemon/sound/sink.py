"""A sink around any device: a ring buffer filled ahead, and one thread that feeds it to the device.

Only that thread touches the device, so a device needs no lock, and a slow synthesis never holds up
the sound that is already there.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tts_daemon.errors import AudioUnavailableError
from tts_daemon.sound.levels import FADE_S
from tts_daemon.sound.resampling import Resampler
from tts_daemon.sound.ring_buffer import RingBuffer

_logger = logging.getLogger(__name__)

BLOCK_S = 0.015
"""What the device is given at a time: with a fade behind it a stop takes 20 ms."""

_REST_S = 2.0
"""Silence after which an amplifier may have fallen asleep."""

_STUCK_AFTER_S = 10.0
"""A device that takes nothing for so long has failed, even if it does not say so."""

_NOTHING: NDArray[np.int16] = np.zeros(0, dtype=np.int16)
_HISTORY_S = 1.0
_BEAT_S = 1.0


class Device(Protocol):
    """Where the samples go. All calls come from one thread. Any may raise AudioUnavailableError."""

    def open(self) -> int:
        """Take the device; its sample rate."""
        ...

    def play(self, block: NDArray[np.int16]) -> bool:
        """Give it samples, int16 [N], one channel; blocks while its own buffer is full.

        Returns:
            Whether it ran dry since the block before.
        """
        ...

    def rest_s(self) -> float:
        """Length of what it was given and has not played yet."""
        ...

    def finish(self) -> None:
        """Play to the end what it was given, and halt."""
        ...

    def abort(self) -> int:
        """Be silent at once and halt; how many samples were not played."""
        ...

    def close(self) -> None:
        """Give the device back."""
        ...


class BufferedSink:
    """The sink of every device (see `ports.Sink`).

    Args:
        device: Where the samples go.
        ahead_s: Length of the ring buffer.
        lead_in_s: Silence before the first word after a rest, for amplifiers that wake up slowly.
            It is played while the first chunk is being made.
        release_after_s: Idle time after which the device is given back.
    """

    def __init__(
        self,
        device: Device,
        *,
        ahead_s: float = 30.0,
        lead_in_s: float = 0.0,
        release_after_s: float = 10.0,
    ) -> None:
        self.while_waiting: Callable[[], None] = _nothing
        self._device = device
        self._ahead_s = ahead_s
        self._lead_in_s = lead_in_s
        self._release_after_s = release_after_s
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._ring = RingBuffer(1)
        self._resampler: Resampler[np.int16] | None = None
        self._rate = 0
        self._error: AudioUnavailableError | None = None
        self._counters = {"underruns": 0, "opened": 0, "audio_errors": 0}
        self._gain = self._gain_now = 1.0
        # What is asked of the thread:
        self._closing = False
        self._accepting = False
        self._ending = False
        self._paused = False
        self._abort_wanted = False
        self._goes_on = False
        self._edge = _NOTHING
        # Where the thread is:
        self._is_open = False
        self._active = False
        self._silence = 0
        self._fade_in = False
        self._first_block = True
        self._heard_at_s: float | None = None
        self._last_sound_s = 0.0
        self._steps = 0
        self._beaten_s = time.monotonic()

    # -- what the player calls ------------------------------------------------------------------

    def open(self, *, wait: bool = True) -> None:
        """Begin an utterance, taking the device where it is not open."""
        with self._changed:
            self._error = None
            self._accepting, self._ending, self._first_block = True, False, True
            self._resampler = None
            if self._is_open and time.monotonic() - self._last_sound_s >= _REST_S:
                self._silence = round(self._lead_in_s * self._rate)
            self._start_thread()
            self._changed.notify_all()
            if wait:
                self._wait(lambda: self._is_open)

    def write(self, pcm: NDArray[np.int16], sample_rate: int) -> None:
        """Queue samples, int16 [N]; blocks while the ring buffer is full."""
        with self._changed:
            self._wait(lambda: self._is_open)
        if not self._accepting:
            return
        if self._resampler is None or self._resampler.rate_in != sample_rate:
            self._put(self._tail())
            self._resampler = Resampler(sample_rate, self._rate, np.int16)
        self._put(self._resampler.process(pcm))

    def drain(self) -> None:
        """Block until every sample written was heard."""
        self._put(self._tail())
        with self._changed:
            self._wait(lambda: self._is_open)
            self._ending = self._accepting
            self._changed.notify_all()
            self._wait(lambda: not self._ending)
            self._accepting = False
            self._changed.notify_all()

    def stop_now(self) -> None:
        """Drop what is queued and what is written from now on, until `open`."""
        with self._changed:
            self._accepting = self._ending = False
            self._ask_for_abort(goes_on=False)
            self._silence, self._fade_in = 0, False
            self._ring.clear()
            self._changed.notify_all()

    def pause(self) -> None:
        """Be silent, but keep what is queued, and what the device has not played yet."""
        with self._changed:
            self._paused = True
            self._ask_for_abort(goes_on=True)
            self._changed.notify_all()

    def resume(self) -> None:
        """Go on."""
        with self._changed:
            self._paused = False
            self._changed.notify_all()

    def set_gain(self, gain: float) -> None:
        """Amplitude factor of everything that is heard from now on."""
        self._gain = gain

    def counters(self) -> dict[str, int]:
        """Totals since start."""
        return dict(self._counters)

    def close(self) -> None:
        """Give the device back and end the thread."""
        with self._changed:
            self._closing, self._accepting = True, False
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(timeout=5)
        with self._changed:
            self._thread, self._closing = None, False

    # -- helpers of the caller's side ----------------------------------------------------------

    def _start_thread(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="sound", daemon=True)
            self._thread.start()

    def _ask_for_abort(self, *, goes_on: bool) -> None:
        """Keep what would be heard next: faded out it makes an end that does not click."""
        if self._active and not self._abort_wanted:
            # Before the first block there is only silence, and no click.
            self._edge = self._ring.read(0 if self._first_block else round(FADE_S * self._rate))
        self._abort_wanted, self._goes_on = self._active, goes_on

    def _tail(self) -> NDArray[np.int16]:
        resampler, self._resampler = self._resampler, None
        return resampler.finish() if resampler else _NOTHING

    def _put(self, pcm: NDArray[np.int16]) -> None:
        with self._changed:
            while len(pcm) and self._accepting:
                pcm = pcm[self._ring.write(pcm) :]
                self._changed.notify_all()
                if len(pcm):
                    self._wait(lambda: self._ring.room > 0)
            self._raise_error()

    def _wait(self, ready: Callable[[], bool]) -> None:
        """Wait for `ready`, or for the end of this utterance; raise what the thread ran into."""
        steps, since_s = self._steps, time.monotonic()
        while self._accepting and not ready():
            self._raise_error()
            self._changed.wait(timeout=_BEAT_S)
            self._beat()
            if self._paused or self._steps != steps:
                steps, since_s = self._steps, time.monotonic()
            elif time.monotonic() - since_s > _STUCK_AFTER_S:
                self._accepting = False
                raise AudioUnavailableError(
                    f"the sound device has taken nothing for {_STUCK_AFTER_S:.0f} s; "
                    "check its cable, or restart the daemon"
                )
        self._raise_error()

    def _beat(self) -> None:
        """A matter of time passed: the thread wakes who waits at every block, for minutes."""
        now_s = time.monotonic()
        if now_s - self._beaten_s >= _BEAT_S:
            self._beaten_s = now_s
            self.while_waiting()

    def _raise_error(self) -> None:
        if self._error is not None:
            self._accepting = False
            raise self._error

    # -- the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._changed:
                step = self._next_step()
            if step is None:
                return
            try:
                step()
            except AudioUnavailableError as error:
                self._fail(error)
            except Exception as error:
                _logger.exception("the sound device failed in an unknown way")
                self._fail(AudioUnavailableError(f"the sound device failed: {error}"))
            self._steps += 1

    def _next_step(self) -> Callable[[], None] | None:
        """Wait for something to do, and say what; None at the end."""
        while True:
            if self._closing:
                return self._close_device if self._is_open else None
            step = self._due_step()
            if step is not None:
                return step
            if not self._changed.wait(timeout=self._wait_s()) and self._may_release():
                return self._close_device

    def _due_step(self) -> Callable[[], None] | None:
        if not self._is_open:
            return self._open_device if self._accepting and self._error is None else None
        if self._abort_wanted:
            return self._abort
        if self._paused:
            return None
        if self._silence and self._accepting:
            return self._play_silence
        if self._ring.fill:
            return self._play_block
        return self._ending_step() if self._ending else None

    def _ending_step(self) -> Callable[[], None] | None:
        """Wait, in a way that a stop can cut short, for what is in the device; then halt it."""
        if self._heard_at_s is None:
            self._heard_at_s = time.monotonic() + self._device.rest_s()
        return self._finish if time.monotonic() >= self._heard_at_s else None

    def _wait_s(self) -> float | None:
        if self._ending and not self._paused and self._heard_at_s is not None:
            return max(0.0, self._heard_at_s - time.monotonic())
        return self._release_after_s if self._is_open and not self._accepting else None

    def _may_release(self) -> bool:
        return self._is_open and not self._accepting and not self._abort_wanted

    def _open_device(self) -> None:
        rate = self._device.open()
        with self._changed:
            if rate != self._rate or self._ring.fill == 0:
                self._ring = RingBuffer(round(self._ahead_s * rate), round(_HISTORY_S * rate))
            self._rate = rate
            self._is_open, self._abort_wanted = True, False
            self._silence = round(self._lead_in_s * rate)
            self._counters["opened"] += 1
            self._changed.notify_all()

    def _close_device(self) -> None:
        self._is_open = self._active = False
        self._device.close()

    def _play_silence(self) -> None:
        with self._changed:
            count = min(self._silence, round(BLOCK_S * self._rate))
            self._silence -= count
            self._active = True
        self._play(np.zeros(count, dtype=np.int16))

    def _play_block(self) -> None:
        with self._changed:
            if self._abort_wanted or not self._ring.fill:
                return
            block = self._ring.read(round(BLOCK_S * self._rate))
            first, self._first_block = self._first_block, False
            self._active = True
            self._changed.notify_all()
        # The first block of an utterance comes late by nature: that is no underrun.
        if self._play(self._with_gain(block)) and not first:
            self._counters["underruns"] += 1

    def _play(self, block: NDArray[np.int16]) -> bool:
        self._heard_at_s = None
        dry = self._device.play(block)
        self._last_sound_s = time.monotonic()
        return dry

    def _with_gain(self, block: NDArray[np.int16]) -> NDArray[np.int16]:
        before, after = self._gain_now, self._gain
        self._gain_now = after
        if before == after == 1.0 and not self._fade_in:
            return block
        gains = np.linspace(before, after, len(block), dtype=np.float32)
        if self._fade_in:
            edge = min(len(block), round(FADE_S * self._rate))
            gains[:edge] *= np.linspace(0.0, 1.0, edge, dtype=np.float32)
            self._fade_in = False
        return np.round(block * gains).astype(np.int16)

    def _abort(self) -> None:
        """Be silent: softly where that takes no longer than a block, else at once."""
        unheard = 0
        if self._device.rest_s() <= BLOCK_S:
            self._fade_out()
        else:
            unheard = self._device.abort() + len(self._edge)
        with self._changed:
            self._active = self._abort_wanted = False
            # After a stop there is nothing to take back: the ring has forgotten it.
            self._ring.take_back(unheard)
            self._fade_in = self._goes_on
            self._heard_at_s = None
            self._changed.notify_all()

    def _fade_out(self) -> None:
        if len(self._edge):
            fade = np.linspace(1.0, 0.0, len(self._edge), dtype=np.float32)
            self._play(np.round(self._with_gain(self._edge) * fade).astype(np.int16))
        self._device.finish()

    def _finish(self) -> None:
        self._device.finish()
        with self._changed:
            # Asked for in the very last moment: everything was heard already.
            self._abort_wanted = False
            self._active = self._ending = False
            self._heard_at_s = None
            self._changed.notify_all()

    def _fail(self, error: AudioUnavailableError) -> None:
        with self._changed:
            self._error = error
            self._is_open = self._active = self._ending = self._abort_wanted = False
            self._ring.clear()
            self._counters["audio_errors"] += 1
            self._changed.notify_all()
        try:
            self._device.close()
        except Exception:
            _logger.debug("closing the failed device failed too", exc_info=True)


def _nothing() -> None:
    """What a waiting write does when nobody wants to know."""
