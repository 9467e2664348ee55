"""One row of the journal: an accepted request, what became of it, and whether it can be believed.

A file may hold anything: cards forget, and power fails while they write. So every row carries a
checksum over what never changes in it, and is believed by itself alone.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from tts_daemon.domain import Event, EventType, Policy, Priority, SpeakRequest
from tts_daemon.playback._queue import KnownId, fingerprint

WAITING, BEGUN, ENDED = "waiting", "begun", "ended"
_MOST_SERIAL = 2**62
_MOST_BEGUN = 1000


@dataclass(frozen=True, slots=True)
class Row:
    """One row, in the order of the columns.

    Attributes:
        serial: Order of acceptance.
        fingerprint: Tells a redelivery from new words under an old id.
        request: As JSON; empty once it has ended.
        accepted_s: Unix seconds.
        boot: Name of the machine's run; empty where it has none.
        boot_s: Seconds of that run.
        state: `waiting`, `begun` or `ended`.
        begun: How often it was begun by a process that did not end it.
        ending: Its final event as JSON, until somebody has it; else empty.
        checksum: Over the first columns; 0 once it has ended.
    """

    serial: int
    id: str
    fingerprint: int
    request: str
    accepted_s: float
    boot: str
    boot_s: float
    state: str = WAITING
    begun: int = 0
    ending: str = ""
    checksum: int = 0

    @classmethod
    def of(cls, serial: int, request: SpeakRequest, now: tuple[float, str, float]) -> Row:
        """The row of a request that was just accepted; `now`: wall time, boot, its seconds."""
        text = json.dumps(asdict(request), ensure_ascii=True)
        fixed = (serial, request.id, fingerprint(request), text, *now)
        return cls(*fixed, checksum=_checksum(fixed))

    @property
    def values(self) -> tuple[int | float | str, ...]:
        """What the columns hold."""
        return (*self.fixed, self.state, self.begun, self.ending, self.checksum)

    @property
    def fixed(self) -> tuple[int | float | str, ...]:
        """What never changes while it is not ended."""
        return (
            self.serial, self.id, self.fingerprint, self.request,
            self.accepted_s, self.boot, self.boot_s,
        )  # fmt: skip

    @property
    def speak_request(self) -> SpeakRequest:
        """What was accepted. Raises ValueError, TypeError or KeyError: it is no request."""
        values = json.loads(self.request)
        values["priority"] = Priority(values["priority"])
        values["policy"] = Policy(values["policy"])
        return SpeakRequest(**values)

    @property
    def known_id(self) -> KnownId:
        """Its id, which is not accepted again for a while."""
        return KnownId(self.id, self.fingerprint, self.accepted_s)

    @property
    def final_event(self) -> Event | None:
        """The event that nobody has yet; None when there is none, or none that can be read."""
        return read_event(self.ending)


def checked(values: Sequence[object]) -> Row | None:
    """A row from what its columns hold; None when it cannot be believed.

    Rows of the first version end with the state. They carry no checksum, but the fingerprint of
    their text.
    """
    padded = [*values, *(0, "", 0)[len(values) - 8 :]] if 8 <= len(values) < 11 else [*values]
    if len(padded) != 11 or not _has_types(padded):
        return None
    row = Row(*padded)  # type: ignore[arg-type]
    if not (0 < row.serial < _MOST_SERIAL and 0 <= row.begun < _MOST_BEGUN and row.id):
        return None
    if row.state == ENDED:
        return row
    if row.checksum and row.checksum != _checksum(row.fixed):
        return None
    try:
        request = row.speak_request
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return row if fingerprint(request) == row.fingerprint else None


def write_event(event: Event) -> str:
    """An event as the journal keeps it."""
    # What was said is forgotten with the request; only what became of it is kept.
    return json.dumps(asdict(replace(event, text="")), ensure_ascii=True)


def read_event(text: str) -> Event | None:
    """An event that was kept; None where there is none, or none that can be read."""
    if not text:
        return None
    try:
        values = json.loads(text)
        values["warnings"] = tuple(map(str, values.get("warnings", ())))
        return Event(EventType(values.pop("event_type")), **values)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _has_types(values: Sequence[object]) -> bool:
    kinds = (int, str, int, str, float, str, float, str, int, str, int)
    numbers = [float(value) for value in (values[4], values[6]) if isinstance(value, int | float)]
    return (
        all(
            isinstance(value, kind) or (kind is float and isinstance(value, int))
            for value, kind in zip(values, kinds, strict=True)
        )
        and len(numbers) == 2
        and all(map(math.isfinite, numbers))
    )


def _checksum(fixed: Sequence[int | float | str]) -> int:
    # Never 0, which stands for none. Without the wall time, which is put right when the clock is. A
    # whole number may come back from the file without its ".0".
    whole = json.dumps([*fixed[:4], fixed[5], float(fixed[6])])
    return zlib.crc32(whole.encode("utf-8", "surrogatepass")) or 1
