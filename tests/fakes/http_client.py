"""A client of the HTTP door that does what a test tells it to, politely or not."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any

PATIENCE_S = 30.0


class Answer:
    """Status, headers and body of one answer."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class HttpClient:
    """One connection per request."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send a request; anything but text and bytes is sent as JSON."""
        sent = body
        if isinstance(body, str):
            sent = body.encode()
        elif body is not None and not isinstance(body, bytes):
            sent = json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, sent, headers or {})  # type: ignore[arg-type]
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, body: object, **headers: str) -> Answer:
        return self.ask("POST", path, body, headers)

    def connect(self, sent: bytes = b"") -> socket.socket:
        """A raw connection on which `sent` was sent."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)
        connection.sendall(sent)
        return connection
