"""Acknowledges messages once the disk has them, without holding up those that come after."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

from tts_daemon.inputs.mqtt.values import Message

_LAST_S = 0.3
"""Time for the last receipts; a message without one comes again, and is known by its id."""

log = logging.getLogger(__name__)


class Receipts:
    """Owns what was obeyed and is not acknowledged yet, and the thread that waits for the disk.

    A slow memory card takes seconds to write through; a stop that comes meanwhile must not wait.

    Args:
        flush: Writes through to the disk what was accepted so far.
        acknowledge: Tells the broker that a message need not come again.
    """

    def __init__(self, flush: Callable[[], None], acknowledge: Callable[[Message], None]) -> None:
        self._flush = flush
        self._acknowledge = acknowledge
        self._line: queue.SimpleQueue[list[Message] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="receipts", daemon=True)

    def start(self) -> None:
        """Begin to wait for messages."""
        self._thread.start()

    def stop(self) -> None:
        """Give the last receipts, if the disk allows it."""
        self._line.put(None)
        if self._thread.is_alive():
            self._thread.join(_LAST_S)

    def give(self, messages: list[Message]) -> None:
        """Acknowledge these as soon as the disk has what they brought."""
        self._line.put(messages)

    def _run(self) -> None:
        is_over = False
        while not is_over:
            came = [self._line.get()]
            # Those that came while the disk was busy share its next answer.
            while not self._line.empty():
                came.append(self._line.get())
            is_over = None in came
            self._give([message for messages in came if messages for message in messages])

    def _give(self, messages: list[Message]) -> None:
        try:
            self._flush()
        except Exception:
            log.exception("cannot write through what MQTT brought; it will come again")
            return
        for message in messages:
            self._acknowledge(message)
