"""How long a pause is at least, by the mark that asks for it."""

from __future__ import annotations

from dataclasses import dataclass, fields

from tts_daemon.domain import PauseKind
from tts_daemon.voices.fields import Fields

_LONGEST_S = 2.0


@dataclass(frozen=True, slots=True)
class PauseFloors:
    """Seconds of silence, one field for each kind of pause; at a speed and a pause factor of 1."""

    enumeration: float = 0.12
    comma: float = 0.2
    semicolon: float = 0.3
    sentence: float = 0.4
    paragraph: float = 0.7

    def of(self, kind: PauseKind) -> float:
        """The floor of one kind; 0 where no mark stands."""
        floor: float = getattr(self, kind.value, 0.0)
        return floor


def read_pause_floors(keys: Fields) -> PauseFloors:
    """Those that a manifest states; the usual ones for the others. Raises VoiceError."""
    stated = {}
    for item in fields(PauseFloors):
        if keys.has(item.name):
            stated[item.name] = keys.number(item.name)
            if not 0 <= stated[item.name] <= _LONGEST_S:
                raise keys.error(
                    item.name, f"is {stated[item.name]:g} s, must be 0 to {_LONGEST_S:g}"
                )
    keys.finish()
    return PauseFloors(**stated)
