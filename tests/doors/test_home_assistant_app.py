"""Home Assistant's app: its steps after those of Containerfile, and what the supervisor starts."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from doors.containerfile import Image
from doors.ports import free_port
from doors.room import CHECKOUT
from fakes import supervisor
from fakes.http_client import HttpClient
from fakes.log_pipe import PATIENCE_S, LogPipe

APP = CHECKOUT / "scripts" / "home-assistant-app"


@pytest.fixture(scope="module")
def app(image: Image) -> Image:
    """What the steps make, as far as they go beyond the container's."""
    made = replace(image, variables=dict(image.variables), known=dict(image.known))
    made.build(APP / "Dockerfile")
    return made


@pytest.fixture
def told() -> Iterator[supervisor.Supervisor]:
    with supervisor.running() as known:
        yield known


@pytest.mark.timeout(900)
def test_it_speaks_behind_ingress_and_is_announced(app: Image, told: supervisor.Supervisor) -> None:
    ports = {"http": free_port(), "wyoming": free_port()}
    _give(app.room.root, ports)
    variables = {**app.variables, "SUPERVISOR_TOKEN": supervisor.TOKEN}
    started = replace(app, variables=variables)
    process = subprocess.Popen(
        started.command(*app.words("ENTRYPOINT"), "--supervisor", told.url),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        LogPipe(process).wait_for("ready after")
        client = HttpClient(ports["http"])
        answer = client.get("/", Host="homeassistant.local:8123")
        assert answer.status == 200
        assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
        sound = client.post("/v1/audio/speech", {"input": "你好。"})
        assert (sound.status, len(sound.body) > 4000) == (200, True)
        announced = told.discovered.get(timeout=PATIENCE_S)
        assert announced["service"] == "wyoming"
        assert announced["config"]["uri"].endswith(f":{ports['wyoming']}")
        assert app.room.run("stat -c %U /data/tts-daemon/queue.db").strip() == "tts"
    finally:
        process.terminate()
        assert process.wait(PATIENCE_S) == 0


def _give(root: Path, ports: dict[str, int]) -> None:
    """The folders that the supervisor mounts, with options as it writes them."""
    options = yaml.safe_load((APP / "config.yaml").read_text(encoding="utf-8"))["options"]
    (root / "data").mkdir()
    (root / "data" / "options.json").write_text(json.dumps(options | {"device": "null"}))
    (root / "config").mkdir()
    # This machine's ports, since the room has no network of its own; and it is the proxy.
    own = {name: {"port": port} for name, port in ports.items()}
    own["http"] |= {"proxies": ["127.0.0.1"]}  # type: ignore[dict-item]
    (root / "config" / "config.yaml").write_text(yaml.safe_dump(own))
