"""A session with an MQTT broker that lasts: it is begun again for as long as the daemon lives.

A connection owns one thread. Everybody else puts into the outbox what is to be published and wakes
it; it converses with the broker, and when that ends, waits and tries again.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable

from tts_daemon.inputs.mqtt.conversation import Conversation, Version
from tts_daemon.inputs.mqtt.outbox import Outbox
from tts_daemon.inputs.mqtt.remedies import RETAIN_NOT_SUPPORTED
from tts_daemon.inputs.mqtt.values import (
    ConnectionListener,
    End,
    Message,
    Publication,
    Retry,
    Session,
)
from tts_daemon.settings.schema import MqttSettings

log = logging.getLogger(__name__)

STOP_S = 12.0
"""Longest wait for the connection's thread, which may be looking up a name."""
STABLE_S = 10.0
"""A connection that lasted so long was a good one."""
SUSPICIOUS_FAILURES = 3
NO_RETAIN = (
    "the MQTT broker keeps no retained messages: who comes later does not know our state, nor"
    " whether we are there (mosquitto: retain_available true)"
)


class MqttConnection:
    """Keeps one session with the broker alive. `start` never blocks; `stop` says good-bye first."""

    def __init__(
        self,
        settings: MqttSettings,
        session: Session,
        listener: ConnectionListener,
        retry: Retry | None = None,
        caught_up: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare.

        Args:
            caught_up: Called when the listener has received what came together.
        """
        self._settings = settings
        self._session = session
        self._listener = listener
        self._caught_up = caught_up
        self._retry = retry or Retry()
        self._outbox = Outbox()
        self._thread = threading.Thread(target=self._run, name=session.client_id, daemon=True)
        self._stopping = threading.Event()
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)
        self._retains = True
        self._number = 0
        self._failures = 0
        self._last_logged = ""
        self._conversation = self._make_conversation(Version.MQTT5)

    # ---- for every thread

    def start(self) -> None:
        """Begin to connect, in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Send what waits (two seconds at most), disconnect and end the thread."""
        self._stopping.set()
        self._conversation.part()
        self._wake()
        if self._thread.is_alive():
            self._thread.join(STOP_S)
        else:
            self._close_pipe()

    @property
    def maximum_packet_bytes(self) -> int | None:
        """Longest message that the broker takes; None where it does not say."""
        return self._conversation.maximum_packet_bytes

    def is_current(self, message: Message) -> bool:
        """Whether a message can still be acknowledged; if not, the broker sends it again."""
        now = self._conversation
        return now.is_accepted and message.connection == now.number

    def publish(self, publication: Publication) -> None:
        """Send a message, now or when the broker is back."""
        self._outbox.put(publication)
        self._wake()

    def keep(self, topic: str, payload: bytes) -> None:
        """Let this be the retained message of a topic; it is sent at every connect again."""
        self._outbox.keep(topic, payload)
        self._wake()

    def send_kept_again(self) -> None:
        """Send every kept message once more."""
        self._outbox.send_kept_again()
        self._wake()

    def acknowledge(self, message: Message) -> None:
        """Tell the broker that a message need not come again."""
        self._conversation.acknowledge(message)
        self._wake()

    def _wake(self) -> None:
        # A full pipe wakes as well; a closed one belongs to a connection that is over.
        with contextlib.suppress(OSError):
            self._wake_in.send(b"\0")

    # ---- the connection's own thread

    def _run(self) -> None:
        while not self._stopping.is_set():
            began_s = time.monotonic()
            end = self._attempt()
            if end is End.LOST and time.monotonic() - began_s > STABLE_S:
                self._failures, self._last_logged = 0, ""
            self._failures += 1
            if not self._stopping.is_set():
                self._log_end(end)
            is_contested = end is End.TAKEN_OVER and self._failures >= SUSPICIOUS_FAILURES
            refused = end is End.REFUSED or is_contested
            self._stopping.wait(self._retry.delay_s(self._failures, refused))
        self._close_pipe()

    def _close_pipe(self) -> None:
        self._wake_in.close()
        self._wake_out.close()

    def _attempt(self) -> End:
        """Be connected for as long as it lasts, by the newest protocol that the broker speaks."""
        end = self._converse(Version.MQTT5)
        if end is End.NO_HANDSHAKE and self._conversation.reason == RETAIN_NOT_SUPPORTED:
            if self._retains:
                log.warning("%s", NO_RETAIN)
            self._retains = False
            end = self._converse(Version.MQTT5)
        first = self._conversation
        if end is End.NO_HANDSHAKE and not self._session.needs_mqtt5:
            end = self._converse(Version.MQTT311)
            # What the newer version was told says more.
            if end is End.NO_HANDSHAKE and first.has_answered:
                self._conversation = first
        return end

    def _converse(self, version: Version) -> End:
        self._conversation = self._make_conversation(version)
        if self._stopping.is_set():
            self._conversation.part()
        try:
            return self._conversation.hold()
        finally:
            self._outbox.connection_lost()

    def _make_conversation(self, version: Version) -> Conversation:
        self._number += 1
        return Conversation(
            self._settings,
            self._session,
            version,
            number=self._number,
            outbox=self._outbox,
            listener=self._listener,
            wake=self._wake_out,
            caught_up=self._caught_up,
            retains=self._retains,
        )

    def _log_end(self, end: End) -> None:
        """Say what is wrong once, not at every attempt."""
        where = f"{self._settings.host}:{self._settings.port}"
        name, talk = self._session.client_id, self._conversation
        # Many say nothing to the first one when a second one takes its session.
        if end is End.LOST and not talk.reason and self._failures >= SUSPICIOUS_FAILURES:
            end = End.TAKEN_OVER
        what = talk.explained()
        text = {
            End.UNREACHABLE: f"no connection to the MQTT broker at {where}: {what}",
            End.NO_HANDSHAKE: f"the MQTT broker at {where} does not accept us: {what}",
            End.REFUSED: f"the MQTT broker at {where} refuses us: {what}",
            End.TAKEN_OVER: f"the MQTT broker at {where} ends our connection again and again; "
            f"does another daemon call itself {name} too? Each one needs its own mqtt.node",
            End.LOST: f"connection to the MQTT broker at {where} lost: {what}",
        }[end]
        level = logging.DEBUG if text == self._last_logged else logging.WARNING
        log.log(level, "%s", text)
        self._last_logged = text
