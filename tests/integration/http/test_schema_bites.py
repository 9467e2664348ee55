"""The API takes valid requests and nothing else: each field is bent once, as its schema forbids."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest
from fakes.fake_service import FakeSpeechService, tone
from fakes.http_client import HttpClient
from integration.http.conftest import VOICES

from tts_daemon.inputs.http.door import HttpDoor
from tts_daemon.settings.schema import HttpSettings
from tts_daemon.voices.store import VoiceStore

DESCRIPTION = resources.files("tts_daemon.inputs.http").joinpath("openapi.json")
SCHEMAS = json.loads(DESCRIPTION.read_text(encoding="utf-8"))["components"]["schemas"]
TEXT = "你好。"
BODIES = {
    "/api/tts": ("Render", {"text": TEXT}),
    "/api/say": ("Say", {"text": TEXT}),
    "/v1/audio/speech": ("Speech", {"input": TEXT, "response_format": "wav"}),
}
OF_ANOTHER_TYPE: dict[str, list[Any]] = {
    "string": [5, True, ["a"], {"a": 1}],
    "number": ["fast", True, [1], {}],
    "boolean": ["yes", 1, []],
}
OF_NO_CHOICE = ["no such choice", 5, ["wav"], {}]


def bent(field: dict[str, Any]) -> list[Any]:
    """Values that this schema of a field forbids."""
    values = list(OF_NO_CHOICE) if "enum" in field else []
    values += OF_ANOTHER_TYPE.get(str(field.get("type")), [])
    if "minimum" in field:
        values.append(field["minimum"] - 0.01)
    if "maximum" in field:
        values.append(field["maximum"] + 0.01)
    if "maxLength" in field:
        values.append("a" * (field["maxLength"] + 1))
    return values


def mutants() -> Iterator[tuple[str, dict[str, Any]]]:
    """A path, and a body of which one thing is wrong."""
    for path, (name, body) in BODIES.items():
        schema = SCHEMAS[name]
        for required in schema["required"]:
            yield path, {key: value for key, value in body.items() if key != required}
        if schema["additionalProperties"] is False:
            yield path, {**body, "no_such_field": 1}
        for field, rule in schema["properties"].items():
            for value in bent(rule):
                yield path, {**body, field: value}


MUTANTS = list(mutants())


@pytest.fixture(scope="module")
def service() -> FakeSpeechService:
    service = FakeSpeechService(limit=1000000)
    service.chunks = [tone(0.1)]
    return service


@pytest.fixture(scope="module")
def client(service: FakeSpeechService) -> Iterator[HttpClient]:
    door = HttpDoor(service, HttpSettings(port=0), VoiceStore([VOICES]), max_characters=100)
    door.start()
    yield HttpClient(door.port)
    door.stop()


@pytest.mark.parametrize("path", BODIES)
def test_the_body_that_is_bent_is_right(client: HttpClient, path: str) -> None:
    assert client.post(path, BODIES[path][1]).status == 200


@pytest.mark.parametrize(
    ("path", "body"), MUTANTS, ids=[f"{path} {json.dumps(body)[:80]}" for path, body in MUTANTS]
)
def test_what_the_schema_forbids_is_refused_and_not_spoken(
    client: HttpClient, service: FakeSpeechService, path: str, body: dict[str, Any]
) -> None:
    spoken = len(service.accepted)
    answer = client.post(path, body)
    assert 400 <= answer.status < 500, f"{answer.status}: {body}"
    assert len(service.accepted) == spoken


def test_every_field_is_bent() -> None:
    fields = {
        (path, field) for path, (name, _) in BODIES.items() for field in SCHEMAS[name]["properties"]
    }
    untouched = fields - {(path, field) for path, body in MUTANTS for field in body}
    # Whatever it is: clients of others send all sorts of things there.
    free = {("/v1/audio/speech", field) for field in ("model", "stream", "voice")}
    assert untouched == free
