"""The few interfaces by which packages on one level use each other without knowing each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from tts_daemon.domain import (
    AudioChunk,
    Clause,
    ClauseSound,
    Event,
    PlayerState,
    SpeakRequest,
    Style,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Command(StrEnum):
    """What a door may ask of the player."""

    STOP = "stop"
    """Silence within one block; the queue is emptied."""
    SKIP = "skip"
    """End the utterance that is being spoken; go on with the next."""
    CLEAR = "clear"
    """Drop what waits; finish what is being spoken."""
    PAUSE = "pause"
    RESUME = "resume"
    REPEAT = "repeat"
    """Speak the last spoken utterance again."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The player at one moment.

    Attributes:
        speaking_id: Id of the utterance being spoken; empty when none is.
        queued: Number of utterances that wait.
        volume: Percent, 0 to 100.
        speed: Factor on every utterance's own speed, 0.5 to 2.
        preset: Name of the current default preset.
        presets: Names that a request may use, in the order of the configuration.
        voices: Names of the installed voices, the default first.
        last_error: Newest error message; empty when none.
        counters: Totals since start: `accepted`, `finished`, `failed`, `refused`, `underruns`, ...
        last_first_audio_ms, last_real_time_factor: Of the newest finished utterance; None before
            the first.
        engine: What plays the default voice's vocoder, such as `native (neon)` or `onnx`.
        troubles: What is wrong now, by the part that it is wrong with: `journal`, or a door.
        chimes: Names of the sounds that may come before speech.
        quiet_hours: `start`, `end` (`HH:MM`; no start: none) and `volume` (percent) meanwhile.
        poison: Texts that ended the daemon more than once and are not tried again, newest last.
    """

    state: PlayerState
    speaking_id: str
    queued: int
    volume: float
    speed: float
    preset: str
    presets: tuple[str, ...]
    voices: tuple[str, ...]
    last_error: str
    counters: dict[str, int]
    last_first_audio_ms: float | None
    last_real_time_factor: float | None
    engine: str = ""
    troubles: dict[str, str] = field(default_factory=dict)
    poison: tuple[str, ...] = ()
    chimes: tuple[str, ...] = ()
    quiet_hours: dict[str, Any] = field(default_factory=dict)


class TextStream(Protocol):
    """The text of one utterance that is still being written. For one thread at a time.

    Attributes:
        position: As `SpeechService.submit` returns it; at -1 nothing is taken.
    """

    position: int

    def add(self, piece: str) -> bool:
        """Take a piece of the text, of any length.

        Returns:
            False where the utterance has ended: more is of no use.

        Raises:
            TooLongError: The text is longer than any may be; what came before is spoken.
        """
        ...

    def end(self, warning: str = "") -> None:
        """The text is whole; again is harmless.

        Args:
            warning: Why it ends before its end, for the `finished` event.
        """
        ...


class SpeechService(Protocol):
    """What every door (socket, MQTT, HTTP, Wyoming) is given. Safe to call from any thread."""

    def submit(self, request: SpeakRequest, *, lasting: bool = True) -> int:
        """Accept a request; it is in the journal when this returns.

        Args:
            lasting: Whether the journal is written through to the disk. Who takes many requests at
                once leaves that to one `flush`, and promises nothing to their senders before.

        Returns:
            Its position in the queue, 0 = next. -1: nothing was added, because its id was accepted
            before (its event is `duplicate`), or because it gives way to others (`cancelled`).

        Raises:
            QueueFullError: The queue is at its limit.
            InvalidRequestError: Empty text, unknown preset, value out of range (names the field).
            NotReadyError: Starting or stopping.
        """
        ...

    def open(self, request: SpeakRequest, *, lasting: bool = True) -> TextStream:
        """Accept a request whose text is still being written, and is empty as yet.

        It has its place in the queue from now on, and is spoken sentence by sentence while the text
        comes. Arguments and errors as those of `submit`.
        """
        ...

    def flush(self) -> None:
        """Write through to the disk what was accepted so far."""
        ...

    def render(self, request: SpeakRequest, so_far: SoFar | None = None) -> Iterator[AudioChunk]:
        """Synthesise for the caller instead of the device; chunks come as they are made.

        Volume and soft edges are in the samples already. Closing the iterator stops the synthesis
        within one chunk. Raises as `submit` does.

        Args:
            request: What to speak.
            so_far: Where earlier stretches of the same text have left off; is brought up to date.
        """
        ...

    def read(self, request: SpeakRequest) -> Iterator[Clause]:
        """Yield the clauses that `render` would speak, one by one. Raises as `submit` does."""
        ...

    def make(self, clause: Clause) -> ClauseSound:
        """Synthesise a clause that another daemon has read, for its own player.

        Its chunks are to be closed, like those of `render`.

        Raises:
            InvalidRequestError: The voice was not trained for it.
            TextError: The voice does not know a symbol.
            VoiceError: The voice is not installed, or cannot be played.
            QueueFullError, NotReadyError: As `render`.
        """
        ...

    def count_refusal(self) -> None:
        """Count a message that a door has refused, for whatever reason."""
        ...

    def command(self, command: Command) -> None:
        """Carry out a command; returns when it has taken effect."""
        ...

    def set_volume(self, percent: float) -> None:
        """Set the volume, 0 to 100. Raises InvalidRequestError outside of that."""
        ...

    def set_speed(self, factor: float) -> None:
        """Set the speed factor, 0.5 to 2. Raises InvalidRequestError outside of that."""
        ...

    def set_preset(self, name: str) -> None:
        """Set the default preset. Raises InvalidRequestError that names the nearest known one."""
        ...

    def set_quiet_hours(self, hours: Mapping[str, Any]) -> None:
        """Set `start`, `end` or `volume` of the quiet hours; what is left out stays.

        Raises:
            InvalidRequestError: Names the field.
        """
        ...

    def snapshot(self) -> Snapshot:
        """The player at this moment."""
        ...

    def subscribe(self, listener: Callable[[Event | Snapshot], None]) -> Callable[[], None]:
        """Call `listener` for every event and every change of state, in order; it must not block.

        Returns:
            A function that ends the subscription.
        """
        ...

    def unconfirmed(self) -> list[Event]:
        """Final events that nobody has confirmed, those of earlier processes first.

        Kept only where a door confirms what it has passed on.
        """
        ...

    def confirm(self, event_id: str) -> None:
        """Somebody who was promised the final event of an utterance has it."""
        ...


@dataclass(slots=True)
class SoFar:
    """How far a text is spoken that is given in stretches: what one call leaves to the next.

    Attributes:
        style: What tags have set; None before the first one.
        is_begun: Whether there was anything to be read.
        clauses: How many were spoken.
        pause_s: Silence that the last one lacks before another may follow, in seconds.
    """

    style: Style | None = None
    is_begun: bool = False
    clauses: int = 0
    pause_s: float = 0.0


class SpeechSynthesizer(Protocol):
    """What the player needs of the synthesis."""

    def stream(
        self,
        text: str,
        style: Style,
        *,
        keep: bool = False,
        warn: Callable[[str], None] = ...,
        so_far: SoFar | None = None,
    ) -> Iterator[AudioChunk]:
        """Yield the speech chunk by chunk as it is made.

        Closing the iterator stops the synthesis within one chunk.

        Args:
            keep: Its sound stays in the phrase cache.
            warn: Told of what the text asks for and cannot have; it is read around.
            so_far: Where earlier stretches of the same text have left off; is brought up to date.
        """
        ...

    def read(self, text: str, style: Style, warn: Callable[[str], None] = ...) -> Iterator[Clause]:
        """Yield the clauses that would be spoken, one by one; `warn` as for `stream`."""
        ...

    def make(self, clause: Clause) -> ClauseSound:
        """One clause, read elsewhere, as its voice makes it; raises as `SpeechService.make`."""
        ...

    def expects(self, voice: str) -> str:
        """Who would speak for a voice now: `AudioChunk.spoken_by`."""
        ...


class Sink(Protocol):
    """Where the player writes PCM. One thread writes; `stop_now` may come from any thread.

    Life: (open - write* - drain)* - close; `open` begins every utterance, and where the device is
    still open it costs nothing. A sink that lost its device raises AudioUnavailableError from
    `open`, `write` or `drain`; the player keeps the utterance and opens again later.

    Attributes:
        while_waiting: Called about once a second by a `write` or `drain` that waits; must not call
            the sink or the player.
    """

    while_waiting: Callable[[], None]

    def open(self, *, wait: bool = True) -> None:
        """Take the device. Raises AudioUnavailableError.

        Args:
            wait: False returns at once; then the first `write` waits for the device and raises.
        """
        ...

    def write(self, pcm: NDArray[np.int16], sample_rate: int) -> None:
        """Queue samples, int16 [N], one channel; blocks while the sink's buffer is full."""
        ...

    def drain(self) -> None:
        """Block until every sample written was heard."""
        ...

    def stop_now(self) -> None:
        """Drop what is queued; the device is silent within one block. A blocked `write` returns.

        What is written after this is dropped too, until `open` is called again. Does not wait.
        """
        ...

    def pause(self) -> None:
        """Be silent within one block, but keep what is queued. Does not wait."""
        ...

    def resume(self) -> None:
        """Go on where `pause` cut in."""
        ...

    def set_gain(self, gain: float) -> None:
        """Set the amplitude factor, 0 to 1, of everything that is heard from now on."""
        ...

    def ahead_s(self) -> float:
        """How much sound is queued that the device has not been given, in seconds."""
        ...

    def counters(self) -> dict[str, int]:
        """Totals since start: `underruns` (ran dry within an utterance), `opened`, ..."""
        ...

    def close(self, timeout_s: float = 2.0) -> None:
        """Give the device back; one that hangs is left behind after `timeout_s`."""
        ...
