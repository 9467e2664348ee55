"""How we prove to the broker who we are, and how it proves that to us."""

from __future__ import annotations

import ssl
from pathlib import Path

from tts_daemon.settings.schema import MqttSettings, TlsSettings


def read_password(settings: MqttSettings) -> str:
    """The password, read at every connect so that a changed file counts without a restart."""
    if settings.password_file:
        return Path(settings.password_file).read_text(encoding="utf-8").rstrip("\r\n")
    return settings.password


def tls_context(tls: TlsSettings) -> ssl.SSLContext:
    """Whom we trust, and who we are.

    Raises:
        OSError: A file is missing or holds no certificate.
    """
    for key in ("ca_file", "cert_file", "key_file"):
        path = getattr(tls, key)
        if path and not Path(path).is_file():
            raise FileNotFoundError(f"mqtt.tls.{key}: there is no file {path}")
    context = ssl.create_default_context(cafile=tls.ca_file or None)
    if tls.cert_file:
        context.load_cert_chain(tls.cert_file, tls.key_file or None)
    if tls.insecure:
        context.check_hostname = False
    return context
