"""A sink around any device: a ring buffer filled ahead, and one thread that feeds it to the device.

Only that thread touches the device, so a device needs no lock, and a slow synthesis never holds up
the sound that is already there.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tts_daemon.errors import AudioUnavailableError
from tts_daemon.sound.levels import FADE_S
from tts_daemon.sound.resampling import Resampler
from tts_daemon.sound.sink_machine import BLOCK_S, Block, Order, SinkMachine, Stage

log = logging.getLogger(__name__)

_REST_S = 2.0
"""Silence after which an amplifier may have fallen asleep."""

_HANGS_AFTER_S = 10.0
"""A device that is inside one call for so long has failed, even if it does not say so."""

_BEAT_S = 1.0
_NOTHING: NDArray[np.int16] = np.zeros(0, dtype=np.int16)


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
    """The sink of every device (see `ports.Sink`); what it does when is `SinkMachine`'s.

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
        self._release_after_s = release_after_s
        # Guards the machine; told of every change of it.
        self._changed = threading.Condition()
        self._machine = SinkMachine(ahead_s, lead_in_s)
        self._error: AudioUnavailableError | None = None
        self._counters = {"underruns": 0, "opened": 0, "audio_errors": 0}
        self._thread: threading.Thread | None = None
        # The caller's:
        self._resampler: Resampler[np.int16] | None = None
        self._gain = 1.0
        self._beaten_s = time.monotonic()
        # The thread's:
        self._gain_now = 1.0
        self._called_s: float | None = None
        self._last_sound_s = 0.0
        self._heard_at_s: float | None = None

    # -- what the player calls ------------------------------------------------------------------

    def open(self, *, wait: bool = True) -> None:
        """Begin an utterance, taking the device where it is not open."""
        with self._changed:
            self._look_whether_it_hangs()
            if self._error is not None and self._machine.stage is Stage.HUNG:
                raise self._error
            self._error = None
            self._resampler = None
            self._machine.begin(rested=time.monotonic() - self._last_sound_s >= _REST_S)
            self._start_thread()
            self._changed.notify_all()
            if wait:
                self._wait(lambda: self._machine.is_open)

    def write(self, pcm: NDArray[np.int16], sample_rate: int) -> None:
        """Queue samples, int16 [N]; blocks while the ring buffer is full."""
        with self._changed:
            self._wait(lambda: self._machine.is_open)
            if not self._machine.accepts:
                return
        if self._resampler is None or self._resampler.rate_in != sample_rate:
            self._put(self._tail())
            self._resampler = Resampler(sample_rate, self._machine.rate, np.int16)
        self._put(self._resampler.process(pcm))

    def drain(self) -> None:
        """Block until every sample written was heard."""
        self._put(self._tail())
        with self._changed:
            self._machine.drain()
            self._changed.notify_all()
            self._wait(lambda: False)

    def stop_now(self) -> None:
        """Drop what is queued and what is written from now on, until `open`."""
        with self._changed:
            self._machine.stop()
            self._changed.notify_all()

    def pause(self) -> None:
        """Be silent, but keep what is queued, and what the device has not played yet."""
        with self._changed:
            self._machine.pause()
            self._changed.notify_all()

    def resume(self) -> None:
        """Go on."""
        with self._changed:
            self._machine.resume()
            self._changed.notify_all()

    def set_gain(self, gain: float) -> None:
        """Amplitude factor of everything that is heard from now on."""
        self._gain = gain

    def ahead_s(self) -> float:
        """How much sound is queued that the device has not been given, in seconds."""
        with self._changed:
            return self._machine.ahead_s

    def counters(self) -> dict[str, int]:
        """Totals since start."""
        return dict(self._counters)

    def close(self, timeout_s: float = 2.0) -> None:
        """Give the device back and end the thread, or leave both behind where the device hangs."""
        with self._changed:
            self._machine.close()
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(timeout_s)
            if thread.is_alive():
                log.warning("the sound device hangs; it is left as it is")

    # -- helpers of the caller's side ----------------------------------------------------------

    def _start_thread(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="sound", daemon=True)
            self._thread.start()

    def _tail(self) -> NDArray[np.int16]:
        resampler, self._resampler = self._resampler, None
        return resampler.finish() if resampler else _NOTHING

    def _put(self, pcm: NDArray[np.int16]) -> None:
        with self._changed:
            while len(pcm) and self._machine.accepts:
                pcm = pcm[self._machine.write(pcm) :]
                self._changed.notify_all()
                if len(pcm):
                    self._wait(lambda: self._machine.room > 0)
            self._check()

    def _wait(self, ready: Callable[[], bool]) -> None:
        """Wait for `ready`, or for the end of this utterance; raise what the thread ran into."""
        while self._machine.accepts and not ready():
            self._check()
            self._changed.wait(timeout=_BEAT_S)
            self._beat()
        self._check()

    def _beat(self) -> None:
        """A matter of time passed: the thread wakes who waits at every block, for minutes."""
        now_s = time.monotonic()
        if now_s - self._beaten_s >= _BEAT_S:
            self._beaten_s = now_s
            self.while_waiting()

    def _check(self) -> None:
        """Raise what the thread ran into, or that it does not come back."""
        self._look_whether_it_hangs()
        if self._error is not None:
            raise self._error

    def _look_whether_it_hangs(self) -> None:
        called_s = self._called_s
        if called_s is None or time.monotonic() - called_s <= _HANGS_AFTER_S:
            return
        if self._machine.stage is not Stage.HUNG:
            self._machine.hangs()
            self._error = AudioUnavailableError(
                f"the sound device has taken nothing for {_HANGS_AFTER_S:.0f} s; "
                "check its cable, or restart the daemon"
            )
            self._counters["audio_errors"] += 1
            self._changed.notify_all()

    # -- the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            try:
                step = self._next_step()
                if step is None:
                    return
                self._called_s = time.monotonic()
                step()
            except AudioUnavailableError as error:
                self._fail(error)
            except Exception as error:
                log.exception("the sound device failed in an unknown way")
                self._fail(AudioUnavailableError(f"the sound device failed: {error}"))
            finally:
                self._called_s = None

    def _next_step(self) -> Callable[[], None] | None:
        """Wait for something to do, and say what; None at the end."""
        with self._changed:
            while True:
                order = self._machine.order()
                wait_s = self._wait_s(order)
                if order is not None and not wait_s:
                    return self._step(order)
                if not self._changed.wait(timeout=wait_s) and self._machine.may_release:
                    return self._release

    def _wait_s(self, order: Order | None) -> float | None:
        """How long nothing is to be done, unless somebody calls; None for ever."""
        if order is Order.FINISH:
            # In a way that a stop can cut short, for what is in the device; then it is halted.
            if self._heard_at_s is None:
                self._heard_at_s = time.monotonic() + self._device.rest_s()
            return max(0.0, self._heard_at_s - time.monotonic())
        if order is not None:
            return 0.0
        return self._release_after_s if self._machine.may_release else None

    def _step(self, order: Order) -> Callable[[], None] | None:
        """Take what the order needs, under the lock; what is returned does it, without the lock."""
        if order is Order.PLAY:
            block = self._machine.take_block()
            self._changed.notify_all()
            return partial(self._play_block, block)
        if order is Order.SILENCE:
            return partial(self._silence, self._machine.take_edge())
        if order is Order.FINISH:
            self._machine.finish()
            return self._finish
        return {Order.OPEN: self._open, Order.RELEASE: self._release}.get(order)

    def _open(self) -> None:
        rate = self._device.open()
        with self._changed:
            self._machine.opened(rate)
            self._counters["opened"] += 1
            self._changed.notify_all()

    def _release(self) -> None:
        self._device.close()
        with self._changed:
            self._machine.released()

    def _play_block(self, block: Block) -> None:
        # The first block of an utterance comes late by nature: that is no underrun.
        if self._play(self._with_gain(block)) and not block.starts:
            self._counters["underruns"] += 1

    def _play(self, samples: NDArray[np.int16]) -> bool:
        self._heard_at_s = None
        dry = self._device.play(samples)
        self._last_sound_s = time.monotonic()
        return dry

    def _with_gain(self, block: Block) -> NDArray[np.int16]:
        samples, before, after = block.samples, self._gain_now, self._gain
        self._gain_now = after
        if before == after == 1.0 and not block.fades_in:
            return samples
        gains = np.linspace(before, after, len(samples), dtype=np.float32)
        if block.fades_in:
            edge = min(len(samples), round(FADE_S * self._machine.rate))
            gains[:edge] *= np.linspace(0.0, 1.0, edge, dtype=np.float32)
        return np.round(samples * gains).astype(np.int16)

    def _silence(self, edge: NDArray[np.int16]) -> None:
        """Be silent: softly where that takes no longer than a block, else at once."""
        unheard = 0
        if self._device.rest_s() <= BLOCK_S:
            self._fade_out(edge)
        else:
            unheard = self._device.abort() + len(edge)
        with self._changed:
            self._machine.silenced(unheard)
            self._heard_at_s = None
            self._changed.notify_all()

    def _fade_out(self, edge: NDArray[np.int16]) -> None:
        if len(edge):
            fade = np.linspace(1.0, 0.0, len(edge), dtype=np.float32)
            self._play(np.round(self._with_gain(Block(edge)) * fade).astype(np.int16))
        self._device.finish()

    def _finish(self) -> None:
        self._device.finish()
        with self._changed:
            self._machine.finished()
            self._heard_at_s = None
            self._changed.notify_all()

    def _fail(self, error: AudioUnavailableError) -> None:
        try:
            self._device.close()
        except Exception:
            log.debug("closing the failed device failed too", exc_info=True)
        with self._changed:
            self._error = error
            self._machine.failed()
            self._counters["audio_errors"] += 1
            self._changed.notify_all()


def _nothing() -> None:
    """What a waiting write does when nobody wants to know."""
