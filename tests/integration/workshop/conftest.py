"""A stand-in for ModelScope's hub, for the transfer alone: the client is the real one."""

from __future__ import annotations

import hashlib
import http.server
import json
import threading
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tts_daemon.workshop.models.random_voice import make_random_voice


@dataclass
class Hub:
    """A model served over HTTP.

    Attributes:
        root: The model's directory.
        port: Where it is served.
        sent: Paths of the files that were asked for, in order.
        agents: What each request called itself.
        begun: Path -> first byte that was asked for, each time.
        sha256: Path -> what is said of its content, where that is not the truth.
        cut: Path -> bytes after which its first transfer is broken off.
        fail: Every request is answered with this status.
    """

    root: Path
    port: int = 0
    sent: list[str] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)
    begun: dict[str, list[int]] = field(default_factory=dict)
    sha256: dict[str, str] = field(default_factory=dict)
    cut: dict[str, int] = field(default_factory=dict)
    fail: int = 0

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class Handler(http.server.BaseHTTPRequestHandler):
    """The requests that the client makes to download a model."""

    hub: Hub

    def do_GET(self) -> None:
        url = urllib.parse.urlparse(self.path)
        self.hub.agents.append(self.headers["User-Agent"] or "")
        if self.hub.fail:
            self.send_error(self.hub.fail)
        elif url.path.endswith("/repo/files"):
            self.answer({"Files": list(self.listing())})
        elif url.path.endswith("/revisions"):
            self.answer({"RevisionMap": {"Branches": [{"Revision": "master"}], "Tags": []}})
        elif url.path.endswith("/repo"):
            self.send_file(urllib.parse.parse_qs(url.query)["FilePath"][0])
        else:
            self.answer({})

    def listing(self) -> Iterator[dict[str, Any]]:
        for path in sorted(self.hub.root.rglob("*")):
            kind = "tree" if path.is_dir() else "blob"
            size = 0 if path.is_dir() else path.stat().st_size
            name = str(path.relative_to(self.hub.root))
            entry = {"Path": name, "Name": path.name, "Type": kind, "Size": size, "Revision": "1"}
            if path.is_file():
                truth = hashlib.sha256(path.read_bytes()).hexdigest()
                entry["Sha256"] = self.hub.sha256.get(name, truth)
            yield entry

    def send_file(self, name: str) -> None:
        self.hub.sent.append(name)
        content = (self.hub.root / name).read_bytes()
        wanted = self.headers.get("Range", "")
        begin = int(wanted.removeprefix("bytes=").split("-")[0] or 0) if wanted else 0
        self.hub.begun.setdefault(name, []).append(begin)
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(content) - begin))
        if wanted:
            last, total = len(content) - 1, len(content)
            self.send_header("Content-Range", f"bytes {begin}-{last}/{total}")
        self.end_headers()
        if (length := self.hub.cut.pop(name, None)) is not None:
            self.wfile.write(content[begin : begin + length])
            self.close_connection = True
            self.hub.fail = 404
            return
        self.wfile.write(content[begin:])

    def answer(self, data: object) -> None:
        body = json.dumps({"Code": 200, "Success": True, "Data": data}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    hub = Hub(make_random_voice(tmp_path / "served"))
    (hub.root / "resource.zip").write_bytes(bytes(1000))
    handler = type("HubHandler", (Handler,), {"hub": hub})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    hub.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield hub
    server.shutdown()
    thread.join()
    server.server_close()
