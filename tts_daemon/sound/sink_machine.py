"""What a sink does next: its states, and how they follow each other. No threads, clocks or devices.

Two small machines run side by side: what the player wants (`Task`), and where the device is
(`Stage`). `order` is what the thread that owns the device has to do in the state of both.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

import numpy as np
from numpy.typing import NDArray

from tts_daemon.sound.levels import FADE_S
from tts_daemon.sound.ring_buffer import RingBuffer

BLOCK_S = 0.015
"""What the device is given at a time: with a fade behind it a stop takes 20 ms."""

_HISTORY_S = 1.0
_NOTHING: NDArray[np.int16] = np.zeros(0, dtype=np.int16)


class Task(Enum):
    """What the player wants."""

    NOTHING = auto()
    """No utterance: what is written is dropped."""
    WRITING = auto()
    """An utterance is being written, and heard."""
    DRAINING = auto()
    """All of it is written; somebody waits until it was heard."""
    CLOSING = auto()
    """The end: the device is to be given back."""


class Stage(Enum):
    """Where the device is."""

    CLOSED = auto()
    """Not ours."""
    HALTED = auto()
    """Ours, and silent."""
    PLAYING = auto()
    PAUSING = auto()
    """Is to be silent at once; what it has not played waits again."""
    PAUSED = auto()
    """Silent in mid-sound: what follows is faded in."""
    STOPPING = auto()
    """Is to be silent at once; what it has not played is dropped."""
    FINISHING = auto()
    """Plays its last samples, and halts."""
    HUNG = auto()
    """Does not come back from a call; when it ever does, it is given back."""


class Cause(Enum):
    """What makes a state follow another: calls of the player, and what the thread has done."""

    BEGIN = auto()
    DRAIN = auto()
    STOP = auto()
    PAUSE = auto()
    CLOSE = auto()
    OPENED = auto()
    PLAY = auto()
    SILENCED = auto()
    FINISH = auto()
    FINISHED = auto()
    RELEASED = auto()
    FAILED = auto()
    HANGS = auto()


class Order(Enum):
    """What the thread has to do."""

    OPEN = auto()
    PLAY = auto()
    SILENCE = auto()
    FINISH = auto()
    RELEASE = auto()
    END = auto()


_BUSY = (Task.WRITING, Task.DRAINING)
_AWAY = (Stage.CLOSED, Stage.HUNG)

# A state that a cause does not list stays as it is.
TASKS: dict[Cause, dict[Task, Task]] = {
    Cause.BEGIN: dict.fromkeys(Task, Task.WRITING),
    Cause.DRAIN: {Task.WRITING: Task.DRAINING},
    Cause.STOP: dict.fromkeys(_BUSY, Task.NOTHING),
    Cause.CLOSE: dict.fromkeys(Task, Task.CLOSING),
    Cause.FINISHED: {Task.DRAINING: Task.NOTHING},
    Cause.FAILED: dict.fromkeys(_BUSY, Task.NOTHING),
    Cause.HANGS: dict.fromkeys(_BUSY, Task.NOTHING),
}
STAGES: dict[Cause, dict[Stage, Stage]] = {
    Cause.OPENED: {Stage.CLOSED: Stage.HALTED},
    Cause.PLAY: {Stage.HALTED: Stage.PLAYING, Stage.PAUSED: Stage.PLAYING},
    Cause.PAUSE: {Stage.PLAYING: Stage.PAUSING},
    Cause.STOP: {
        Stage.PLAYING: Stage.STOPPING,
        Stage.PAUSING: Stage.STOPPING,
        Stage.PAUSED: Stage.HALTED,
        Stage.FINISHING: Stage.STOPPING,
    },
    Cause.SILENCED: {Stage.PAUSING: Stage.PAUSED, Stage.STOPPING: Stage.HALTED},
    Cause.FINISH: dict.fromkeys((Stage.PLAYING, Stage.HALTED, Stage.PAUSED), Stage.FINISHING),
    Cause.FINISHED: {Stage.FINISHING: Stage.HALTED},
    Cause.RELEASED: dict.fromkeys(Stage, Stage.CLOSED),
    Cause.FAILED: dict.fromkeys(Stage, Stage.CLOSED),
    Cause.HANGS: dict.fromkeys(Stage, Stage.HUNG),
}


@dataclass(frozen=True, slots=True)
class Block:
    """Samples for the device.

    Attributes:
        samples: int16 [N].
        starts: Nothing of its utterance was heard before.
        fades_in: It goes on after a pause.
    """

    samples: NDArray[np.int16]
    starts: bool = False
    fades_in: bool = False


class SinkMachine:
    """The state of a sink, and the samples that it holds. The sink locks.

    Args:
        ahead_s: Length of the ring buffer.
        lead_in_s: Silence before the first word after a rest.
    """

    def __init__(self, ahead_s: float, lead_in_s: float) -> None:
        self.task = Task.NOTHING
        self.stage = Stage.CLOSED
        self.paused = False
        self.rate = 0
        self._ahead_s = ahead_s
        self._lead_in_s = lead_in_s
        self._ring = RingBuffer(1)
        self._silence = 0
        self._edge = _NOTHING
        self._blocks = 0

    @property
    def accepts(self) -> bool:
        """Whether what is written will be heard."""
        return self.task in _BUSY

    @property
    def is_open(self) -> bool:
        """Whether the device is ours, and works."""
        return self.stage not in _AWAY

    @property
    def room(self) -> int:
        """Number of samples that can be written."""
        return self._ring.room

    @property
    def ahead_s(self) -> float:
        """How much sound is held, in seconds."""
        return self._ring.fill / self.rate if self.rate else 0.0

    @property
    def may_release(self) -> bool:
        """Whether nobody would miss the device."""
        return self.task is Task.NOTHING and self.stage in (Stage.HALTED, Stage.PAUSED)

    def order(self) -> Order | None:
        """What is to be done now; None: nothing, until somebody calls."""
        if self.task is Task.CLOSING:
            return Order.END if self.stage is Stage.CLOSED else Order.RELEASE
        if self.stage is Stage.HUNG:
            return Order.RELEASE
        if self.stage is Stage.CLOSED:
            return Order.OPEN if self.accepts else None
        if self.stage in (Stage.PAUSING, Stage.STOPPING):
            return Order.SILENCE
        return None if self.paused or not self.accepts else self._order_of_the_utterance()

    def _order_of_the_utterance(self) -> Order | None:
        if self._silence or self._ring.fill:
            return Order.PLAY
        return Order.FINISH if self.task is Task.DRAINING else None

    # -- what the player asks for ---------------------------------------------------------------

    def begin(self, *, rested: bool) -> None:
        """An utterance begins; `rested`: after so long a silence that an amplifier may sleep."""
        self._follow(Cause.BEGIN)
        self._blocks = 0
        if rested and self.is_open:
            self._silence = self._samples(self._lead_in_s)

    def write(self, pcm: NDArray[np.int16]) -> int:
        """Take in as many samples, int16 [N], as fit; how many did."""
        return self._ring.write(pcm)

    def drain(self) -> None:
        """Nothing more will be written."""
        self._follow(Cause.DRAIN)

    def stop(self) -> None:
        """Drop what is held, and what will be written until the next `begin`."""
        self._keep_edge()
        self._follow(Cause.STOP)
        self._silence = 0
        self._ring.clear()

    def pause(self) -> None:
        """Be silent, and keep what is held and what the device has not played."""
        self._keep_edge()
        self._follow(Cause.PAUSE)
        self.paused = True

    def resume(self) -> None:
        """Go on."""
        self.paused = False

    def close(self) -> None:
        """Give the device back, and end."""
        self.stop()
        self._follow(Cause.CLOSE)

    # -- what the thread has done, or takes -----------------------------------------------------

    def opened(self, rate: int) -> None:
        """The device is ours, at so many samples per second."""
        self._follow(Cause.OPENED)
        self.rate = rate
        self._ring = RingBuffer(self._samples(self._ahead_s), self._samples(_HISTORY_S))
        self._silence = self._samples(self._lead_in_s)

    def take_block(self) -> Block:
        """What is to be played next."""
        fades_in = self.stage is Stage.PAUSED
        self._follow(Cause.PLAY)
        count = self._samples(BLOCK_S)
        if self._silence:
            count = min(count, self._silence)
            self._silence -= count
            return Block(np.zeros(count, dtype=np.int16), starts=True)
        self._blocks += 1
        return Block(self._ring.read(count), self._blocks == 1, fades_in)

    def take_edge(self) -> NDArray[np.int16]:
        """What would have been heard next: faded out it makes an end that does not click."""
        edge, self._edge = self._edge, _NOTHING
        return edge

    def silenced(self, unheard: int) -> None:
        """The device is silent; the last `unheard` samples that were taken were not heard."""
        # After a stop there is nothing to take back: the ring has forgotten it.
        self._ring.take_back(unheard)
        self._follow(Cause.SILENCED)

    def finish(self) -> None:
        """The device is about to halt, with everything heard."""
        self._follow(Cause.FINISH)

    def finished(self) -> None:
        """The device has halted."""
        # After a stop in the very last moment, the task is already that of another utterance.
        stopped = self.stage is Stage.STOPPING
        self._follow(Cause.SILENCED if stopped else Cause.FINISHED)

    def released(self) -> None:
        """The device was given back."""
        self._follow(Cause.RELEASED)

    def failed(self) -> None:
        """The device is gone, and with it the utterance."""
        self._follow(Cause.FAILED)
        self._ring.clear()

    def hangs(self) -> None:
        """The device does not come back from a call."""
        self._follow(Cause.HANGS)
        self._ring.clear()

    # -- helpers --------------------------------------------------------------------------------

    def _follow(self, cause: Cause) -> None:
        self.task = TASKS.get(cause, {}).get(self.task, self.task)
        self.stage = STAGES.get(cause, {}).get(self.stage, self.stage)

    def _keep_edge(self) -> None:
        # Before the first block there is only silence, and no click.
        if self.stage is Stage.PLAYING and self._blocks:
            self._edge = self._ring.read(self._samples(FADE_S))

    def _samples(self, seconds: float) -> int:
        return round(seconds * self.rate)
