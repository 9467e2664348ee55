"""One lasting connection to an MQTT broker: the only module that knows paho.

A connection owns one thread, and that thread alone touches paho; everybody else puts into the
outbox what is to be published and wakes it. It connects (MQTT 5, else 3.1.1), subscribes,
publishes, and when the connection ends it tries again, for as long as the daemon lives.
"""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from tts_daemon.inputs.mqtt_credentials import read_password, tls_context
from tts_daemon.inputs.mqtt_outbox import Outbox
from tts_daemon.inputs.mqtt_values import (
    ConnectionListener,
    Message,
    Publication,
    Retry,
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
STABLE_S = 10.0
"""A connection that lasted so long was a good one."""
SUSPICIOUS_FAILURES = 3
SESSION_TAKEN_OVER = 0x8E
CREDENTIALS_REFUSED = frozenset({0x86, 0x87, 0x8C})
"""Bad user name or password, not authorized, bad authentication method."""
VERSION_NAMES = {MQTTProtocolVersion.MQTTv5: "5", MQTTProtocolVersion.MQTTv311: "3.1.1"}


class End(Enum):
    """How an attempt to be connected ended."""

    UNREACHABLE = auto()
    NO_HANDSHAKE = auto()
    REFUSED = auto()
    TAKEN_OVER = auto()
    LOST = auto()


class MqttConnection:
    """Keeps one session with the broker alive. `start` never blocks; `stop` says good-bye first."""

    def __init__(
        self,
        settings: MqttSettings,
        session: Session,
        listener: ConnectionListener,
        retry: Retry | None = None,
    ) -> None:
        self._settings = settings
        self._session = session
        self._listener = listener
        self._retry = retry or Retry()
        self._outbox = Outbox()
        self._acknowledgements: deque[Message] = deque()
        self._thread = threading.Thread(target=self._run, name=session.client_id, daemon=True)
        self._stopping = threading.Event()
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)
        self._forget_session = False
        self._number = 0
        self._unacknowledged = 0
        self._last_delivery_s = 0.0
        self._window = WINDOW
        self._quality_of_service = 1
        self._is_connected = False
        self._end = End.UNREACHABLE
        self._problem = ""
        self._last_logged = ""
        self._failures = 0
        self.maximum_packet_bytes: int | None = None

    # ---- for every thread

    def start(self) -> None:
        """Begin to connect, in the background."""
        self._thread.start()

    def stop(self, *, forget_session: bool = False) -> None:
        """Send what waits (two seconds at most), disconnect and end the thread.

        Args:
            forget_session: Let the broker throw away the session and all that is in it.
        """
        self._forget_session = forget_session
        self._stopping.set()
        self._wake()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(FAREWELL_S + HANDSHAKE_S)

    @property
    def is_connected(self) -> bool:
        """Whether the broker has accepted us and the connection still stands."""
        return self._is_connected

    @property
    def has_ended(self) -> bool:
        """Whether the connection's thread is over."""
        return not self._thread.is_alive()

    @property
    def end(self) -> End:
        """How the newest connection ended."""
        return self._end

    @property
    def quiet_s(self) -> float:
        """Time since a message came or was acknowledged; 0 while one is not acknowledged."""
        if not self._is_connected or self._unacknowledged:
            return 0.0
        return time.monotonic() - self._last_delivery_s

    def is_current(self, message: Message) -> bool:
        """Whether a message can still be acknowledged; if not, the broker sends it again."""
        return self._is_connected and message.connection == self._number

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
        self._acknowledgements.append(message)
        self._wake()

    def _wake(self) -> None:
        # A full pipe wakes as well; a closed one belongs to a connection that is over.
        with contextlib.suppress(OSError):
            self._wake_in.send(b"\0")

    # ---- the connection's own thread: connecting

    def _run(self) -> None:
        while not self._stopping.is_set():
            began_s = time.monotonic()
            end = self._attempt()
            if self._session.once:
                break
            if end is End.LOST and time.monotonic() - began_s > STABLE_S:
                self._failures, self._last_logged = 0, ""
            self._failures += 1
            if not self._stopping.is_set():
                self._log_end(end)
            refused = end in (End.REFUSED, End.TAKEN_OVER)
            self._stopping.wait(self._retry.delay_s(self._failures, refused))
        self._wake_in.close()
        self._wake_out.close()

    def _attempt(self) -> End:
        """Be connected for as long as it lasts, by the newest protocol that the broker speaks."""
        end = self._converse(MQTTProtocolVersion.MQTTv5)
        if end is End.NO_HANDSHAKE and not self._session.needs_mqtt5:
            end = self._converse(MQTTProtocolVersion.MQTTv311)
        return end

    def _log_end(self, end: End) -> None:
        """Say what is wrong once, not at every attempt."""
        where = f"{self._settings.host}:{self._settings.port}"
        name = self._session.client_id
        if end is End.LOST and self._failures >= SUSPICIOUS_FAILURES:
            # Brokers that do not say so end the session of the first when the second one comes.
            end = End.TAKEN_OVER
        text = {
            End.UNREACHABLE: f"no connection to the MQTT broker at {where}: {self._problem}",
            End.NO_HANDSHAKE: f"the MQTT broker at {where} does not accept us: {self._problem}",
            End.REFUSED: f"the MQTT broker at {where} refuses us: {self._problem}; "
            "check mqtt.username and mqtt.password or mqtt.password_file",
            End.TAKEN_OVER: f"the MQTT broker at {where} ends our connection again and again; "
            f"does another daemon call itself {name} too? Each one needs its own mqtt.node",
            End.LOST: f"connection to the MQTT broker at {where} lost: {self._problem}",
        }[end]
        level = logging.DEBUG if text == self._last_logged else self._session.log_level
        log.log(level, "%s", text)
        self._last_logged = text

    def _converse(self, protocol: MQTTProtocolVersion) -> End:
        """One connection, from its handshake to its end."""
        self._end, self._problem = End.UNREACHABLE, ""
        try:
            client = self._make_client(protocol)
            self._connect(client, protocol)
            self._end = End.NO_HANDSHAKE
            self._pump(client)
        except (OSError, ValueError) as error:
            self._problem = str(error) or type(error).__name__
        except Exception:
            self._problem = "internal error"
            log.exception("unexpected error in the MQTT connection")
        finally:
            self._is_connected = False
            self._outbox.connection_lost()
        return self._end

    def _make_client(self, protocol: MQTTProtocolVersion) -> Client:
        settings, session = self._settings, self._session
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=session.client_id,
            clean_session=None if protocol == MQTTProtocolVersion.MQTTv5 else False,
            protocol=protocol,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        if settings.username:
            client.username_pw_set(settings.username, read_password(settings) or None)
        if settings.tls.enabled:
            client.tls_set_context(tls_context(settings.tls))
        if session.will_topic:
            properties = _properties(PacketTypes.WILLMESSAGE)
            properties.WillDelayInterval = session.will_delay_s
            is_5 = protocol == MQTTProtocolVersion.MQTTv5
            client.will_set(
                session.will_topic, session.will_payload, 1, True, properties if is_5 else None
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
        # With this set, paho leaves all writing to `_exchange`.
        client.on_socket_register_write = lambda *_: None

    def _connect(self, client: Client, protocol: MQTTProtocolVersion) -> None:
        settings = self._settings
        where = settings.host, settings.port, settings.keepalive_s
        if protocol != MQTTProtocolVersion.MQTTv5:
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
            if self._is_connected:
                self._send_waiting(client)
            elif time.monotonic() > handshake_ends_s:
                self._problem = f"no answer within {HANDSHAKE_S:.0f} s"
                client.disconnect()
            if self._stopping.is_set():
                farewell_ends_s = farewell_ends_s or time.monotonic() + FAREWELL_S
                if self._has_said_everything() or time.monotonic() > farewell_ends_s:
                    self._disconnect(client)
            self._exchange(client, sock)

    def _disconnect(self, client: Client) -> None:
        properties = None
        if self._forget_session and client.protocol == MQTTProtocolVersion.MQTTv5:
            properties = _properties(PacketTypes.DISCONNECT)
            properties.SessionExpiryInterval = 0
        client.disconnect(properties=properties)

    def _exchange(self, client: Client, sock: Any) -> None:
        # Bytes that TLS has already decrypted do not make the socket readable.
        has_decrypted = bool(sock.pending()) if isinstance(sock, ssl.SSLSocket) else False
        timeout_s = 0.05 if self._stopping.is_set() else 1.0
        writers = [sock] if client.want_write() else []
        readable, _, _ = select.select(
            [sock, self._wake_out], writers, [], 0.0 if has_decrypted else timeout_s
        )
        if self._wake_out in readable:
            self._wake_out.recv(4096)
        if sock in readable or has_decrypted:
            client.loop_read()
        if client.want_write():
            client.loop_write()
        client.loop_misc()

    def _has_said_everything(self) -> bool:
        return not self._is_connected or (self._outbox.is_empty and not self._acknowledgements)

    def _send_waiting(self, client: Client) -> None:
        while self._acknowledgements:
            message = self._acknowledgements.popleft()
            # The number of a packet means another packet on another connection.
            if message.connection == self._number and message.packet_id:
                client.ack(message.packet_id, 1)
                self._unacknowledged -= 1
                self._last_delivery_s = time.monotonic()
        for publication in self._outbox.due(self._window):
            info = client.publish(
                publication.topic,
                publication.payload,
                self._quality_of_service,
                publication.retain,
                _publish_properties(client, publication),
            )
            self._outbox.sent(info.mid, publication)
            if info.rc not in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN):
                log.error("cannot publish on %s: %s", publication.topic, info.rc)

    # ---- paho's callbacks

    def _on_connect(
        self, client: Client, _: Any, flags: Any, reason: ReasonCode, properties: Any
    ) -> None:
        if reason.is_failure:
            self._problem = str(reason)
            self._end = End.REFUSED if reason.value in CREDENTIALS_REFUSED else End.NO_HANDSHAKE
            return
        self._end = End.LOST
        self._number += 1
        self._window = min(WINDOW, getattr(properties, "ReceiveMaximum", WINDOW))
        self._quality_of_service = getattr(properties, "MaximumQoS", 1)
        self.maximum_packet_bytes = getattr(properties, "MaximumPacketSize", None)
        self._unacknowledged, self._last_delivery_s = 0, time.monotonic()
        self._subscribe(client)
        self._is_connected = True
        where = self._settings.host, self._settings.port
        version = VERSION_NAMES[client.protocol]
        log.info("connected to the MQTT broker at %s:%d by MQTT %s", *where, version)
        _guarded(self._listener.connected, flags.session_present)

    def _subscribe(self, client: Client) -> None:
        session = self._session
        wanted = [(topic, 1) for topic in session.subscriptions]
        wanted += [(topic, 0) for topic in session.watches]
        if wanted:
            client.subscribe(wanted)
        if session.releases:
            client.unsubscribe(list(session.releases))

    def _on_disconnect(
        self, _client: Client, _: Any, flags: Any, reason: ReasonCode, _properties: Any
    ) -> None:
        self._is_connected = False
        if flags.is_disconnect_packet_from_server and reason.value == SESSION_TAKEN_OVER:
            self._end = End.TAKEN_OVER
        self._problem = self._problem or str(reason)

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
            connection=self._number,
        )
        self._unacknowledged += bool(message.packet_id)
        self._last_delivery_s = time.monotonic()
        _guarded(self._listener.received, message)

    def _on_publish(
        self, _client: Client, _: Any, packet_id: int, reason: ReasonCode, _properties: Any
    ) -> None:
        publication = self._outbox.confirmed(packet_id)
        if publication is None:
            return
        if reason.is_failure:
            log.warning("the MQTT broker refuses a message on %s: %s", publication.topic, reason)
        if publication.confirmed is not None:
            _guarded(publication.confirmed)

    def _on_subscribe(
        self, _client: Client, _: Any, _packet_id: int, reasons: list[ReasonCode], _properties: Any
    ) -> None:
        topics = self._session.subscriptions + self._session.watches
        for topic, reason in zip(topics, reasons, strict=False):
            if reason.is_failure:
                log.error("the MQTT broker refuses the subscription to %s: %s", topic, reason)


def _guarded(function: Callable[..., None], *arguments: Any) -> None:
    """Call a listener, whose mistakes must not end the connection."""
    try:
        function(*arguments)
    except Exception:
        log.exception("error while handling MQTT")


def _send_at_once(_client: Client, _: Any, sock: Any) -> None:
    """Let no event wait until the broker has confirmed the packet before it, up to 40 ms."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


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
