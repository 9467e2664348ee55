"""One connection to an MQTT broker, from its handshake to its end: the only module that knows paho.

Everything here happens on the thread that calls `hold`, except where it says otherwise.
"""

from __future__ import annotations

import logging
import os
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, LogLevel, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from tts_daemon.inputs.mqtt.credentials import read_password, tls_context
from tts_daemon.inputs.mqtt.inbox import Inbox
from tts_daemon.inputs.mqtt.outbox import Outbox
from tts_daemon.inputs.mqtt.remedies import remedy
from tts_daemon.inputs.mqtt.values import (
    ConnectionListener,
    End,
    Message,
    Publication,
    Session,
)
from tts_daemon.settings.schema import MqttSettings

log = logging.getLogger(__name__)

WINDOW = 20
"""Messages sent and not yet confirmed by the broker."""
MOST_BYTES = 16 * 1024 * 1024
"""Longest message that we take (MQTT 5)."""
HANDSHAKE_S = 10.0
FAREWELL_S = 2.0
SESSION_TAKEN_OVER = 0x8E
CREDENTIALS_REFUSED = frozenset({0x86, 0x87, 0x8C})
"""Bad user name or password, not authorized, bad authentication method."""


class Version(Enum):
    """Of the protocol, newest first; the value is its name."""

    MQTT5 = "5"
    MQTT311 = "3.1.1"


