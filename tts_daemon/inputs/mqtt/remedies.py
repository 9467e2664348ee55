"""What to do about a broker that does not let us in: from what it answered, or from a look at it.

A broker that is spoken to in the wrong way hangs up without a word. Who knows what its port speaks
instead can say what to change.
"""

from __future__ import annotations

import socket
import ssl

from tts_daemon.settings.schema import MqttSettings

LOOK_S = 5.0
_UPGRADE = b"\r\n".join(
    (
        b"GET /mqtt HTTP/1.1",
        b"Host: localhost",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Protocol: mqtt",
        b"",
        b"",
    )
)
RETAIN_NOT_SUPPORTED = 0x9A
PACKET_TOO_LARGE = 0x95

_REASONS = {
    0x85: "it does not take our client id; set mqtt.node to a shorter, plainer name",
    0x86: "check mqtt.username and mqtt.password or mqtt.password_file",
    0x87: "check mqtt.username and mqtt.password or mqtt.password_file",
    0x8C: "check mqtt.username and mqtt.password or mqtt.password_file",
    0x8A: "we are banned there: look at the broker's log",
    PACKET_TOO_LARGE: "raise its limit (mosquitto: max_packet_size)",
    0x9B: "it does not take quality of service 1: another broker is needed",
}
"""MQTT 5's reason codes, and what is to be done."""

_NO_TLS = "this port speaks no TLS: mqtt.tls.enabled: false, or the port that does (often 8883)"
_NO_CERTIFICATE = "it wants a certificate of ours: mqtt.tls.cert_file and mqtt.tls.key_file"
_OURS_UNKNOWN = "it does not trust mqtt.tls.cert_file: is that signed by its authority?"
_THEIRS_UNKNOWN = (
    "nobody whom we trust has signed its certificate: set mqtt.tls.ca_file to its authority's"
)
_OTHER_NAME = "mqtt.host must be a name that stands in its certificate"
_SECURITY = (
    ("WRONG_VERSION_NUMBER", _NO_TLS),
    ("CERTIFICATE_REQUIRED", _NO_CERTIFICATE),
    ("HANDSHAKE_FAILURE", _NO_CERTIFICATE),
    ("UNKNOWN_CA", _OURS_UNKNOWN),
    ("not yet valid", "its certificate is of another time: is the clock of this machine right?"),
    ("has expired", "its certificate has expired, or the clock of this machine is wrong"),
    ("ostname mismatch", _OTHER_NAME),
    ("IP address mismatch", _OTHER_NAME),
    ("CERTIFICATE_VERIFY_FAILED", _THEIRS_UNKNOWN),
)
"""Words in OpenSSL's messages, the more particular first."""


def remedy(settings: MqttSettings, problem: str, reason: int = 0, *, answered: bool = True) -> str:
    """What a person is to do; empty where nothing is known.

    Args:
        settings: Section `mqtt`.
        problem: What is known so far, in the words of the libraries.
        reason: The broker's own code (MQTT 5); 0 for none.
        answered: Whether the broker said anything; a silent one is looked at, which takes a moment.
    """
    if reason in _REASONS:
        return _REASONS[reason]
    for words, cure in _SECURITY:
        if words in problem:
            return cure
    if "Name or service not known" in problem or "name resolution" in problem:
        return "nobody knows the name in mqtt.host; try the address, or the name with .local"
    if "refused" in problem.lower() and not reason:
        return (
            "nothing listens on mqtt.port there; does the broker run, and for other machines too?"
        )
    return "" if answered else _look(settings)


def _look(settings: MqttSettings) -> str:
    """Ask the port what it speaks."""
    if settings.transport == "websockets":
        return (
            "it speaks no websockets there: mqtt.transport: tcp, another mqtt.port, or another"
            " mqtt.websocket_path"
        )
    if settings.tls.enabled:
        return "it hung up during the handshake: is mqtt.port its port for TLS (often 8883)?"
    if _speaks_tls(settings):
        return "this port speaks TLS: mqtt.tls.enabled: true (and mqtt.port, often 8883)"
    if _speaks_http(settings):
        return "this port speaks websockets: mqtt.transport: websockets, or its port for MQTT"
    return (
        "it hung up without an answer: is mqtt.port its port for MQTT, and its limit of packets"
        " (mosquitto: max_packet_size) above 1000 bytes?"
    )


def _speaks_tls(settings: MqttSettings) -> bool:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((settings.host, settings.port), LOOK_S) as plain,
            context.wrap_socket(plain, server_hostname=settings.host),
        ):
            return True
    except ssl.SSLError as error:
        return "ALERT" in str(error)
    except OSError:
        return False


def _speaks_http(settings: MqttSettings) -> bool:
    try:
        with socket.create_connection((settings.host, settings.port), LOOK_S) as plain:
            plain.sendall(_UPGRADE)
            return plain.recv(5) == b"HTTP/"
    except OSError:
        return False
