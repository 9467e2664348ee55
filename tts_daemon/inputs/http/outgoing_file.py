"""A file in memory of which only the end is kept: what was written is on its way to a client."""

from __future__ import annotations


class OutgoingFile:
    """What libsndfile writes to.

    When it closes a file it goes back and writes lengths into the head. The client has the head by
    then, with lengths that say "not known", so these corrections are dropped.
    """

    def __init__(self) -> None:
        self._kept = bytearray()
        self._taken = 0
        self._position = 0

    def take(self) -> bytes:
        """What was written since the last time."""
        taken = bytes(self._kept)
        self._taken += len(taken)
        self._kept.clear()
        return taken

    def write(self, data: bytes) -> int:
        """Write at the position."""
        begin = self._position - self._taken
        if begin >= 0:
            self._kept[begin : begin + len(data)] = data
        self._position += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move the position, as `io.IOBase.seek` does."""
        origin = (0, self._position, self._taken + len(self._kept))[whence]
        self._position = origin + offset
        return self._position

    def tell(self) -> int:
        """The position."""
        return self._position
