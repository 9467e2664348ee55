"""When to let an utterance be heard: as soon as the buffer cannot run dry at the measured speed."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

_MARGIN = 1.1
"""What the measured speed may get worse by without the buffer running dry."""

_SECONDS_PER_CHARACTER = 0.3
"""Longest speech that one character of plain text makes, before it was measured, in seconds."""

_RECENT = 3


@dataclass(slots=True)
class Pace:
    """What earlier utterances taught.

    Attributes:
        factors: Real-time factors of the newest utterances.
        lags: How long each would have had to wait after its first chunk, in seconds.
        seconds_per_character: Length of the newest ones, per character of their text.
    """

    factors: deque[float] = field(default_factory=lambda: deque(maxlen=_RECENT))
    lags: deque[float] = field(default_factory=lambda: deque(maxlen=_RECENT))
    seconds_per_character: deque[float] = field(default_factory=lambda: deque(maxlen=8))

    def expected_s(self, characters: int) -> float:
        """How long the speech of a text may become, in seconds; rather too long than too short."""
        most = max((_SECONDS_PER_CHARACTER, *self.seconds_per_character))
        return most * characters


class StartPolicy:
    """Decides for one utterance, chunk by chunk.

    With a real-time factor r up to 1 it starts at the first chunk. Above 1, each chunk must be
    there when the ones before it are played: with b seconds held, m seconds still to be made and
    chunks of c seconds, that is b >= (r - 1) m + c.

    Args:
        pace: What earlier utterances taught; learns from this one.
        expected_s: How long the speech may become.
        most_s: Start anyway with so much held.
    """

    def __init__(self, pace: Pace, expected_s: float, most_s: float) -> None:
        self._pace = pace
        self._expected_s = expected_s
        self._most_s = most_s
        self._first_took_s = 0.0
        self.took_s = 0.0
        self.audio_s = 0.0
        self._later_s = 0.0
        self._later_took_s = 0.0
        self._recalled = False
        self._longest_s = 0.0
        self._lag_s = 0.0
        self._chunks = 0

    def arrived(self, audio_s: float, took_s: float, *, recalled: bool = False) -> None:
        """A chunk of `audio_s` seconds has been made in `took_s` seconds, or was `recalled`."""
        self._chunks += 1
        self.took_s += took_s
        self._recalled |= recalled
        if self._chunks == 1:
            self._first_took_s = took_s
        elif not recalled:
            self._later_s += audio_s
            self._later_took_s += took_s
        self._lag_s = max(self._lag_s, self.took_s - self._first_took_s - self.audio_s)
        self.audio_s += audio_s
        self._longest_s = max(self._longest_s, audio_s)

    def may_start(self) -> bool:
        """Whether what was made so far is enough."""
        factor = self._factor()
        if self.audio_s >= self._most_s:
            return True
        if factor <= 1:
            return self.took_s - self._first_took_s >= self._usual_lag_s()
        missing_s = max(0.0, self._expected_s - self.audio_s)
        return self.audio_s >= (factor * _MARGIN - 1) * missing_s + self._longest_s

    def learn(self, characters: int) -> None:
        """The utterance is complete."""
        if not self.audio_s:
            return
        if characters:
            self._pace.seconds_per_character.append(self.audio_s / characters)
        if self._recalled:
            return  # how fast it came says nothing about the next one
        factor = self.took_s / self.audio_s
        self._pace.factors.append(factor)
        if factor <= 1:
            self._pace.lags.append(self._lag_s)

    def _factor(self) -> float:
        """Real-time factor to reckon with: the worst of now and of late."""
        known = list(self._pace.factors)
        # The first chunk also pays for reading the text: it says little about those that follow.
        if self._later_s > 0:
            known.append(self._later_took_s / self._later_s)
        if not known:
            known.append(self.took_s / self.audio_s if self.audio_s else 0.0)
        return max(known)

    def _usual_lag_s(self) -> float:
        """Delay without which the last few all ran dry (small first chunk, long second one)."""
        lags = self._pace.lags
        return min(lags) if len(lags) == _RECENT else 0.0
