"""Texts that come over MQTT in pieces: which pieces belong together, and which came already."""

from __future__ import annotations

import logging
from collections import OrderedDict

from tts_daemon.errors import InvalidRequestError
from tts_daemon.inputs.messages import TextDecoder
from tts_daemon.inputs.mqtt.deliveries import Deliveries
from tts_daemon.inputs.mqtt.values import Message
from tts_daemon.ports import SpeechService, TextStream
from tts_daemon.requests import stream_request_of

log = logging.getLogger(__name__)

MOST = 64
"""Texts that may be written at one time; the oldest ends where there is one more."""


class _Open:
    """One text, and the characters that its last piece cut in two."""

    def __init__(self, stream: TextStream) -> None:
        self.stream = stream
        self.decoder = TextDecoder()


class TextStreams:
    """Owns the texts that are being written. For the connection's thread.

    A text whose utterance has ended stays known until its end comes: its other pieces would begin
    it anew.

    Args:
        service: Speaks them.
        source: The door's name.
    """

    def __init__(self, service: SpeechService, source: str) -> None:
        self._service = service
        self._source = source
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self._deliveries = Deliveries()

    def forget_deliveries(self) -> None:
        """A new session numbers its packets anew."""
        self._deliveries.forget()

    def take(self, message: Message, name: str) -> None:
        """Take a piece of the text of that name, or its end, which is empty.

        Raises:
            InvalidRequestError: The name is none, or the piece is no text.
            TooLongError: The text is longer than any may be.
            QueueFullError: No place.
            NotReadyError: Starting or stopping; the piece is to come again.
        """
        if self._deliveries.earlier_id(message):
            return
        if message.payload:
            self._add(name, message.payload)
        elif name in self._open:
            self._end(name)
        self._deliveries.remember(message, name)

    def stop(self) -> None:
        """No more pieces will come."""
        for known in self._open.values():
            known.stream.end("the MQTT door was closed; what had come was spoken")
        self._open.clear()

    def _add(self, name: str, payload: bytes) -> None:
        known = self._open.get(name)
        if known is None:
            request = stream_request_of({"id": name}, self._source)
            known = self._open[name] = _Open(self._service.open(request, lasting=False))
            self._make_room()
        try:
            piece = known.decoder.decode(payload)
        except InvalidRequestError as error:
            known.stream.end(f"{error}; what had come was spoken")
            raise
        if not known.stream.add(piece):
            log.debug("a piece of %s is not wanted any more", name)

    def _end(self, name: str) -> None:
        known = self._open.pop(name)
        try:
            known.stream.add(known.decoder.decode(b"", is_last=True))
        finally:
            known.stream.end()

    def _make_room(self) -> None:
        if len(self._open) > MOST:
            name, oldest = self._open.popitem(last=False)
            log.warning("more than %d texts are being written; %s ends here", MOST, name)
            oldest.stream.end(f"more than {MOST} texts are being written; what had come was spoken")