class Conversation:
    """One connection by one version of the protocol.

    Attributes:
        version: Of the protocol.
        number: Goes with every message, which can be acknowledged on this connection alone.
        end: How it ended, so far.
        problem: Why, for people.
        reason: The broker's code for it (MQTT 5); 0 where it gave none.
        has_answered: Whether the broker said anything.
        maximum_packet_bytes: Longest message that the broker takes; None where it does not say.
    """

    def __init__(
        self,
        settings: MqttSettings,
        session: Session,
        version: Version,
        *,
        number: int,
        outbox: Outbox,
        listener: ConnectionListener,
        wake: socket.socket,
        caught_up: Callable[[], None] = lambda: None,
        retains: bool = True,
    ) -> None:
        """Prepare.

        Args:
            retains: Whether the broker may be asked to keep messages.
            wake: Becomes readable when the outbox, or anything else here, has news.
            caught_up: Called when the listener has received what came together.
        """
        self._settings = settings
        self._session = session
        self._is_5 = version is Version.MQTT5
        self.version = version
        self._outbox = outbox
        self._listener = listener
        self._caught_up = caught_up
        self._wake = wake
        self._inbox = Inbox()
        self._acknowledgements: deque[Message] = deque()
        self._parting = threading.Event()
        self._window = WINDOW
        self._quality_of_service = 1
        self.number = number
        self.is_accepted = False
        self.end = End.UNREACHABLE
        self.problem = ""
        self.reason = 0
        self.has_answered = False
        self._retains = retains
        self._asked: dict[int, str] = {}
        self._refused_sizes: set[str] = set()
        self.maximum_packet_bytes: int | None = None

    # ---- for every thread

    def part(self) -> None:
        """Send what waits, then disconnect."""
        self._parting.set()

    def acknowledge(self, message: Message) -> None:
        """Tell the broker that a message need not come again."""
        self._acknowledgements.append(message)

    def explained(self) -> str:
        """The problem, and what to do about it. May look at the broker once more."""
        cure = remedy(self._settings, self.problem, self.reason, answered=self.has_answered)
        return f"{self.problem}; {cure}" if cure else self.problem

    # ---- from the first byte to the last

    def hold(self) -> End:
        """Connect, and converse until that ends, whoever ends it."""
        try:
            client = self._make_client()
            self._connect(client)
            self.end = End.NO_HANDSHAKE
            self._pump(client)
        except (OSError, ValueError) as error:
            self.problem = str(error) or type(error).__name__
        except Exception:
            self.problem = "internal error"
            log.exception("unexpected error in the MQTT connection")
        finally:
            self.is_accepted = False
        return self.end

    def _make_client(self) -> Client:
        settings, session = self._settings, self._session
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=session.client_id,
            clean_session=None if self._is_5 else False,
            protocol=MQTTProtocolVersion.MQTTv5 if self._is_5 else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
            transport=settings.transport,  # type: ignore[arg-type]
        )
        if settings.transport == "websockets":
            client.ws_set_options(settings.websocket_path)
        if settings.username:
            client.username_pw_set(settings.username, read_password(settings) or None)
        if settings.tls.enabled:
            client.tls_set_context(tls_context(settings.tls))
        if session.will_topic:
            properties = _properties(PacketTypes.WILLMESSAGE)
            properties.WillDelayInterval = session.will_delay_s
            client.will_set(
                session.will_topic,
                session.will_payload,
                1,
                self._retains,
                properties if self._is_5 else None,
            )
        self._set_callbacks(client)
        return client

    def _set_callbacks(self, client: Client) -> None:
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.on_socket_open = _send_at_once
        client.on_log = self._on_log
        # With this set, paho leaves all writing to `_exchange`.
        client.on_socket_register_write = lambda *_: None

    def _connect(self, client: Client) -> None:
        settings = self._settings
        where = settings.host, settings.port, settings.keepalive_s
        if not self._is_5:
            client.connect(*where)
            return
        properties = _properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = self._session.expiry_s
        properties.ReceiveMaximum = self._session.receive_maximum
        properties.MaximumPacketSize = MOST_BYTES
        client.connect(*where, clean_start=False, properties=properties)

    # ---- the connection's own thread: moving bytes

    def _pump(self, client: Client) -> None:
        """Send and receive until the connection ends."""
        handshake_ends_s = time.monotonic() + HANDSHAKE_S
        farewell_ends_s: float | None = None
        while (sock := client.socket()) is not None:
            if self.is_accepted:
                self._hand_over()
                self._send_waiting(client)
            elif time.monotonic() > handshake_ends_s:
                self.problem = f"no answer within {HANDSHAKE_S:.0f} s"
                client.disconnect()
            if self._parting.is_set():
                farewell_ends_s = farewell_ends_s or time.monotonic() + FAREWELL_S
                if self._has_said_everything():
                    client.disconnect()
                elif time.monotonic() > farewell_ends_s:
                    # Without a good-bye, so that the broker says by our will what we could not.
                    sock.close()
                    return
            self._exchange(client, sock)

    def _exchange(self, client: Client, sock: Any) -> None:
        is_reading = not self._inbox.is_full
        # Bytes that TLS has already decrypted do not make the socket readable.
        has_decrypted = is_reading and hasattr(sock, "pending") and bool(sock.pending())
        timeout_s = 0.05 if self._parting.is_set() else 1.0
        readers = [self._wake, sock] if is_reading else [self._wake]
        writers = [sock] if client.want_write() else []
        is_busy = has_decrypted or not is_reading
        readable, _, _ = select.select(readers, writers, [], 0.0 if is_busy else timeout_s)
        if self._wake in readable:
            self._wake.recv(4096)
        if sock in readable or has_decrypted:
            client.loop_read()
        if client.want_write():
            client.loop_write()
        client.loop_misc()

    def _has_said_everything(self) -> bool:
        return not self.is_accepted or (self._outbox.is_empty and not self._acknowledgements)

    def _hand_over(self) -> None:
        has_any = False
        # Requests make events: while those wait for the broker, more requests wait too.
        while self._inbox and not self._outbox.is_congested:
            has_any = True
            _guarded(self._listener.received, self._inbox.take())
        if has_any:
            _guarded(self._caught_up)

    def _send_waiting(self, client: Client) -> None:
        while self._acknowledgements:
            message = self._acknowledgements.popleft()
            # The number of a packet means another packet on another connection.
            if message.connection == self.number and message.packet_id:
                client.ack(message.packet_id, 1)
        for publication in self._outbox.due(self._window):
            if self._is_too_large(publication):
                continue
            packet_id = self._send(client, publication, self._quality_of_service)
            self._outbox.sent(packet_id, publication)
        if self._inbox.is_full:
            # The broker's confirmations come behind what is not read: none is waited for.
            for publication in self._outbox.take_waiting():
                if not self._is_too_large(publication):
                    self._send(client, publication, 0)

    def _send(self, client: Client, publication: Publication, quality_of_service: int) -> int:
        """Publish; the number of the packet."""
        info = client.publish(
            publication.topic,
            publication.payload,
            quality_of_service,
            publication.retain and self._retains,
            _publish_properties(client, publication),
        )
        if info.rc not in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN):
            log.error("cannot publish on %s: %s", publication.topic, info.rc)
        return info.mid

    def _is_too_large(self, publication: Publication) -> bool:
        """Whether the broker would hang up at it; says so once for each topic."""
        most = self.maximum_packet_bytes
        size = publication.packet_bytes
        if most is None or size <= most:
            return False
        if publication.topic not in self._refused_sizes:
            self._refused_sizes.add(publication.topic)
            log.warning(
                "not sent on %s: %d bytes, and the broker takes %d at most; raise its limit"
                " (mosquitto: max_packet_size)", publication.topic, size, most,
            )  # fmt: skip
        return True

    # ---- paho's callbacks

    def _on_connect(
        self, client: Client, _: Any, flags: Any, reason: ReasonCode, properties: Any
    ) -> None:
        self.has_answered = True
        if reason.is_failure:
            self.problem, self.reason = str(reason), reason.value
            self.end = End.REFUSED if reason.value in CREDENTIALS_REFUSED else End.NO_HANDSHAKE
            return
        self.end = End.LOST
        self._window = min(WINDOW, getattr(properties, "ReceiveMaximum", WINDOW))
        self._quality_of_service = getattr(properties, "MaximumQoS", 1)
        self.maximum_packet_bytes = getattr(properties, "MaximumPacketSize", None)
        if not getattr(properties, "RetainAvailable", 1):
            self._retains = False
        self._subscribe(client)
        self.is_accepted = True
        where = self._settings.host, self._settings.port
        log.info("connected to the MQTT broker at %s:%d, MQTT %s", *where, self.version.value)
        _guarded(self._listener.connected, flags.session_present)

    def _subscribe(self, client: Client) -> None:
        session = self._session
        if session.subscriptions:
            self._asked = dict(self._ask_for(client, topic) for topic in session.subscriptions)
        if session.releases:
            client.unsubscribe(list(session.releases))

    def _ask_for(self, client: Client, topic: str) -> tuple[int, str]:
        """Subscribe to one topic, since all in one packet may be too large for the broker."""
        _, packet_id = client.subscribe(topic, 1)
        return packet_id or 0, topic

    def _on_disconnect(
        self, _client: Client, _: Any, flags: Any, reason: ReasonCode, _properties: Any
    ) -> None:
        self.is_accepted = False
        if flags.is_disconnect_packet_from_server and reason.value == SESSION_TAKEN_OVER:
            self.end = End.TAKEN_OVER
        if flags.is_disconnect_packet_from_server:
            self.reason = reason.value
        self.problem = self.problem or str(reason)

    def _on_log(self, _client: Client, _: Any, level: int, words: str) -> None:
        # The library keeps to itself what the network, or TLS, has said.
        if level == LogLevel.MQTT_LOG_ERR:
            self.problem = self.problem or words

    def _on_message(self, _client: Client, _: Any, arrived: MQTTMessage) -> None:
        properties = arrived.properties
        message = Message(
            topic=arrived.topic,
            payload=bytes(arrived.payload),
            retained=bool(arrived.retain),
            redelivered=bool(arrived.dup),
            packet_id=arrived.mid if arrived.qos else 0,
            response_topic=getattr(properties, "ResponseTopic", ""),
            correlation=getattr(properties, "CorrelationData", None),
            connection=self.number,
        )
        self._inbox.put(message)

    def _on_publish(
        self, _client: Client, _: Any, packet_id: int, reason: ReasonCode, _properties: Any
    ) -> None:
        publication = self._outbox.confirmed(packet_id)
        if publication is not None and reason.is_failure:
            log.warning("the MQTT broker refuses a message on %s: %s", publication.topic, reason)

    def _on_subscribe(
        self, _client: Client, _: Any, packet_id: int, reasons: list[ReasonCode], _properties: Any
    ) -> None:
        for reason in reasons:
            if reason.is_failure:
                topic = self._asked.get(packet_id, "a topic")
                log.error("the MQTT broker refuses the subscription to %s: %s", topic, reason)


def _guarded(function: Callable[..., None], *arguments: Any) -> None:
    """Call a listener, whose mistakes must not end the connection."""
    try:
        function(*arguments)
    except Exception:
        log.exception("error while handling MQTT")


def _send_at_once(_client: Client, _: Any, sock: Any) -> None:
    """Let no event wait until the broker has confirmed the packet before it, up to 40 ms."""
    # What paho hands over for websockets is no socket, but stands for one.
    with socket.socket(fileno=os.dup(sock.fileno())) as same:
        same.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _properties(packet_type: int) -> Properties:
    return Properties(packet_type)  # type: ignore[no-untyped-call]


def _publish_properties(client: Client, publication: Publication) -> Properties | None:
    if client.protocol != MQTTProtocolVersion.MQTTv5:
        return None
    properties = _properties(PacketTypes.PUBLISH)
    if publication.correlation is not None:
        properties.CorrelationData = publication.correlation
    if publication.content_type:
        properties.ContentType = publication.content_type
    return properties
