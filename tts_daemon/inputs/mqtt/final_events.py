"""Final events over MQTT: each exactly once, over lost connections and over the daemon's lives.

Quality of service 1 alone tells an event twice where the connection, or the daemon, ends before the
broker's acknowledgement has come. So we listen to our own events: what the broker has, it sends
back, also what it got from an earlier life, since it keeps our session. At every connect a mark is
published: all that the broker had before comes back before the mark does, and what did not is told
again. Where a broker sends us nothing back (its access list may forbid it), an event may come twice
after a lost connection, and may get lost with the daemon.
"""

from __future__ import annotations

import json
import logging
import threading
import uuid
from collections.abc import Callable

from tts_daemon.domain import FINAL, Event
from tts_daemon.inputs.messages import event_message, to_json
from tts_daemon.inputs.mqtt.topics import Topics
from tts_daemon.inputs.mqtt.values import Message, Publication
from tts_daemon.ports import SpeechService

log = logging.getLogger(__name__)

PATIENCE_S = 5.0
"""Time in which the mark comes back, where anything does."""

_MOST_KNOWN = 2000


class FinalEvents:
    """Owns which final events go out on this connection. For any thread.

    Args:
        service: Keeps the events until they are confirmed.
        topics: Those of this node.
        publish: Sends a message, or drops it with the connection.
    """

    def __init__(
        self,
        service: SpeechService,
        topics: Topics,
        publish: Callable[[Publication], None],
    ) -> None:
        self._service = service
        self._event_topic = topics.own("event")
        self._mark_topic = topics.own("mark")
        self._publish = publish
        self._lock = threading.Lock()
        self._mark = b""
        self._is_open = False
        self._has_echo = True
        # The newest sent under each id. The object tells: an id may be used again after a day, and
        # the new utterance may end in the same words.
        self._sent: dict[str, Event] = {}
        self._timer: threading.Timer | None = None

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """What the broker has to send back."""
        return (self._event_topic, self._mark_topic)

    def connected(self) -> None:
        """A connection begins: nothing goes out before it is known what the broker has."""
        with self._lock:
            self._is_open = False
            due = {event.id for event in self._service.unconfirmed()}
            self._sent = {name: event for name, event in self._sent.items() if name not in due}
            self._mark = mark = uuid.uuid4().hex.encode()
            self._stop_timer()
            self._timer = threading.Timer(PATIENCE_S, self._give_up, (mark,))
            self._timer.daemon = True
            self._timer.start()
        self._publish(Publication(self._mark_topic, mark, fleeting=True))

    def heard(self, event: Event) -> None:
        """An utterance has ended."""
        with self._lock:
            if self._is_open:
                self._send(event)

    def received(self, message: Message) -> None:
        """The broker sends back what it has."""
        if message.topic == self._mark_topic:
            with self._lock:
                is_ours = message.payload == self._mark
            if is_ours:
                self._open(has_echo=True)
            return
        event_id = _final_id(message.payload)
        if event_id:
            self._service.confirm(event_id)

    def stop(self) -> None:
        """Tell nothing more."""
        with self._lock:
            self._is_open = False
            self._stop_timer()

    def _give_up(self, mark: bytes) -> None:
        with self._lock:
            is_due = mark == self._mark and not self._is_open
        if is_due:
            log.info("the MQTT broker does not send us our own events; it is believed without that")
            self._open(has_echo=False)

    def _open(self, *, has_echo: bool) -> None:
        with self._lock:
            self._stop_timer()
            self._is_open, self._has_echo = True, has_echo
            for event in self._service.unconfirmed():
                self._send(event)

    def _send(self, event: Event) -> None:
        # Among the unconfirmed it may have been sent before the player tells us of it.
        if self._sent.get(event.id) is event:
            return
        self._sent[event.id] = event
        while len(self._sent) > _MOST_KNOWN:
            del self._sent[next(iter(self._sent))]
        payload = to_json(event_message(event))
        self._publish(Publication(self._event_topic, payload, fleeting=self._has_echo))
        if not self._has_echo:
            self._service.confirm(event.id)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _final_id(payload: bytes) -> str:
    """The id of a final event; empty where it is none."""
    try:
        told = json.loads(payload)
        return str(told["id"]) if told["event_type"] in FINAL else ""
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
