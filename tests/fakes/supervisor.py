"""A stand-in for the API of Home Assistant's supervisor, as far as an app uses it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread
from typing import Any

TOKEN = "the-app-s-own"
BROKER = {
    "addon": "core_mosquitto",
    "host": "core-mosquitto",
    "port": 1883,
    "ssl": False,
    "username": "addons",
    "password": "geheim",
    "protocol": "3.1.1",
}


@dataclass
class Supervisor:
    """What it offers, and what it was told.

    Attributes:
        url: Where it is asked.
        broker: The service `mqtt`; None: no app offers it.
        discovered: Bodies of POST /discovery.
    """

    url: str = ""
    broker: dict[str, Any] | None = None
    discovered: Queue[dict[str, Any]] = field(default_factory=Queue)


@contextmanager
def running(broker: dict[str, Any] | None = None) -> Iterator[Supervisor]:
    """A supervisor that answers until the end of the block."""
    known = Supervisor(broker=broker)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/services/mqtt" and known.broker is not None:
                self._reply(200, {"result": "ok", "data": known.broker})
            else:
                self._reply(400, {"result": "error", "message": "Service not enabled"})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            known.discovered.put(json.loads(body))
            self._reply(200, {"result": "ok", "data": {"uuid": "1"}})

        def _reply(self, status: int, answer: dict[str, Any]) -> None:
            if self.headers["Authorization"] != f"Bearer {TOKEN}":
                status, answer = 401, {"result": "error"}
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known.url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield known
    finally:
        server.shutdown()
        server.server_close()
